//! No input panics: random bytes and damaged golden messages, into every reader, and what they read into every writer.
//!
//! Takes two seconds, or as many as `TOLLGATE_FUZZ_SECONDS` says.

use std::time::{Duration, Instant};

use tollgate_dialects::neutral::{Dialect, Event};
use tollgate_dialects::{Url, messages};

use crate::support::{STAMP, TARGET, check_order, codecs, golden};

/// SplitMix64: the same inputs in every run, until the time is over.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap()
    }
}

/// Things that parsers stumble over.
const TOKENS: [&str; 28] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "null",
    "true",
    "-1",
    "1e999",
    "18446744073709551616",
    "0.5",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\r\n",
    "\n\n",
    "data: ",
    "event: ",
    "[DONE]",
    "\"type\":",
    "\"content\":",
    "\"index\":4294967296",
    "{}",
    "[]",
    "\"\"",
    "[[[[[[[[",
];

fn damage(dice: &mut Dice, corpus: &[Vec<u8>]) -> Vec<u8> {
    if dice.below(20) == 0 {
        return (0..dice.below(300)).map(|_| u8::try_from(dice.below(256)).unwrap()).collect();
    }
    let mut bytes = corpus[dice.below(corpus.len())].clone();
    for _ in 0..=dice.below(6) {
        let at = dice.below(bytes.len());
        let to = (at + dice.below(40)).min(bytes.len());
        match dice.below(7) {
            0 if !bytes.is_empty() => bytes[at] = u8::try_from(dice.below(256)).unwrap(),
            1 => drop(bytes.drain(at..to)),
            2 => drop(bytes.splice(at..at, TOKENS[dice.below(TOKENS.len())].bytes())),
            3 => drop(bytes.splice(at..to, TOKENS[dice.below(TOKENS.len())].bytes())),
            4 => bytes.truncate(at),
            5 => {
                let piece = bytes[at..to].to_vec();
                let place = dice.below(bytes.len());
                drop(bytes.splice(place..place, piece));
            }
            _ => {
                // One value for another, which keeps the document whole.
                let other = &corpus[dice.below(corpus.len())];
                let from = dice.below(other.len());
                let piece = other[from..(from + dice.below(60)).min(other.len())].to_vec();
                drop(bytes.splice(at..to, piece));
            }
        }
    }
    bytes
}

/// Another value somewhere in a document that stays one.
fn exchange(dice: &mut Dice, bytes: &[u8]) -> Option<Vec<u8>> {
    fn count(value: &serde_json::Value) -> usize {
        1 + match value {
            serde_json::Value::Array(items) => items.iter().map(count).sum(),
            serde_json::Value::Object(fields) => fields.values().map(count).sum(),
            _ => 0,
        }
    }
    fn set(value: &mut serde_json::Value, at: &mut usize, new: &serde_json::Value) {
        if *at == 0 {
            *value = new.clone();
        }
        *at = at.wrapping_sub(1);
        match value {
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| set(item, at, new)),
            serde_json::Value::Object(fields) => fields.values_mut().for_each(|item| set(item, at, new)),
            _ => {}
        }
    }
    let mut value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let new = [
        serde_json::json!(null),
        serde_json::json!({}),
        serde_json::json!([]),
        serde_json::json!(""),
        serde_json::json!("text"),
        serde_json::json!(-1),
        serde_json::json!(u64::MAX),
        serde_json::json!(1.5),
        serde_json::json!(true),
        serde_json::json!([{"type":"text","text":"a"}]),
        serde_json::json!({"type":"function","function":{"name":"f"}}),
    ];
    let mut at = dice.below(count(&value));
    set(&mut value, &mut at, &new[dice.below(new.len())]);
    Some(value.to_string().into_bytes())
}

fn throw(dice: &mut Dice, bytes: &[u8]) {
    for (dialect, codec) in codecs() {
        if let Ok(request) = codec.read_request(bytes, Url::default()) {
            for (to, back) in codecs() {
                let Ok(written) = back.write_request(&request, TARGET) else { continue };
                let again = back.read_request(&written.body, Url::default());
                // Broken calls pass through their own dialect as they are.
                assert!(again.is_ok() || to == dialect, "{dialect} -> {to}: {again:?}\n{}", lossy(&written.body));
            }
            let _ = messages::count::write_request(&request, TARGET);
        }
        if let Ok(answer) = codec.read_answer(bytes) {
            for (to, front) in codecs() {
                let written = front.write_answer(&answer, STAMP);
                assert!(front.read_answer(&written).is_ok(), "{dialect} -> {to}: {}", lossy(&written));
            }
        }
        let error = codec.read_error(400, None, bytes);
        for (_, front) in codecs() {
            let (status, body) = front.write_error(&error);
            assert!((400..600).contains(&status) && serde_json::from_slice::<serde_json::Value>(&body).is_ok());
        }
        stream(dice, dialect, bytes);
    }
    let _ = messages::count::read_answer(bytes);
}

fn stream(dice: &mut Dice, dialect: Dialect, bytes: &[u8]) {
    let mut reader = tollgate_dialects::codec(dialect).unwrap().stream_reader();
    let mut writers: Vec<_> = codecs().into_iter().map(|(_, front)| (front.stream_writer(STAMP), Vec::new())).collect();
    let mut events: Vec<Event<'static>> = Vec::new();
    let cut = dice.below(bytes.len());
    let mut failed = false;
    for chunk in [&bytes[..cut], &bytes[cut..]] {
        let mut each = |event: Event<'_>| {
            for (writer, out) in &mut writers {
                writer.write(&event, out);
            }
            events.push(event.into_owned());
        };
        failed = failed || reader.feed(chunk, &mut each).is_err();
    }
    if !failed {
        let _ = reader.end(&mut |event| events.push(event.into_owned()));
    }
    check_order(&events);
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn no_input_panics() {
    let seconds = std::env::var("TOLLGATE_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let end = Instant::now() + Duration::from_secs(seconds);
    let corpus: Vec<Vec<u8>> = Dialect::ALL.iter().flat_map(|dialect| golden(*dialect, "").into_values()).collect();
    let mut dice = Dice(0x70_11_6a_7e);
    let mut count = 0_u64;
    while Instant::now() < end {
        for _ in 0..50 {
            let bytes = if dice.below(2) == 0 {
                let source = &corpus[dice.below(corpus.len())];
                exchange(&mut dice, source).unwrap_or_else(|| damage(&mut dice, &corpus))
            } else {
                damage(&mut dice, &corpus)
            };
            throw(&mut dice, &bytes);
            count += 1;
        }
    }
    assert!(count > 0);
}
