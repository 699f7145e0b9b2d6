//! Bedrock's usage: Converse, where the cache's tokens are beside the input's, and what `InvokeModel` adds of its own.

use serde_json::Value;
use tollgate_domain::usage::Usage;

use super::json::{Members, count, first, sum};
use super::{Picked, keep, keep_text};

/// What Bedrock adds to the last event of a stream in any shape.
pub const METRICS: &str = "amazon-bedrock-invocationMetrics";

pub fn pick_converse(answer: &Members<'_>, picked: &mut Picked) {
    // A stream's last event, with or without its name around it.
    let within = answer.object("metadata");
    let answer = within.as_ref().unwrap_or(answer);
    keep(picked, "usage", answer.value("usage"));
    let tier = answer.object("serviceTier").and_then(|tier| tier.text("type"));
    keep_text(picked, "tier", tier);
}

pub fn converse(picked: &Value) -> Option<Usage> {
    counts(&picked["usage"])
}

fn counts(usage: &Value) -> Option<Usage> {
    let (input, output) = (first(usage, &["inputTokens"]), first(usage, &["outputTokens"]));
    sum(&[input, output])?;
    let read = first(usage, &["cacheReadInputTokens", "cacheReadInputTokenCount"]);
    let written = first(usage, &["cacheWriteInputTokens", "cacheWriteInputTokenCount"]);
    let details = usage["cacheDetails"].as_array().map(Vec::as_slice).unwrap_or_default();
    let long = details.iter().filter(|item| item["ttl"] == "1h").filter_map(|item| count(&item["inputTokens"]));
    let of_details = details.iter().filter_map(|item| count(&item["inputTokens"])).reduce(u64::saturating_add);
    let written = written.filter(|all| *all > 0).or(of_details).unwrap_or(0);
    let long = long.fold(0, u64::saturating_add).min(written);
    Some(Usage {
        input: sum(&[input, read, Some(written)]).unwrap_or(0),
        cache_read: read.unwrap_or(0),
        cache_write: written - long,
        cache_write_1h: long,
        output: output.unwrap_or(0),
        ..Usage::default()
    })
}

pub fn pick_invoke(answer: &Members<'_>, picked: &mut Picked) {
    keep(picked, "metrics", answer.value(METRICS));
    // Nova's stream ends like Converse's.
    let usage = answer.value("usage").or_else(|| answer.object("metadata")?.value("usage"));
    keep(picked, "usage", usage);
    // Llama's names, and Titan's.
    for name in ["prompt_token_count", "generation_token_count", "inputTextTokenCount", "totalOutputTextTokenCount"] {
        keep(picked, name, answer.value(name));
    }
    let results = answer.list::<Value>("results").unwrap_or_default();
    let tokens = results.iter().filter_map(|result| count(&result["tokenCount"])).reduce(u64::saturating_add);
    keep(picked, "results", tokens.map(Value::from));
}

pub fn invoke(picked: &Value) -> Option<Usage> {
    let of_model = || {
        let input = first(picked, &["prompt_token_count", "inputTextTokenCount"]);
        let output = first(picked, &["generation_token_count", "totalOutputTextTokenCount", "results"]);
        sum(&[input, output])?;
        Some(Usage { input: input.unwrap_or(0), output: output.unwrap_or(0), ..Usage::default() })
    };
    // Bedrock's own count is the one that it bills.
    metrics(&picked["metrics"]).or_else(|| counts(&picked["usage"])).or_else(of_model)
}

/// Bedrock's own count of an invocation.
pub fn metrics(metrics: &Value) -> Option<Usage> {
    let (input, output) = (first(metrics, &["inputTokenCount"]), first(metrics, &["outputTokenCount"]));
    sum(&[input, output])?;
    let read = first(metrics, &["cacheReadInputTokenCount"]);
    let written = first(metrics, &["cacheWriteInputTokenCount"]);
    Some(Usage {
        input: sum(&[input, read, written]).unwrap_or(0),
        cache_read: read.unwrap_or(0),
        cache_write: written.unwrap_or(0),
        output: output.unwrap_or(0),
        ..Usage::default()
    })
}
