//! What a conversion costs. `TOLLGATE_BENCH=1 cargo test --release -p tollgate-dialects cost -- --nocapture` prints it.

use std::time::Instant;

use serde_json::json;
use tollgate_dialects::neutral::Dialect;
use tollgate_dialects::{Target, Url};

use crate::support::{TARGET, of};

fn body(size: usize) -> Vec<u8> {
    let text = "The quick brown fox jumps over the lazy dog. ";
    let turns: Vec<_> = (0..4)
        .map(|i| {
            let role = if i % 2 == 0 { "user" } else { "assistant" };
            json!({"role":role,"content":text.repeat(size / 4 / text.len())})
        })
        .collect();
    let tools = json!([{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object",
        "properties":{"a":{"type":"string"},"b":{"type":"number"}},"required":["a"]}}}]);
    json!({"model":"m","messages":turns,"tools":tools,"temperature":0.5}).to_string().into_bytes()
}

#[test]
fn a_call_of_two_kilobytes() {
    let (chat, messages) = (of(Dialect::Chat), of(Dialect::Messages));
    let body = body(2048);
    let answer = br#"{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"Hello there, this is an answer of some length."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":500,"output_tokens":12}}"#;
    let rounds = if std::env::var_os("TOLLGATE_BENCH").is_some() { 100_000 } else { 200 };
    let start = Instant::now();
    let mut total = 0;
    for _ in 0..rounds {
        let request = chat.read_request(&body, Url::default()).unwrap();
        total += messages.write_request(&request, Target { model: "c", ..TARGET }).unwrap().body.len();
        let answer = messages.read_answer(answer).unwrap();
        total += chat.write_answer(&answer, crate::support::STAMP).len();
    }
    let each = start.elapsed() / rounds;
    // A pass-through costs the gateway some 20 µs a call; a debug build is twenty times slower than a release.
    assert!(each.as_micros() < 2000, "{each:?} for a conversion, there and back");
    assert!(total > 0);
    if rounds > 200 {
        println!("{each:?} for {} bytes there and {} back", body.len(), answer.len());
    }
}

#[test]
fn a_picture_is_copied_once() {
    let data = "A".repeat(20 * 1024 * 1024);
    let body = json!({"model":"m","messages":[{"role":"user","content":[
        {"type":"image_url","image_url":{"url":format!("data:image/png;base64,{data}")}}]}]});
    let body = body.to_string().into_bytes();
    let request = of(Dialect::Chat).read_request(&body, Url::default()).unwrap();
    for to in [Dialect::Messages, Dialect::Chat, Dialect::Responses] {
        let written = of(to).write_request(&request, TARGET).unwrap();
        assert!(written.body.capacity() < body.len() + body.len() / 10, "{to}: {}", written.body.capacity());
        assert!(written.body.len() > data.len());
    }
}
