//! `MAPPING.md` says what becomes of what; every row of it is tried.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tollgate_dialects::neutral::{Dialect, Weight};
use tollgate_dialects::{Target, Url};

use crate::support::{STAMP, TARGET, codecs, of, value};

const TABLE: &str = include_str!("../../MAPPING.md");

struct Row {
    line: usize,
    what: String,
    from: String,
    to: String,
    verdict: String,
}

/// The rows of a section `## kind: a → b`.
fn sections() -> Vec<(String, Dialect, Dialect, Vec<Row>)> {
    let mut out: Vec<(String, Dialect, Dialect, Vec<Row>)> = Vec::new();
    let mut inside = false;
    for (line, text) in TABLE.lines().enumerate() {
        if let Some(title) = text.strip_prefix("## ") {
            inside = false;
            if let Some((kind, pair)) = title.split_once(": ")
                && let Some((from, to)) = pair.split_once(" → ")
            {
                let dialect = |name| Dialect::parse(name).unwrap_or_else(|| panic!("{name} in {title}"));
                out.push((kind.to_owned(), dialect(from), dialect(to), Vec::new()));
                inside = true;
            }
        } else if inside && text.starts_with("| ") && !text.starts_with("| What | In | Out |") {
            let cells: Vec<&str> = text.trim_matches('|').split(" | ").map(str::trim).collect();
            let [what, from, to, verdict] = cells[..] else { panic!("line {}: {text}", line + 1) };
            let code = |cell: &str| cell.trim_matches('`').to_owned();
            let row = Row {
                line: line + 1,
                what: what.to_owned(),
                from: code(from),
                to: code(to),
                verdict: verdict.to_owned(),
            };
            out.last_mut().unwrap().3.push(row);
        }
    }
    out
}

