//! Anthropic's messages: tokens read from the cache and written to it are counted beside the prompt's others.

use serde_json::Value;
use tollgate_domain::usage::{Units, Usage};

use super::json::{Members, at, first, sum};
use super::{Picked, bedrock, keep, keep_text};

pub fn pick(answer: &Members<'_>, picked: &mut Picked) {
    // A stream begins with the message, and ends with a change of it.
    let message = answer.object("message");
    let usage = answer.value("usage").or_else(|| message.as_ref()?.value("usage"));
    if let Some(tier) = usage.as_ref().and_then(|usage| usage["service_tier"].as_str()) {
        keep_text(picked, "tier", Some(tier.to_owned()));
    }
    keep(picked, "usage", usage);
    keep(picked, "metrics", answer.value(bedrock::METRICS));
    keep_text(picked, "id", message.as_ref().unwrap_or(answer).text("id"));
}

pub fn usage(picked: &Value) -> Option<Usage> {
    let usage = &picked["usage"];
    let input = first(usage, &["input_tokens"]);
    let read = first(usage, &["cache_read_input_tokens"]);
    let (short, long) = (
        at(usage, &["cache_creation", "ephemeral_5m_input_tokens"]),
        at(usage, &["cache_creation", "ephemeral_1h_input_tokens"]),
    );
    let written = first(usage, &["cache_creation_input_tokens"]).filter(|all| *all > 0).or_else(|| sum(&[short, long]));
    let output = first(usage, &["output_tokens"]);
    if input.is_none() && output.is_none() {
        // Bedrock's own count, at the end of its streams.
        return bedrock::metrics(&picked["metrics"]);
    }
    let written = written.unwrap_or(0);
    let long = long.unwrap_or(0).min(written);
    Some(Usage {
        input: sum(&[input, read, Some(written)]).unwrap_or(0),
        cache_read: read.unwrap_or(0),
        cache_write: written - long,
        cache_write_1h: long,
        output: output.unwrap_or(0),
        units: Units {
            web_searches: at(usage, &["server_tool_use", "web_search_requests"]).unwrap_or(0),
            ..Units::default()
        },
        ..Usage::default()
    })
}
