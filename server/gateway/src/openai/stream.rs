//! What is done to the events of a stream on their way to the client: usage hidden where it wasn't asked for, the cost
//! added where it was.

use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;
use tollgate_dialects::usage::Tally;
use tollgate_domain::Nanos;

use crate::openai::error::named;
use tollgate_dialects::sse;

/// What an event is, as far as the gateway cares.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// Content, a comment, anything: passed on as it is.
    Plain,
    /// Carries the usage, which the tally has now; `only_usage` if it has no choices beside it.
    Usage { only_usage: bool },
    /// Says `usage: null` and whatever else.
    NullUsage,
    /// The provider reports an error in mid-stream.
    Error { message: String },
    /// `[DONE]`
    Done,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default)]
    choices: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

const USAGE: &[u8] = b"\"usage\"";

/// Classifies an event, and takes its usage into `tally`. Cheap for content: only events that contain `"usage"` or
/// `"error"` are parsed.
pub fn classify(event: &[u8], tally: &mut Tally) -> Kind {
    let usage_at = memmem::find(event, USAGE);
    let error_at = memmem::find(event, b"\"error\"");
    if usage_at.is_none() && error_at.is_none() {
        return match sse::data(event) {
            Some(data) if sse::is_done(&data) => Kind::Done,
            _ => Kind::Plain,
        };
    }
    // What the gateway asks of every stream: not read any further.
    if error_at.is_none() && usage_at.is_some_and(|at| is_null(&event[at + USAGE.len()..])) {
        return Kind::NullUsage;
    }
    let Some(data) = sse::data(event) else { return Kind::Plain };
    let Some(parsed) = std::str::from_utf8(&data).ok().and_then(|text| serde_json::from_str::<Event<'_>>(text).ok())
    else {
        return Kind::Plain;
    };
    if let Some(error) = parsed.error {
        return Kind::Error { message: error_message(error.get()) };
    }
    // Some have it elsewhere than at the top.
    if usage_at.is_some() && tally.event(&data) {
        let only_usage = parsed.choices.is_none_or(|choices| is_empty_array(choices.get()));
        return Kind::Usage { only_usage };
    }
    if usage_at.is_some() { Kind::NullUsage } else { Kind::Plain }
}

/// Whether a member's value is null, and no usage comes after it. `rest`: what is after its name.
fn is_null(rest: &[u8]) -> bool {
    let value = rest.trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start);
    value.is_some_and(|value| value.starts_with(b"null")) && memmem::find(rest, USAGE).is_none()
}

fn is_empty_array(json: &str) -> bool {
    json.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).is_some_and(|rest| rest.trim_ascii().is_empty())
}

