//! Between this dialect, Converse and those of OpenAI and Anthropic.

use super::*;
use crate::gemini::Reader;
use crate::neutral::{Answer, Content, Dialect, Event, Weight};
use crate::{Codec as _, Target, Url, bedrock, codec, fold};

fn converse(name: &[u8]) -> Vec<Event<'static>> {
    fold::events(&mut bedrock::Reader::default(), &[name]).0
}

fn gemini(bytes: &[u8]) -> Vec<Event<'static>> {
    fold::events(&mut Reader::default(), &[bytes]).0
}

/// What every dialect can say: texts, calls and counts.
fn said(answer: &Answer<'_>) -> (String, Vec<(String, serde_json::Value)>, Option<u64>, bool) {
    let mut text = String::new();
    let mut calls = Vec::new();
    for part in &answer.choices[0].parts {
        match &part.content {
            Content::Text(piece) => text.push_str(piece),
            Content::ToolCall { name, arguments, .. } => {
                let arguments = if arguments.is_empty() { "{}" } else { arguments };
                calls.push((name.to_string(), serde_json::from_str(arguments).unwrap()));
            }
            _ => {}
        }
    }
    let stops = answer.choices[0].finish.is_some();
    (text, calls, answer.usage.map(|usage| usage.output), stops)
}

#[test]
fn every_stream_can_be_said_in_every_dialect() {
    let streams = [
        (Dialect::Gemini, gemini(golden!("stream-text.sse"))),
        (Dialect::Gemini, gemini(golden!("stream-tools.sse"))),
        (Dialect::Converse, converse(include_bytes!("../../../golden/converse/stream-text.bin"))),
        (Dialect::Converse, converse(include_bytes!("../../../golden/converse/stream-tools.bin"))),
    ];
    for (from, events) in streams {
        let expected = said(&fold::fold(from, &events));
        for to in [Dialect::Chat, Dialect::Messages, Dialect::Gemini, Dialect::Converse] {
            let there = codec(to).unwrap();
            let out = fold::written(&mut *there.stream_writer(STAMP), &events);
            let (back, ended) = fold::events(&mut *there.stream_reader(), &[&out]);
            assert!(ended, "{from} as {to}");
            assert_eq!(said(&fold::fold(to, &back)), expected, "{from} as {to}");
        }
    }
}

#[test]
fn every_answer_can_be_said_in_every_dialect() {
    let answers = [
        (Dialect::Gemini, golden!("answer-text.json").as_slice()),
        (Dialect::Gemini, golden!("answer-tools.json")),
        (Dialect::Converse, include_bytes!("../../../golden/converse/answer-text.json")),
        (Dialect::Converse, include_bytes!("../../../golden/converse/answer-tools.json")),
    ];
    for (from, body) in answers {
        let answer = codec(from).unwrap().read_answer(body).unwrap();
        for to in [Dialect::Chat, Dialect::Messages, Dialect::Gemini, Dialect::Converse] {
            let there = codec(to).unwrap();
            let out = there.write_answer(&answer, STAMP);
            assert_eq!(said(&there.read_answer(&out).unwrap()), said(&answer), "{from} as {to}");
        }
    }
}

#[test]
fn a_turn_with_signatures_survives_openais_clients() {
    let answer = API.read_answer(golden!("answer-tools.json")).unwrap();
    let chat = codec(Dialect::Chat).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&chat.write_answer(&answer, STAMP)).unwrap();
    let message = &body["choices"][0]["message"];
    let id = message["tool_calls"][0]["id"].as_str().unwrap();
    let next = serde_json::json!({"model": "m", "messages": [
        {"role": "user", "content": "Is it warmer in Oslo or in Bergen?"}, message,
        {"role": "tool", "tool_call_id": id, "content": "4"},
        {"role": "tool", "tool_call_id": message["tool_calls"][1]["id"], "content": "7"}]});
    let next = next.to_string();
    let request = chat.read_request(next.as_bytes(), Url::default()).unwrap();
    let written = API.write_request(&request, Target::new("gemini-3-pro")).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&written.body).unwrap();
    let call = &body["contents"][1]["parts"][0];
    assert_eq!(call["thoughtSignature"], "Cg5vcGFxdWUtYnl0ZXM=");
    assert_eq!(call["functionCall"], serde_json::json!({"name": "get_weather", "args": {"city": "Oslo"}}));
    let results = body["contents"][2]["parts"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    assert_eq!(results[1]["functionResponse"], serde_json::json!({"name": "get_weather", "response": {"output": "7"}}));
}

#[test]
fn googles_callers_reach_every_model() {
    let read = |body: &'static [u8]| API.read_request(body, Url { model: Some("m"), stream: Some(true) }).unwrap();
    for to in [Dialect::Chat, Dialect::Messages, Dialect::Converse] {
        let mut request = read(golden!("request-tools.json"));
        request.tools.pop();
        let written = codec(to).unwrap().write_request(&request, Target::new("other")).unwrap();
        let lost: Vec<_> = written.lost.iter().filter(|lost| lost.weight != Weight::Hint).collect();
        assert_eq!(lost, Vec::<&crate::neutral::Lost>::new(), "{to}");
        let back = codec(to).unwrap().read_request(&written.body, Url::default()).unwrap();
        let again = API.write_request(&back, Target::new("gemini-2.5-flash")).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&again.body).unwrap();
        let original: serde_json::Value = serde_json::from_slice(golden!("request-tools.json")).unwrap();
        assert_eq!(value["tools"][0], original["tools"][0], "{to}");
        assert_eq!(value["toolConfig"], original["toolConfig"], "{to}");
        assert_eq!(value["contents"][0], original["contents"][0], "{to}");
        let names = |value: &serde_json::Value| {
            let parts = value["contents"][2]["parts"].as_array().unwrap().clone();
            parts.iter().map(|part| part["functionResponse"]["response"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&value), names(&original), "{to}");
    }
    // What is Google's alone is told.
    let request = read(golden!("request-tools.json"));
    let written = codec(Dialect::Chat).unwrap().write_request(&request, Target::new("other")).unwrap();
    assert_eq!(written.lost.refusal(false).unwrap().field, "tools[1]");
}
