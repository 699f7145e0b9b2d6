//! Against captures of AWS's form, and against each other.

use proptest::prelude::*;

use super::*;
use crate::fold;
use crate::json::{Json, Object};
use crate::neutral::{
    Content, Dialect, Effort, ErrorKind, Event, Finish, Format, Message, Part, Reasoning, Role, Source, Tool,
    ToolChoice, ToolKind, Usage,
};

mod foreign;

macro_rules! golden {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/golden/converse/", $name)).as_slice()
    };
}

const STAMP: Stamp<'static> = Stamp { id: "own", created: 1, model: None, stream_usage: true };
const CLAUDE: &str = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";

fn value(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

fn events(chunks: &[&[u8]]) -> Vec<Event<'static>> {
    let (events, ended) = fold::events(&mut Reader::default(), chunks);
    assert!(ended);
    events
}

#[test]
fn a_request_comes_back_as_it_was() {
    let body = golden!("request-all.json");
    let url = Url { model: Some(CLAUDE), stream: Some(true) };
    let request = Converse.read_request(body, url).unwrap();
    let written = Converse.write_request(&request, Target::new(CLAUDE)).unwrap();
    assert_eq!(value(&written.body), value(body));
    assert!(written.lost.is_empty());
    assert_eq!(written.path, "/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream");
}

#[test]
fn what_it_says_is_understood() {
    let request = Converse.read_request(golden!("request-all.json"), Url::default()).unwrap();
    assert_eq!(request.messages.len(), 4);
    assert_eq!(request.messages[0].role, Role::System);
    assert!(request.messages[0].parts[0].cache.is_some());
    let user = &request.messages[1].parts;
    assert_eq!(user.len(), 3);
    assert_eq!(user[2].cache.as_ref().unwrap().ttl.as_deref(), Some("1h"));
    assert_eq!(request.messages[2].parts[0].signature.as_deref(), Some("RXJvcGFxdWU="));
    assert!(matches!(&request.messages[3].parts[0].content, Content::ToolResult { is_error: true, .. }));
    assert_eq!(request.tool_choice, Some(ToolChoice::Function("get_tides".into())));
    assert_eq!(request.sampling.top_k, Some(40));
    assert_eq!(request.reasoning.as_ref().unwrap().budget, Some(2000));
    assert_eq!(request.service_tier.as_deref(), Some("flex"));
}

#[test]
fn an_answer_comes_back_as_it_was() {
    for body in [golden!("answer-text.json"), golden!("answer-tools.json")] {
        let answer = Converse.read_answer(body).unwrap();
        assert_eq!(value(&Converse.write_answer(&answer, STAMP)), value(body));
    }
    let answer = Converse.read_answer(golden!("answer-text.json")).unwrap();
    let usage = Usage { input: 130, cache_read: 80, cache_write: 20, output: 60, ..Usage::default() };
    assert_eq!(answer.usage, Some(usage));
    assert_eq!(answer.choices[0].finish, Some(Finish::Stop));
}

#[test]
fn a_stream_is_the_whole_answer() {
    for (stream, body) in [
        (golden!("stream-text.bin"), golden!("answer-text.json")),
        (golden!("stream-tools.bin"), golden!("answer-tools.json")),
    ] {
        let mut whole = Converse.read_answer(body).unwrap();
        whole.rest = Object::new();
        assert_eq!(fold::fold(Dialect::Converse, &events(&[stream])), whole);
    }
}

#[test]
fn split_anywhere_the_events_are_the_same() {
    for body in [golden!("stream-text.bin"), golden!("stream-tools.bin")] {
        let expected = events(&[body]);
        for at in 0..body.len() {
            assert_eq!(events(&[&body[..at], &body[at..]]), expected, "split at {at}");
        }
        assert_eq!(events(&body.chunks(1).collect::<Vec<_>>()), expected);
    }
}

#[test]
fn what_is_written_is_read_again() {
    for body in [golden!("stream-text.bin"), golden!("stream-tools.bin")] {
        let expected = events(&[body]);
        let out = fold::written(&mut Writer::default(), &expected);
        assert_eq!(events(&[&out]), expected);
    }
}

#[test]
fn an_exception_ends_the_stream() {
    let (found, _) = fold::events(&mut Reader::default(), &[golden!("exception.bin")]);
    let Some(Event::Error(error)) = found.last() else { panic!() };
    assert_eq!((error.kind, error.code.as_deref()), (ErrorKind::RateLimit, Some("throttlingException")));
    let out = fold::written(&mut Writer::default(), &found);
    let (again, _) = fold::events(&mut Reader::default(), &[&out]);
    assert_eq!(again, found);
}

#[test]
fn a_stream_that_breaks_off_has_no_end() {
    let body = golden!("stream-text.bin");
    for at in [0, 10, body.len() / 2] {
        let (events, ended) = fold::events(&mut Reader::default(), &[&body[..at]]);
        assert!(!ended && !events.contains(&Event::End), "cut at {at}");
    }
}