/// Its own words may quote the prompt: only names are kept.
fn error_message(json: &str) -> String {
    #[derive(Deserialize)]
    struct Error {
        r#type: Option<String>,
        code: Option<String>,
    }
    let error = serde_json::from_str::<Error>(json).unwrap_or(Error { r#type: None, code: None });
    format!("the provider reported an error{}", named([error.r#type.as_deref(), error.code.as_deref()]))
}

/// The event without `"usage":null`, which the provider only says because the gateway asked for the usage.
pub fn without_null_usage(event: &Bytes) -> Bytes {
    for pattern in [&b",\"usage\":null"[..], b", \"usage\": null", b"\"usage\":null,", b"\"usage\": null, "] {
        let mut found = memmem::find_iter(event, pattern);
        // Content may hold the same text only with its quotes escaped, so one find is the field itself.
        if let (Some(at), None) = (found.next(), found.next()) {
            let mut out = Vec::with_capacity(event.len());
            out.extend_from_slice(&event[..at]);
            out.extend_from_slice(&event[at + pattern.len()..]);
            return Bytes::from(out);
        }
    }
    event.clone()
}

/// The usage event with `"cost"` (dollars, exact) as the last field of `usage`. Unchanged if its data is not one line
/// of JSON with a usage object.
pub fn with_cost(event: &Bytes, cost: Nanos) -> Bytes {
    let Some(data) = sse::data(event) else { return event.clone() };
    let Some(end) = std::str::from_utf8(&data)
        .ok()
        .and_then(|text| Some((text, serde_json::from_str::<Event<'_>>(text).ok()?.usage?.get())))
        .map(|(text, usage)| usage.as_ptr().addr() - text.as_ptr().addr() + usage.len())
    else {
        return event.clone();
    };
    let Some(start) = memmem::find(event, &data) else { return event.clone() };
    // `usage` ends with a brace: the field goes before it.
    let at = start + end - 1;
    let comma = if event[..at].trim_ascii_end().ends_with(b"{") { "" } else { "," };
    let mut out = Vec::with_capacity(event.len() + 32);
    out.extend_from_slice(&event[..at]);
    out.extend_from_slice(format!("{comma}\"cost\":{}", cost.to_decimal()).as_bytes());
    out.extend_from_slice(&event[at..]);
    Bytes::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classify(event: &[u8]) -> Kind {
        super::classify(event, &mut Tally::default())
    }

    #[test]
    fn events_are_told_apart() {
        assert_eq!(classify(b"data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\n"), Kind::Plain);
        assert_eq!(classify(b": ping\n\n"), Kind::Plain);
        assert_eq!(classify(b"data: [DONE]\n\n"), Kind::Done);
        assert_eq!(classify(b"data: {\"choices\":[{}],\"usage\":null}\n\n"), Kind::NullUsage);
        assert_eq!(classify(b"data: {\"usage\" : null , \"choices\":[{}]}\n\n"), Kind::NullUsage);
        assert!(matches!(
            classify(b"data: {\"choices\":[],\"usage\":null,\"x_groq\":{\"usage\":{\"prompt_tokens\":1}}}\n\n"),
            Kind::Usage { only_usage: true }
        ));
        // The word in the content is not the field.
        assert_eq!(classify(b"data: {\"choices\":[{\"x\":\"the \\\"usage\\\" of\"}]}\n\n"), Kind::Plain);
        assert!(matches!(
            classify(b"data: {\"choices\": [ ],\"usage\":{\"prompt_tokens\":1}}\n\n"),
            Kind::Usage { only_usage: true }
        ));
        assert!(matches!(
            classify(b"data: {\"choices\":[{}],\"usage\":{\"prompt_tokens\":1}}\n\n"),
            Kind::Usage { only_usage: false }
        ));
        assert_eq!(
            classify(b"data: {\"error\":{\"message\":\"too much\",\"type\":\"overloaded_error\"}}\n\n"),
            Kind::Error { message: "the provider reported an error: overloaded_error".to_owned() }
        );
        assert_eq!(classify(b"data: {broken \"usage\"\n\n"), Kind::Plain);
    }

    #[test]
    fn null_usage_is_cut_out() {
        let cut = |event: &'static str| without_null_usage(&Bytes::from_static(event.as_bytes()));
        assert_eq!(cut("data: {\"a\":1,\"usage\":null}\n\n"), "data: {\"a\":1}\n\n");
        assert_eq!(cut("data: {\"usage\":null,\"a\":1}\n\n"), "data: {\"a\":1}\n\n");
        assert_eq!(cut("data: {\"a\": 1, \"usage\": null}\n\n"), "data: {\"a\": 1}\n\n");
        assert_eq!(cut("data: {\"a\":1}\n\n"), "data: {\"a\":1}\n\n");
    }

    #[test]
    fn the_cost_is_added() {
        let add = |event: &'static str| with_cost(&Bytes::from_static(event.as_bytes()), Nanos(42_000));
        assert_eq!(
            add("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1},\"x\":{}}\r\n\r\n"),
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"cost\":0.000042},\"x\":{}}\r\n\r\n"
        );
        assert_eq!(add("data: [DONE]\n\n"), "data: [DONE]\n\n");
    }
}
