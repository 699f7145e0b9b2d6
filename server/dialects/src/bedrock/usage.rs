//! `TokenUsage`: what was cached is not among the input here.

use crate::json::{Json, Object};
use crate::neutral::Usage;

pub(super) fn read(object: &Object<'_>) -> Usage {
    let count = |key| object.get(key).and_then(Json::as_u64).unwrap_or_default();
    let read = count("cacheReadInputTokens");
    let written = count("cacheWriteInputTokens");
    let rows = object.get("cacheDetails").and_then(Json::as_array).unwrap_or_default();
    let hour = rows
        .iter()
        .filter(|row| row.get("ttl").and_then(Json::as_str) == Some("1h"))
        .filter_map(|row| row.get("inputTokens")?.as_u64())
        .fold(0, u64::saturating_add)
        .min(written);
    Usage {
        input: count("inputTokens").saturating_add(read).saturating_add(written),
        cache_read: read,
        cache_write: written - hour,
        cache_write_1h: hour,
        output: count("outputTokens"),
        ..Usage::default()
    }
}

pub(super) fn write(usage: &Usage) -> Object<'static> {
    let written = usage.cache_write.saturating_add(usage.cache_write_1h);
    let input = usage.input.saturating_sub(usage.cache_read).saturating_sub(written);
    let mut out = Object::new().with("inputTokens", input).with("outputTokens", usage.output);
    out.put("totalTokens", usage.total());
    if usage.cache_read > 0 || written > 0 {
        out.put("cacheReadInputTokens", usage.cache_read);
        out.put("cacheWriteInputTokens", written);
    }
    if usage.cache_write_1h > 0 {
        let rows = [("1h", usage.cache_write_1h), ("5m", usage.cache_write)];
        let rows = rows.into_iter().filter(|(_, count)| *count > 0);
        let rows: Vec<Json<'static>> =
            rows.map(|(ttl, count)| Object::new().with("ttl", ttl).with("inputTokens", count).into()).collect();
        out.put("cacheDetails", rows);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cached_is_input() {
        let text = r#"{"inputTokens":10,"outputTokens":5,"totalTokens":145,"cacheReadInputTokens":100,"cacheWriteInputTokens":30,"cacheDetails":[{"ttl":"1h","inputTokens":20},{"ttl":"5m","inputTokens":10}]}"#;
        let object = Json::parse(text.as_bytes()).unwrap().into_object().unwrap();
        let usage = read(&object);
        let expected =
            Usage { input: 140, cache_read: 100, cache_write: 10, cache_write_1h: 20, output: 5, ..Usage::default() };
        assert_eq!(usage, expected);
        assert_eq!(write(&usage).to_string(), text);
    }
}
