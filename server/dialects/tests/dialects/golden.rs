//! Golden messages: back into their own dialect they are what they were; what they become in the others is a snapshot.

use std::fmt::Write as _;

use serde_json::Value;
use tollgate_dialects::neutral::{Dialect, Event};
use tollgate_dialects::{Target, Url};

use crate::support::{STAMP, TARGET, check_order, codecs, events, golden, of, value};

fn pretty(bytes: &[u8]) -> String {
    serde_json::to_string_pretty(&value(bytes)).unwrap()
}

/// What is the same, though it is written otherwise.
fn normal(mut value: Value) -> Value {
    if let Value::Object(object) = &mut value {
        object.retain(|_, value| !value.is_null());
        if object.get("stream") == Some(&Value::Bool(false)) {
            object.remove("stream");
        }
        // Parts of text, one after another, are one text.
        if let Some(Value::Array(parts)) = object.get_mut("content") {
            let texts: Option<Vec<&str>> = parts
                .iter()
                .map(|part| {
                    let plain = part.as_object()?.len() == 2 && part.get("type")? == "text";
                    plain.then(|| part.get("text")?.as_str()).flatten()
                })
                .collect();
            if let Some(texts) = texts {
                object["content"] = texts.concat().into();
            }
        }
        // Counts of zero are as good as none.
        object.retain(|key, value| !(key.ends_with("_tokens") && *value == 0));
        for value in object.values_mut() {
            *value = normal(value.take());
        }
        object.retain(|key, value| {
            !(key.ends_with("_tokens_details") || key == "cache_creation") || value != &serde_json::json!({})
        });
        if let Some(Value::String(text)) = object.get_mut("arguments") {
            *text = value_of_arguments(text).to_string();
        }
    } else if let Value::Array(items) = &mut value {
        for item in items {
            *item = normal(item.take());
        }
    }
    value
}

fn value_of_arguments(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn requests_come_back_as_they_were() {
    let mut count = 0;
    for (dialect, codec) in codecs() {
        for (name, body) in golden(dialect, "request-") {
            let request = codec.read_request(&body, Url::default()).unwrap();
            let written = codec.write_request(&request, Target { model: &request.model, ..TARGET }).unwrap();
            assert!(written.lost.is_empty(), "{dialect} {name}: {:?}", written.lost);
            assert_eq!(normal(value(&written.body)), normal(value(&body)), "{dialect} {name}");
            count += 1;
        }
    }
    assert!(count >= 8);
}

#[test]
fn answers_come_back_as_they_were() {
    let mut count = 0;
    for (dialect, codec) in codecs() {
        for (name, body) in golden(dialect, "answer-") {
            let answer = codec.read_answer(&body).unwrap();
            let mut before = normal(value(&body));
            // Predictions are counted in no kind of ours.
            if let Some(Value::Object(details)) = before.pointer_mut("/usage/completion_tokens_details") {
                details.retain(|key, _| !key.ends_with("_prediction_tokens"));
            }
            assert_eq!(normal(value(&codec.write_answer(&answer, STAMP))), before, "{dialect} {name}");
            count += 1;
        }
    }
    assert!(count >= 7);
}

#[test]
fn requests_in_the_other_dialects() {
    let mut out = String::new();
    for (from, front) in codecs() {
        for (to, back) in codecs().into_iter().filter(|(to, _)| *to != from) {
            for (name, body) in golden(from, "request-") {
                let request = front.read_request(&body, Url::default()).unwrap();
                let written = back.write_request(&request, TARGET).unwrap();
                writeln!(out, "=== {from} {name} -> {to} {}", written.path).unwrap();
                writeln!(out, "{}", pretty(&written.body)).unwrap();
                for lost in written.lost.iter() {
                    writeln!(out, "lost {:?}: {}", lost.weight, lost.field).unwrap();
                }
            }
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn answers_in_the_other_dialects() {
    let mut out = String::new();
    for (from, back) in codecs() {
        for (to, front) in codecs().into_iter().filter(|(to, _)| *to != from) {
            for (name, body) in golden(from, "answer-") {
                let answer = back.read_answer(&body).unwrap();
                writeln!(out, "=== {from} {name} -> {to}").unwrap();
                writeln!(out, "{}", pretty(&front.write_answer(&answer, STAMP))).unwrap();
            }
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn streams_in_every_dialect() {
    let mut out = String::new();
    for (from, back) in codecs() {
        for (name, body) in golden(from, "stream-") {
            let (found, error) = events(&mut *back.stream_reader(), [&*body]);
            check_order(&found);
            writeln!(out, "=== {from} {name}").unwrap();
            for event in &found {
                match event {
                    Event::Usage(usage) => writeln!(out, "Usage({})", serde_json::to_string(usage).unwrap()).unwrap(),
                    event => writeln!(out, "{event:?}").unwrap(),
                }
            }
            writeln!(out, "error: {error:?}").unwrap();
            for (to, front) in codecs() {
                writeln!(out, "--- {to}").unwrap();
                let mut writer = front.stream_writer(STAMP);
                let mut bytes = Vec::new();
                for event in &found {
                    writer.write(event, &mut bytes);
                }
                out.push_str(&readable(to, &bytes));
            }
        }
    }
    insta::assert_snapshot!(out);
}

/// Converse's streams are binary.
fn readable(dialect: Dialect, bytes: &[u8]) -> String {
    if dialect != Dialect::Converse {
        return String::from_utf8(bytes.to_vec()).unwrap();
    }
    let mut out = String::new();
    let mut frames = tollgate_dialects::bedrock::frame::Frames::default();
    let read = frames.feed(bytes, &mut |message| {
        let kind = message.header(":event-type").or(message.header(":exception-type")).unwrap();
        writeln!(out, "{kind} {}", std::str::from_utf8(message.payload).unwrap()).unwrap();
        Ok(())
    });
    read.unwrap();
    out
}

#[test]
fn errors_in_every_dialect() {
    let mut out = String::new();
    for dialect in Dialect::ALL {
        for (name, body) in golden(dialect, "error-") {
            let status: u16 = name.split('-').nth(1).unwrap().parse().unwrap();
            let error = of(dialect).read_error(status, None, &body);
            writeln!(out, "=== {dialect} {name}: {:?}", error.kind).unwrap();
            for (to, front) in codecs() {
                let (status, body) = front.write_error(&error);
                writeln!(out, "{to}: {status} {}", String::from_utf8(body).unwrap()).unwrap();
            }
        }
    }
    insta::assert_snapshot!(out);
}
