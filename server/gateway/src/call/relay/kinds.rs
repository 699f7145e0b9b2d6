//! What an event of a provider's stream is, in each dialect: what counts, what ends it, what failed.

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;
use tollgate_dialects::bedrock::frame;
use tollgate_dialects::usage::{Shape, Tally};

use crate::openai::error::named;
use crate::openai::stream::{self, Kind};
use tollgate_dialects::sse;

/// Classifies an event, and takes its usage into `tally`, which is of the same shape.
pub fn classify(shape: Shape, event: &[u8], tally: &mut Tally) -> Kind {
    let read = match shape {
        Shape::Messages => messages,
        Shape::Responses => responses,
        Shape::Gemini => gemini,
        Shape::Converse => return converse(event, tally),
        _ => return stream::classify(event, tally),
    };
    sse::data(event).map_or(Kind::Plain, |data| read(&data, tally))
}

/// Whether a stream of this shape says that it is complete; others end with their connection.
pub fn says_its_end(shape: Shape) -> bool {
    matches!(shape, Shape::Messages | Shape::Responses | Shape::Converse)
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Option<&'a str>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

fn parse(data: &[u8]) -> Option<Event<'_>> {
    serde_json::from_str(std::str::from_utf8(data).ok()?).ok()
}

fn has(data: &[u8], word: &str) -> bool {
    memmem::find(data, word.as_bytes()).is_some()
}

fn messages(data: &[u8], tally: &mut Tally) -> Kind {
    if has(data, "\"message_start\"") || has(data, "\"usage\"") {
        // What a message begins with is no count of what it will be.
        let counted = tally.event(data) && has(data, "\"message_delta\"");
        return if counted { Kind::Usage { only_usage: true } } else { Kind::Plain };
    }
    if !has(data, "\"message_stop\"") && !has(data, "\"error\"") {
        return Kind::Plain;
    }
    match parse(data) {
        Some(Event { kind: Some("message_stop"), .. }) => Kind::Done,
        Some(Event { kind: Some("error"), error }) => failed(error),
        _ => Kind::Plain,
    }
}

/// Words of which one is in every event that ends a stream.
const ENDS: [&str; 5] =
    ["\"response.completed\"", "\"response.incomplete\"", "\"response.failed\"", "\"response.cancelled\"", "\"error\""];

fn responses(data: &[u8], tally: &mut Tally) -> Kind {
    if !ENDS.iter().any(|word| has(data, word)) {
        return Kind::Plain;
    }
    match parse(data).and_then(|event| event.kind) {
        Some("response.completed" | "response.incomplete") => {
            tally.event(data);
            Kind::Done
        }
        Some("response.failed" | "response.cancelled") => {
            tally.event(data);
            failed(None)
        }
        Some("error") => failed(std::str::from_utf8(data).ok().and_then(|text| serde_json::from_str(text).ok())),
        _ => Kind::Plain,
    }
}

fn gemini(data: &[u8], tally: &mut Tally) -> Kind {
    if has(data, "\"error\"")
        && let Some(Event { error: Some(error), .. }) = parse(data)
    {
        return failed(Some(error));
    }
    // Every event counts what came until then; the last of them says why it is.
    if tally.event(data) { Kind::Usage { only_usage: has(data, "\"finishReason\"") } } else { Kind::Plain }
}

fn converse(event: &[u8], tally: &mut Tally) -> Kind {
    // What can't be read is for the dialect's own reader to refuse.
    let Ok(message) = frame::one(event) else { return Kind::Plain };
    if message.header(":message-type").is_some_and(|kind| kind != "event") {
        let name = message.header(":exception-type").or(message.header(":error-code"));
        return Kind::Error { message: format!("the provider reported an error{}", named([name])) };
    }
    if message.header(":event-type") == Some("metadata") {
        tally.event(message.payload);
        return Kind::Done;
    }
    Kind::Plain
}

