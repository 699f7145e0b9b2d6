//! The usage in an answer, and what else of it the ledger keeps.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use tollgate_domain::price::ServiceTier;
use tollgate_domain::usage::Usage;

use super::request::{cut, parse_str};

/// A longer id of an answer is cut, in characters.
const MAX_ID: usize = 128;

/// What the ledger keeps of an answer, or of one event of a streamed one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// `None`: the provider said nothing. All zero is something else: the provider said zero.
    pub usage: Option<Usage>,
    pub tier: ServiceTier,
    pub id: Option<String>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    service_tier: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireUsage {
    #[serde(deserialize_with = "count")]
    prompt_tokens: Option<u64>,
    #[serde(deserialize_with = "count")]
    completion_tokens: Option<u64>,
    #[serde(deserialize_with = "count")]
    total_tokens: Option<u64>,
    #[serde(deserialize_with = "details")]
    prompt_tokens_details: Details,
    #[serde(deserialize_with = "details")]
    completion_tokens_details: Details,
    /// DeepSeek's name for cached tokens.
    #[serde(deserialize_with = "count")]
    prompt_cache_hit_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the wire's own names")]
struct Details {
    #[serde(deserialize_with = "count")]
    cached_tokens: Option<u64>,
    #[serde(deserialize_with = "count")]
    cache_write_tokens: Option<u64>,
    #[serde(deserialize_with = "count")]
    audio_tokens: Option<u64>,
    #[serde(deserialize_with = "count")]
    image_tokens: Option<u64>,
    #[serde(deserialize_with = "count")]
    reasoning_tokens: Option<u64>,
}

/// A count that some providers write as a float or as null; what is neither is no count.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let value = Option::<serde_json::Number>::deserialize(deserializer)?;
    Ok(value.and_then(|n| n.as_u64().or_else(|| whole(n.as_f64()?))))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a small whole number")]
fn whole(value: f64) -> Option<u64> {
    ((0.0..=9e15).contains(&value) && value.fract() == 0.0).then_some(value as u64)
}

fn details<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Details, D::Error> {
    Option::<Details>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads an answer or an event's data. `None` if it is not a JSON object.
pub fn read(json: &[u8]) -> Option<Report> {
    let text = std::str::from_utf8(json).ok().filter(|text| text.trim_ascii_start().starts_with('{'))?;
    let answer: Answer<'_> = serde_json::from_str(text).ok()?;
    Some(Report {
        usage: answer.usage.and_then(|raw| parse_usage(raw.get())),
        tier: answer
            .service_tier
            .and_then(parse_str)
            .map_or(ServiceTier::Standard, |tier| ServiceTier::from_wire(&tier)),
        id: answer.id.and_then(parse_str).map(|id| cut(&id, MAX_ID).to_owned()),
    })
}

fn parse_usage(json: &str) -> Option<Usage> {
    let wire: WireUsage = serde_json::from_str(json).ok()?;
    // Embeddings have only prompt and total.
    let input = wire.prompt_tokens;
    let output = wire.completion_tokens;
    if input.is_none() && output.is_none() && wire.total_tokens.is_none() {
        return None;
    }
    let input = input.or_else(|| wire.total_tokens.map(|total| total.saturating_sub(output.unwrap_or(0))));
    let input_details = wire.prompt_tokens_details;
    let output_details = wire.completion_tokens_details;
    Some(Usage {
        input: input.unwrap_or(0),
        cache_read: input_details.cached_tokens.or(wire.prompt_cache_hit_tokens).unwrap_or(0),
        cache_write: input_details.cache_write_tokens.unwrap_or(0),
        cache_write_1h: 0,
        audio_input: input_details.audio_tokens.unwrap_or(0),
        image_input: input_details.image_tokens.unwrap_or(0),
        output: output.unwrap_or(0),
        reasoning: output_details.reasoning_tokens.unwrap_or(0),
        audio_output: output_details.audio_tokens.unwrap_or(0),
        image_output: output_details.image_tokens.unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_detail_is_read() {
        let report = read(
            br#"{"id":"chatcmpl-1","service_tier":"priority","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,
            "total_tokens":120,"prompt_tokens_details":{"cached_tokens":40,"audio_tokens":5},
            "completion_tokens_details":{"reasoning_tokens":8,"audio_tokens":null}}}"#,
        );
        let usage = Usage { input: 100, cache_read: 40, audio_input: 5, output: 20, reasoning: 8, ..Usage::default() };
        let expected = Report { usage: Some(usage), tier: ServiceTier::Priority, id: Some("chatcmpl-1".into()) };
        assert_eq!(report, Some(expected));
    }

    #[test]
    fn zero_is_not_absent() {
        let usage = |json: &str| read(json.as_bytes()).unwrap().usage;
        assert_eq!(usage(r#"{"usage":{"prompt_tokens":0,"completion_tokens":0}}"#), Some(Usage::default()));
        assert_eq!(usage(r#"{"usage":{}}"#), None);
        assert_eq!(usage(r#"{"usage":null}"#), None);
        assert_eq!(usage(r"{}"), None);
        assert_eq!(read(b"<html>"), None);
    }

    #[test]
    fn odd_providers_are_understood() {
        let usage = |json: &str| read(json.as_bytes()).unwrap().usage.unwrap();
        assert_eq!(usage(r#"{"usage":{"prompt_tokens":7.0,"total_tokens":7}}"#).input, 7);
        assert_eq!(usage(r#"{"usage":{"total_tokens":9}}"#).input, 9);
        assert_eq!(usage(r#"{"usage":{"prompt_tokens":9,"prompt_cache_hit_tokens":4}}"#).cache_read, 4);
        assert_eq!(usage(r#"{"usage":{"prompt_tokens":9,"prompt_tokens_details":null}}"#).input, 9);
    }
}