fn base(dialect: Dialect) -> Value {
    match dialect {
        Dialect::Chat => json!({"model":"m","messages":[{"role":"user","content":"Hi"}]}),
        Dialect::Messages => json!({"model":"m","max_tokens":9000,"messages":[{"role":"user","content":"Hi"}]}),
        Dialect::Responses => json!({"model":"m","input":"Hi"}),
        Dialect::Gemini => json!({"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}),
        Dialect::Converse => json!({"messages":[{"role":"user","content":[{"text":"Hi"}]}]}),
        Dialect::Completions => panic!("no base for {dialect}"),
    }
}

fn base_answer(dialect: Dialect) -> Value {
    match dialect {
        Dialect::Chat => {
            json!({"id":"a","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},
            "finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}})
        }
        Dialect::Messages => json!({"id":"a","type":"message","role":"assistant","model":"m",
            "content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}),
        Dialect::Responses => json!({"id":"a","object":"response","model":"m","status":"completed","output":[
            {"type":"message","id":"x","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hi"}]}]}),
        Dialect::Gemini => json!({"responseId":"a","modelVersion":"m","candidates":[{"index":0,"finishReason":"STOP",
            "content":{"role":"model","parts":[{"text":"Hi"}]}}]}),
        Dialect::Converse => json!({"output":{"message":{"role":"assistant","content":[{"text":"Hi"}]}},
            "stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2},"metrics":{"latencyMs":1}}),
        Dialect::Completions => panic!("no base for {dialect}"),
    }
}

fn overlay(mut base: Value, over: &Value) -> Value {
    for (key, value) in over.as_object().unwrap() {
        base[key] = value.clone();
    }
    base
}

/// Whether all of `part` is in `whole`; arrays must be as long.
fn within(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|other| within(value, other)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(a, b)| within(a, b))
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

fn request(from: Dialect, to: Dialect, row: &Row) {
    let at = format!("MAPPING.md:{}: {}", row.line, row.what);
    let over: Value = serde_json::from_str(&row.from).unwrap_or_else(|e| panic!("{at}: {e}"));
    let body = overlay(base(from), &over).to_string();
    let read = of(from).read_request(body.as_bytes(), Url::default()).unwrap_or_else(|e| panic!("{at}: {e}"));
    // The model may decide what is written: a row can name it.
    let model = over.get("model").and_then(Value::as_str).unwrap_or("m");
    let written = match of(to).write_request(&read, Target { model, ..TARGET }) {
        Err(error) => {
            assert_eq!(row.verdict, "impossible", "{at}: {error}");
            assert!(error.message.contains(&row.to), "{at}: {error}");
            return;
        }
        Ok(written) => written,
    };
    let out = value(&written.body);
    let lost: Vec<_> = written.lost.iter().map(|lost| (lost.weight, lost.field.as_str())).collect();
    let expected = match row.verdict.as_str() {
        "kept" | "mapped" => {
            let part: Value = serde_json::from_str(&row.to).unwrap_or_else(|e| panic!("{at}: {e}"));
            assert!(within(&part, &out), "{at}:\n{part}\nis not in\n{out}");
            assert!(lost.iter().all(|(weight, _)| *weight == Weight::Hint), "{at}: {lost:?}");
            return;
        }
        "hint" => Weight::Hint,
        "refused" => Weight::Parameter,
        "never" => Weight::Content,
        other => panic!("{at}: what is {other}?"),
    };
    assert!(lost.contains(&(expected, row.to.as_str())), "{at}: {lost:?}");
    assert_eq!(written.lost.refusal(true).is_some(), expected == Weight::Content, "{at}");
    assert_eq!(written.lost.refusal(false).is_some(), expected != Weight::Hint, "{at}");
}

fn answer(from: Dialect, to: Dialect, row: &Row) {
    let at = format!("MAPPING.md:{}: {}", row.line, row.what);
    let over: Value = serde_json::from_str(&row.from).unwrap_or_else(|e| panic!("{at}: {e}"));
    let body = overlay(base_answer(from), &over).to_string();
    let read = of(from).read_answer(body.as_bytes()).unwrap_or_else(|e| panic!("{at}: {e}"));
    let out = value(&of(to).write_answer(&read, STAMP));
    let part: Value = serde_json::from_str(&row.to).unwrap_or_else(|e| panic!("{at}: {e}"));
    match row.verdict.as_str() {
        "kept" | "mapped" => assert!(within(&part, &out), "{at}:\n{part}\nis not in\n{out}"),
        "gone" => assert!(!out.to_string().contains(part.as_str().unwrap()), "{at}: {out}"),
        other => panic!("{at}: what is {other}?"),
    }
}

#[test]
fn every_row_is_true() {
    let sections = sections();
    let mut seen = BTreeSet::new();
    for (kind, from, to, rows) in &sections {
        assert!(rows.len() >= 5, "{kind}: {from} → {to} has {} rows", rows.len());
        seen.insert((kind.as_str(), *from, *to));
        for row in rows {
            match kind.as_str() {
                "Requests" => request(*from, *to, row),
                "Answers" => answer(*from, *to, row),
                other => panic!("a section of {other}?"),
            }
        }
    }
    for (a, _) in codecs() {
        for (b, _) in codecs() {
            if seen.iter().any(|(_, from, _)| *from == a) && seen.iter().any(|(_, _, to)| *to == b) {
                assert!(seen.contains(&("Requests", a, b)), "no table for requests of {a} to {b}");
                assert!(seen.contains(&("Answers", a, b)), "no table for answers of {a} to {b}");
            }
        }
    }
}

#[test]
fn a_broken_row_is_noticed() {
    let whole = json!({"a":{"b":[1,{"c":2,"d":3}]},"e":"f"});
    assert!(within(&json!({"a":{"b":[1.0,{"d":3}]}}), &whole));
    assert!(!within(&json!({"a":{"b":[1]}}), &whole));
    assert!(!within(&json!({"a":{"b":[1,{"d":4}]}}), &whole));
    assert!(!within(&json!({"x":null}), &whole));
}
