use super::*;
use crate::gemini::{Form, Reader, Writer};
use crate::neutral::{Answer, Delta, Dialect, Error, ErrorKind, Event, Finish, PartStart};
use crate::{Codec as _, fold};

fn events(chunks: &[&[u8]]) -> Vec<Event<'static>> {
    let (events, ended) = fold::events(&mut Reader::default(), chunks);
    assert!(ended);
    events
}

/// Without what streams don't have.
fn whole(body: &'static [u8]) -> Answer<'static> {
    let mut answer = API.read_answer(body).unwrap();
    answer.rest = crate::json::Object::new();
    for choice in &mut answer.choices {
        choice.rest = crate::json::Object::new();
    }
    answer
}

#[test]
fn a_stream_is_the_whole_answer() {
    let sse = fold::fold(Dialect::Gemini, &events(&[golden!("stream-text.sse")]));
    assert_eq!(sse, whole(golden!("answer-text.json")));
    let array = fold::fold(Dialect::Gemini, &events(&[golden!("stream-array.json")]));
    assert_eq!(array, sse);
    let tools = fold::fold(Dialect::Gemini, &events(&[golden!("stream-tools.sse")]));
    assert_eq!(tools, whole(golden!("answer-tools.json")));
}

#[test]
fn split_anywhere_the_events_are_the_same() {
    for body in [golden!("stream-text.sse").as_slice(), golden!("stream-array.json"), golden!("stream-tools.sse")] {
        let expected = events(&[body]);
        for at in 0..body.len() {
            assert_eq!(events(&[&body[..at], &body[at..]]), expected, "split at {at}");
        }
        assert_eq!(events(&body.chunks(1).collect::<Vec<_>>()), expected);
    }
}

#[test]
fn what_is_written_is_read_again() {
    for body in [golden!("stream-text.sse").as_slice(), golden!("stream-tools.sse")] {
        let expected = events(&[body]);
        for form in [Form::Sse, Form::Array] {
            let out = fold::written(&mut Writer::new(STAMP, form), &expected);
            let back = events(&[&out]);
            assert_eq!(fold::fold(Dialect::Gemini, &back), fold::fold(Dialect::Gemini, &expected), "{form:?}");
        }
    }
}

#[test]
fn a_stream_that_breaks_off_has_no_end() {
    let body = golden!("stream-text.sse");
    let cut = &body[..body.len() / 2];
    let (events, ended) = fold::events(&mut Reader::default(), &[cut]);
    assert!(!ended && !events.contains(&Event::End));
    let (events, ended) = fold::events(&mut Reader::default(), &[b""]);
    assert!(!ended && events.is_empty());
}

#[test]
fn errors_within_a_stream_are_events() {
    let busy = br#"data: {"error":{"code":503,"message":"Busy","status":"UNAVAILABLE"}}"#;
    let (found, _) = fold::events(&mut Reader::default(), &[busy, b"\n\n"]);
    assert!(matches!(&found[..], [Event::Error(error)] if error.kind == ErrorKind::Overloaded));
    let blocked = br#"data: {"promptFeedback":{"blockReason":"SAFETY"}}"#;
    let (found, _) = fold::events(&mut Reader::default(), &[blocked, b"\n\n"]);
    assert!(matches!(&found[1..], [Event::Error(error)] if error.kind == ErrorKind::ContentPolicy));
}

#[test]
fn arguments_in_pieces_become_one_call() {
    let tool = |event| Event::Delta { choice: 0, part: 0, delta: event };
    let events = [
        Event::Start { id: "msg_1".into(), model: "m".into(), created: None, service_tier: None },
        Event::PartStart { choice: 0, part: 0, start: PartStart::ToolCall { id: "toolu_1".into(), name: "f".into() } },
        tool(Delta::Arguments("{\"a\":".into())),
        Event::Ping,
        tool(Delta::Arguments("1}".into())),
        Event::PartEnd { choice: 0, part: 0 },
        Event::Finish { choice: 0, finish: Finish::ToolCalls },
        Event::End,
    ];
    assert_eq!(
        text(&fold::written(&mut Writer::new(STAMP, Form::Sse), &events)),
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"id\":\"toolu_1\",\"name\":\"f\",\"args\":{\"a\":1}}}],\"role\":\"model\"},\"index\":0}],\"modelVersion\":\"m\",\"responseId\":\"msg_1\"}\r\n\r\n\
         data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}],\"modelVersion\":\"m\",\"responseId\":\"msg_1\"}\r\n\r\n"
    );
}

#[test]
fn an_array_is_whole_whatever_happens() {
    let error = Event::Error(Error::new(ErrorKind::Overloaded, "Busy"));
    for events in [vec![Event::End], vec![error.clone()], vec![error, Event::End]] {
        let out = fold::written(&mut Writer::new(STAMP, Form::Array), &events);
        serde_json::from_slice::<serde_json::Value>(&out).unwrap();
    }
}

#[test]
fn a_long_stream_takes_no_more_memory() {
    let line = b"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}]}}]}\n\n";
    let mut reader = Reader::default();
    let mut writer = Writer::new(STAMP, Form::Sse);
    let mut out = Vec::with_capacity(4096);
    for _ in 0..100_000 {
        crate::ReadStream::feed(&mut reader, line, &mut |event| {
            crate::WriteStream::write(&mut writer, &event, &mut out);
        })
        .unwrap();
        out.clear();
    }
    assert_eq!(out.capacity(), 4096);
}
