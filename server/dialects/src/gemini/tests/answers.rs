use std::time::Duration;

use super::*;
use crate::Codec as _;
use crate::gemini::{count, embed};
use crate::neutral::{Answer, Choice, Content, Dialect, ErrorKind, Finish, Part, Usage};

fn value(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn an_answer_comes_back_as_it_was() {
    for body in [golden!("answer-text.json").as_slice(), golden!("answer-tools.json")] {
        let answer = API.read_answer(body).unwrap();
        let (back, expected) = (value(&API.write_answer(&answer, STAMP)), value(body));
        assert_eq!(back, expected);
    }
}

#[test]
fn what_it_says_is_understood() {
    let answer = API.read_answer(golden!("answer-text.json")).unwrap();
    assert_eq!((answer.id.as_ref(), answer.model.as_ref()), ("kJx2aMyGD4iB", "gemini-2.5-flash"));
    let choice = &answer.choices[0];
    assert_eq!(choice.finish, Some(Finish::Stop));
    assert_eq!(choice.parts[0].content, Content::Thinking("Let me think of tides.".into()));
    assert_eq!(choice.parts[1].content, Content::Text("High tide is at noon.".into()));
    assert_eq!(choice.parts[1].signature.as_deref(), Some("Cg5zaWduYXR1cmUtb25l"));
    let usage = Usage { input: 31, cache_read: 16, output: 67, reasoning: 60, ..Usage::default() };
    assert_eq!(answer.usage, Some(usage));

    let answer = API.read_answer(golden!("answer-tools.json")).unwrap();
    assert_eq!(answer.choices[0].finish, Some(Finish::ToolCalls));
    let ids: Vec<_> = answer.choices[0]
        .parts
        .iter()
        .map(|part| match &part.content {
            Content::ToolCall { id, .. } => id.as_ref(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(ids[0] != ids[1] && !ids[0].is_empty());
}

#[test]
fn a_blocked_prompt_is_an_error() {
    let error = API.read_answer(golden!("blocked.json")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::ContentPolicy);
    assert_eq!(error.code.as_deref(), Some("PROHIBITED_CONTENT"));
}

#[test]
fn errors_have_kinds() {
    let read = |status, body: &[u8]| API.read_error(status, None, body);
    let key = read(400, golden!("error-400-key.json"));
    assert_eq!((key.kind, key.code.as_deref()), (ErrorKind::Authentication, Some("API_KEY_INVALID")));
    let rate = read(429, golden!("error-429-rate.json"));
    assert_eq!((rate.kind, rate.retry_after), (ErrorKind::RateLimit, Some(Duration::from_secs(34))));
    assert_eq!(read(400, golden!("error-400-context.json")).kind, ErrorKind::ContextWindow);
    assert_eq!(read(503, golden!("error-503-busy.json")).kind, ErrorKind::Overloaded);
    assert_eq!(read(502, b"<html>Bad gateway</html>").kind, ErrorKind::Provider);
}

#[test]
fn counts_and_embeddings_are_read() {
    assert_eq!(count::read_answer(golden!("count.json")).unwrap(), 31);
    assert_eq!(embed::read_google_answer(golden!("embed.json")).unwrap().vectors, [[0.0125, -0.25], [0.5, 1.0]]);
}

#[test]
fn an_answer_of_another_dialect_is_said_in_googles_words() {
    let mut answer = Answer::new(Dialect::Chat);
    answer.choices.push(Choice {
        parts: vec![
            Part::new(Content::Thinking("Hm.".into())),
            Part::text("Hi"),
            Part::new(Content::ToolCall { id: "call_1".into(), name: "f".into(), arguments: "broken".into() }),
        ],
        finish: Some(Finish::ToolCalls),
        ..Choice::default()
    });
    answer.usage = Some(Usage { input: 3, output: 2, ..Usage::default() });
    let stamp = Stamp { model: Some("mine"), ..STAMP };
    assert_eq!(
        text(&API.write_answer(&answer, stamp)),
        r#"{"candidates":[{"content":{"parts":[{"text":"Hm.","thought":true},{"text":"Hi"},{"functionCall":{"id":"call_1","name":"f","args":{"arguments":"broken"}}}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5,"promptTokensDetails":[{"modality":"TEXT","tokenCount":3}]},"modelVersion":"mine","responseId":"own"}"#
    );
}