/// Its own words may quote the prompt: only names are kept.
fn failed(error: Option<&RawValue>) -> Kind {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Names {
        r#type: Option<String>,
        code: Option<serde_json::Value>,
        status: Option<String>,
    }
    let names: Names = error.and_then(|error| serde_json::from_str(error.get()).ok()).unwrap_or_default();
    let code = names.code.as_ref().and_then(serde_json::Value::as_str);
    let named = named([names.r#type.as_deref().filter(|kind| *kind != "error"), code, names.status.as_deref()]);
    Kind::Error { message: format!("the provider reported an error{named}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(shape: Shape, events: &[&str]) -> (Vec<Kind>, Tally) {
        let mut tally = Tally::new(shape);
        let kind = |json: &&str| classify(shape, format!("event: x\ndata: {json}\n\n").as_bytes(), &mut tally);
        (events.iter().map(kind).collect(), tally)
    }

    fn error(name: &str) -> Kind {
        Kind::Error { message: format!("the provider reported an error{name}") }
    }

    #[test]
    fn anthropics_events() {
        let (kinds, tally) = all(
            Shape::Messages,
            &[
                r#"{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":5,"output_tokens":1}}}"#,
                r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"\"message_stop\""}}"#,
                r#"{"type":"content_block_start","content_block":{"type":"tool_use","name":"message_stop"}}"#,
                r#"{"type":"message_delta","delta":{},"usage":{"output_tokens":7}}"#,
                r#"{"type":"message_stop"}"#,
                r#"{"type":"error","error":{"type":"overloaded_error","message":"about \"your prompt\""}}"#,
            ],
        );
        let usage = Kind::Usage { only_usage: true };
        assert_eq!(kinds, [Kind::Plain, Kind::Plain, Kind::Plain, usage, Kind::Done, error(": overloaded_error")]);
        let report = tally.report();
        let usage = report.usage.unwrap();
        assert_eq!((usage.input, usage.output, report.id.as_deref()), (5, 7, Some("msg_1")));
    }

    #[test]
    fn events_of_responses() {
        let (kinds, tally) = all(
            Shape::Responses,
            &[
                r#"{"type":"response.created","response":{"id":"resp_1","error":null}}"#,
                r#"{"type":"response.output_text.delta","delta":"\"response.completed\""}"#,
                r#"{"type":"response.completed","response":{"id":"resp_1","usage":{"input_tokens":5,"output_tokens":7}}}"#,
                r#"{"type":"response.failed","response":{"id":"resp_1"}}"#,
                r#"{"type":"error","code":"server_error","message":"m","param":null}"#,
            ],
        );
        assert_eq!(kinds, [Kind::Plain, Kind::Plain, Kind::Done, error(""), error(": server_error")]);
        assert_eq!(tally.report().usage.map(|usage| (usage.input, usage.output)), Some((5, 7)));
    }

    #[test]
    fn googles_events() {
        let (kinds, tally) = all(
            Shape::Gemini,
            &[
                r#"{"candidates":[{"content":{"parts":[{"text":"a \"error\""}]}}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":1}}"#,
                r#"{"candidates":[{"content":{"parts":[{"text":"b"}]}}]}"#,
                r#"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":7}}"#,
                r#"{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}"#,
            ],
        );
        let usage = |only_usage| Kind::Usage { only_usage };
        assert_eq!(kinds, [usage(false), Kind::Plain, usage(true), error(": UNAVAILABLE")]);
        assert_eq!(tally.report().usage.map(|usage| (usage.input, usage.output)), Some((5, 7)));
    }

    #[test]
    fn amazons_frames() {
        let mut tally = Tally::new(Shape::Converse);
        let mut frame = |headers: &[(&str, &str)], payload: &[u8]| {
            let mut out = Vec::new();
            frame::encode(headers, payload, &mut out);
            classify(Shape::Converse, &out, &mut tally)
        };
        let event = |kind| [(":event-type", kind), (":message-type", "event")];
        assert_eq!(frame(&event("contentBlockDelta"), br#"{"delta":{"text":"a"}}"#), Kind::Plain);
        let usage = br#"{"usage":{"inputTokens":5,"outputTokens":7,"totalTokens":12}}"#;
        assert_eq!(frame(&event("metadata"), usage), Kind::Done);
        let exception = [(":exception-type", "throttlingException"), (":message-type", "exception")];
        assert_eq!(frame(&exception, b"{}"), error(": throttlingException"));
        assert_eq!(tally.report().usage.map(|usage| (usage.input, usage.output)), Some((5, 7)));
    }
}
