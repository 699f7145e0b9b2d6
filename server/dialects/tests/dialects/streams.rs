//! Streams, however they are cut, and however long they are.

use std::fmt::Write as _;

use tollgate_dialects::neutral::{Delta, Dialect, ErrorKind, Event, Finish, PartStart};

use crate::support::{STAMP, check_order, codecs, events, golden, of};

#[test]
fn cut_at_every_byte_the_events_are_the_same() {
    let mut count = 0;
    for (dialect, codec) in codecs() {
        for (name, body) in golden(dialect, "stream-") {
            let whole = events(&mut *codec.stream_reader(), [&*body]);
            assert!(whole.0.len() >= 2, "{name}");
            for at in 0..body.len() {
                let cut = events(&mut *codec.stream_reader(), [&body[..at], &body[at..]]);
                assert_eq!(cut, whole, "{dialect} {name} at {at}");
            }
            assert_eq!(events(&mut *codec.stream_reader(), body.chunks(1)), whole, "{dialect} {name}");
            count += 1;
        }
    }
    assert!(count >= 7);
}

#[test]
fn what_breaks_off_is_no_end() {
    for (dialect, codec) in codecs() {
        for (name, body) in golden(dialect, "stream-plain") {
            let half = &body[..body.len() / 2];
            let (found, error) = events(&mut *codec.stream_reader(), [half]);
            assert!(!found.contains(&Event::End), "{dialect} {name}");
            assert!(matches!(error.unwrap().kind, ErrorKind::Network | ErrorKind::Broken), "{dialect} {name}");
        }
    }
}

/// What a person would see of a stream.
fn seen(events: &[Event<'_>]) -> String {
    let mut out = String::new();
    for event in events {
        match event {
            Event::PartStart { start: PartStart::ToolCall { id, name }, .. } => write!(out, "[{id} {name}] ").unwrap(),
            Event::PartStart { start, .. } => write!(out, "[{start:?}] ").unwrap(),
            Event::Delta { delta: Delta::Text(text) | Delta::Thinking(text) | Delta::Refusal(text), .. } => {
                out.push_str(text);
            }
            // Some dialects have arguments as a document: its spaces mean nothing.
            Event::Delta { delta: Delta::Arguments(text), .. } => out.push_str(&text.replace(' ', "")),
            Event::Finish { finish: Finish::StopSequence(_) | Finish::Stop, .. } => out.push_str(" stop"),
            Event::Finish { finish, .. } => write!(out, " {finish:?}").unwrap(),
            Event::Error(error) => write!(out, " error {}", error.message).unwrap(),
            _ => {}
        }
    }
    // Where arguments are an object, they come without the model's spaces.
    out.replace("\": ", "\":")
}

#[test]
fn translated_the_caller_sees_the_same() {
    for (from, back) in codecs() {
        for (to, front) in codecs() {
            for (name, body) in golden(from, "stream-") {
                let (found, _) = events(&mut *back.stream_reader(), [&*body]);
                let (mut writer, mut bytes) = (front.stream_writer(STAMP), Vec::new());
                for event in &found {
                    writer.write(event, &mut bytes);
                }
                let (again, _) = events(&mut *front.stream_reader(), [&*bytes]);
                check_order(&again);
                // Completions are nothing but text.
                if to == Dialect::Completions && !name.starts_with("stream-plain") {
                    continue;
                }
                assert_eq!(seen(&again), seen(&found), "{from} {name} -> {to}");
                let usage = |events: &[Event<'_>]| {
                    events.iter().rev().find_map(|event| match event {
                        Event::Usage(usage) => Some((usage.input, usage.cache_read, usage.output)),
                        _ => None,
                    })
                };
                if found.last() == Some(&Event::End) {
                    assert_eq!(usage(&again), usage(&found), "{from} {name} -> {to}");
                }
            }
        }
    }
}

#[test]
fn a_hundred_thousand_events_take_no_memory() {
    let delta = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"word "}}"#;
    let start = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"c\"}}\n\ndata: \
                 {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";
    let (mut reader, mut writer) = (of(Dialect::Messages).stream_reader(), of(Dialect::Chat).stream_writer(STAMP));
    let mut out = Vec::with_capacity(4096);
    let mut events = 0;
    reader.feed(start.as_bytes(), &mut |event| writer.write(&event, &mut out)).unwrap();
    let chunk = format!("data: {delta}\n\n");
    for _ in 0..100_000 {
        out.clear();
        reader
            .feed(chunk.as_bytes(), &mut |event| {
                events += 1;
                writer.write(&event, &mut out);
            })
            .unwrap();
        assert!(out.capacity() == 4096, "the buffer grew");
    }
    assert_eq!(events, 100_000);
}

#[test]
fn calls_that_all_have_number_zero_are_told_apart() {
    let call = |id: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{{\"index\":0,\"id\":\"{id}\",\"function\":\
             {{\"name\":\"f\",\"arguments\":\"{{}}\"}}}}]}}}}]}}\n\n"
        )
    };
    let end = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let (found, error) =
        events(&mut *of(Dialect::Chat).stream_reader(), [call("a").as_bytes(), call("b").as_bytes(), end.as_bytes()]);
    check_order(&found);
    assert_eq!(error, None, "a finished stream without [DONE] is complete");
    assert_eq!(seen(&found), "[a f] {}[b f] {} ToolCalls");
}