#[test]
fn anthropics_events_come_out_of_their_frames() {
    let body = golden!("invoke.bin");
    let read = |chunks: &[&[u8]]| {
        let (events, ended) = fold::events(&mut invoke::Reader::anthropic(), chunks);
        assert!(ended);
        events
    };
    let whole = read(&[body]);
    let answer = fold::fold(Dialect::Messages, &whole);
    assert_eq!(answer.id, "msg_bdrk_1");
    assert_eq!(answer.choices[0].parts, [Part::text("High tide is at\nnoon.")]);
    let usage = answer.usage.unwrap();
    assert_eq!((usage.input, usage.output), (30, 12));
    for at in 0..body.len() {
        assert_eq!(read(&[&body[..at], &body[at..]]), whole, "split at {at}");
    }
    let (events, ended) = fold::events(&mut invoke::Reader::anthropic(), &[&body[..body.len() - 300]]);
    assert!(!ended && !events.contains(&Event::End));
    let (events, _) = fold::events(&mut invoke::Reader::anthropic(), &[golden!("exception.bin")]);
    assert!(matches!(&events[..], [Event::Error(error)] if error.kind == ErrorKind::RateLimit));
}

#[test]
fn a_long_stream_takes_no_more_memory() {
    let mut piece = Vec::new();
    let headers = [(":event-type", "contentBlockDelta"), (":message-type", "event")];
    frame::encode(&headers, br#"{"contentBlockIndex":0,"delta":{"text":"x"}}"#, &mut piece);
    let (mut reader, mut writer) = (Reader::default(), Writer::default());
    let mut out = Vec::with_capacity(4096);
    for _ in 0..100_000 {
        reader.feed(&piece, &mut |event| writer.write(&event, &mut out)).unwrap();
        out.clear();
    }
    assert_eq!(out.capacity(), 4096);
}

/// JSON with the words of this dialect in wrong places.
fn document() -> impl Strategy<Value = serde_json::Value> {
    let word = prop::sample::select(vec![
        "messages",
        "content",
        "role",
        "user",
        "assistant",
        "text",
        "toolUse",
        "toolUseId",
        "input",
        "toolResult",
        "status",
        "json",
        "image",
        "format",
        "png",
        "source",
        "bytes",
        "s3Location",
        "uri",
        "reasoningContent",
        "reasoningText",
        "signature",
        "cachePoint",
        "type",
        "default",
        "document",
        "name",
        "system",
        "output",
        "message",
        "stopReason",
        "usage",
        "inputTokens",
        "delta",
        "start",
        "contentBlockIndex",
        "toolConfig",
        "tools",
        "toolSpec",
        "inputSchema",
        "toolChoice",
        "additionalModelRequestFields",
        "thinking",
        "redactedContent",
        "citationsContent",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        word.clone().prop_map(Into::into),
        ".{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::vec((word.clone(), inner), 0..6).prop_map(|fields| {
                fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<serde_json::Map<_, _>>().into()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_document_panics(inner in document(), wrap in 0_u8..4) {
        let whole = match wrap {
            0 => serde_json::json!({"messages": [{"role": "user", "content": [inner]}]}),
            1 => serde_json::json!({"output": {"message": {"role": "assistant", "content": [inner]}}, "stopReason": "end_turn"}),
            2 => serde_json::json!({"toolConfig": {"tools": [inner]}, "system": [inner]}),
            _ => inner,
        };
        let body = whole.to_string().into_bytes();
        if let Ok(request) = Converse.read_request(&body, Url::default()) {
            let written = Converse.write_request(&request, Target::new(CLAUDE)).unwrap();
            let again = Converse.read_request(&written.body, Url::default()).unwrap();
            let second = Converse.write_request(&again, Target::new(CLAUDE)).unwrap();
            prop_assert_eq!(String::from_utf8(second.body), String::from_utf8(written.body));
        }
        if let Ok(answer) = Converse.read_answer(&body) {
            Converse.write_answer(&answer, STAMP);
        }
        Converse.read_error(400, None, &body);
        for kind in ["contentBlockStart", "contentBlockDelta", "messageStop", "metadata", "chunk"] {
            let mut bytes = Vec::new();
            frame::encode(&[(":event-type", kind), (":message-type", "event")], &body, &mut bytes);
            let (found, _) = fold::events(&mut Reader::default(), &[&bytes]);
            fold::written(&mut Writer::default(), &found);
            fold::events(&mut invoke::Reader::anthropic(), &[&bytes]);
        }
    }

    #[test]
    fn no_bytes_panic(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6), text in ".{0,40}") {
        let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
        fold::events(&mut Reader::default(), &chunks);
        let whole = chunks.concat();
        let _ = Converse.read_request(&whole, Url::default());
        let _ = Converse.read_answer(&whole);
        let _ = invoke::body(&whole, invoke::BEDROCK_VERSION, false);
        read_error(500, None, Some(&text), &whole);
        path::read(&text);
        prop_assert_eq!(path::read(&path::write(&text, path::Verb::Converse)).map(|(model, _)| model), (!text.is_empty()).then_some(text));
    }

    /// Headers that don't fit are told, not walked over.
    #[test]
    fn no_headers_panic(headers in prop::collection::vec(any::<u8>(), 0..60), payload in prop::collection::vec(any::<u8>(), 0..20)) {
        let mut bytes = u32::try_from(16 + headers.len() + payload.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend_from_slice(&u32::try_from(headers.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
        bytes.extend_from_slice(&headers);
        bytes.extend_from_slice(&payload);
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
        let _ = frame::Frames::default().feed(&bytes, &mut |message| {
            message.header("x");
            Ok(())
        });
    }
}
