//! Reading the little that routing needs from a request's body, and changing it by byte ranges.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use tollgate_domain::price::ServiceTier;

/// The fields of a request that the gateway looks at. Everything else stays bytes.
#[derive(Debug, Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stream: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    stream_options: Option<&'a RawValue>,
    #[serde(borrow, default)]
    user: Option<&'a RawValue>,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tags: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    max_tokens: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    max_completion_tokens: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    max_output_tokens: Option<&'a RawValue>,
    #[serde(borrow, default)]
    n: Option<&'a RawValue>,
    #[serde(borrow, default)]
    best_of: Option<&'a RawValue>,
    #[serde(borrow, default)]
    service_tier: Option<&'a RawValue>,
}

/// A value that is there, if only as `null`: the field must not be written a second time.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// What was found in a request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peek {
    pub model: String,
    model_range: Range<usize>,
    pub stream: bool,
    /// Where the value of `stream_options` is: an object, or `null`.
    stream_options_range: Option<Range<usize>>,
    /// The client asked for the usage of a stream.
    pub include_usage: bool,
    /// The `user` field: the end customer, at most [`MAX_END_USER`] characters.
    pub end_user: Option<String>,
    /// The texts in the lists `metadata.tags` and `tags`, at most [`MAX_TAGS`].
    pub tags: Vec<String>,
    /// What is the gateway's own business and not the provider's: the list `tags` with its name, and `metadata` if it has
    /// such a list in it.
    tags_range: Option<Range<usize>>,
    metadata_range: Option<Range<usize>>,
    /// How long each answer may be, in tokens: the largest of [`LIMIT_FIELDS`].
    pub answer_limit: Option<u64>,
    /// Where the values of [`LIMIT_FIELDS`] are, whatever they are.
    limit_ranges: [Option<Range<usize>>; 3],
    /// How many answers are asked for: the larger of `n` and `best_of`.
    pub answers: u64,
    pub tier: ServiceTier,
}

/// What limits an answer's length, as in [`Peek::limit_ranges`].
const LIMIT_FIELDS: [&str; 3] = ["max_tokens", "max_completion_tokens", "max_output_tokens"];

/// Longer `user` fields are cut in the ledger.
pub const MAX_END_USER: usize = 200;

/// Of so many tags in a body the rest is not looked at.
const MAX_TAGS: usize = 100;

/// A model's name can't be longer, in bytes.
pub const MAX_MODEL: usize = 512;

/// What is wrong with a request's body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("The body is not valid UTF-8 (first bad byte at {0}).")]
    NotUtf8(usize),
    #[error("The body is not valid JSON: {0}.")]
    NotJson(String),
    #[error("The body must be a JSON object.")]
    NotAnObject,
    #[error("The field `model` is missing.")]
    NoModel,
    #[error("The field `{field}` must be {expected}.")]
    WrongType { field: &'static str, expected: &'static str },
}

impl BodyError {
    /// The field to name as `param`.
    pub fn param(&self) -> Option<&'static str> {
        match self {
            Self::NoModel => Some("model"),
            Self::WrongType { field, .. } => Some(field),
            _ => None,
        }
    }
}

/// Where `part`, a slice of `whole`, lies in it.
fn range_in(whole: &[u8], part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}

/// Reads the fields that matter. The whole body is checked to be one JSON object; no tree of it is built.
pub fn peek(body: &[u8]) -> Result<Peek, BodyError> {
    let text = std::str::from_utf8(body).map_err(|e| BodyError::NotUtf8(e.valid_up_to()))?;
    // serde would also read a JSON array as a struct.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => BodyError::NotAnObject,
            Err(e) => BodyError::NotJson(e.to_string()),
        });
    }
    let fields: Fields<'_> = serde_json::from_str(text).map_err(|e| BodyError::NotJson(e.to_string()))?;
    let raw_model = fields.model.ok_or(BodyError::NoModel)?;
    let wrong_model = BodyError::WrongType { field: "model", expected: "a text of 1 to 512 bytes" };
    let model: Cow<'_, str> = parse_str(raw_model).ok_or_else(|| wrong_model.clone())?;
    if model.is_empty() || model.len() > MAX_MODEL {
        return Err(wrong_model);
    }
    let stream = match fields.stream.map(RawValue::get) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(BodyError::WrongType { field: "stream", expected: "true or false" }),
    };
    let mut include_usage = false;
    let mut stream_options_range = None;
    if let Some(raw) = fields.stream_options {
        #[derive(Deserialize)]
        struct StreamOptions {
            #[serde(default)]
            include_usage: Option<bool>,
        }
        let wrong = BodyError::WrongType { field: "stream_options", expected: "an object" };
        if raw.get() != "null" {
            if !raw.get().starts_with('{') {
                return Err(wrong);
            }
            let options: StreamOptions = serde_json::from_str(raw.get()).map_err(|_| wrong)?;
            include_usage = options.include_usage.unwrap_or(false);
        }
        stream_options_range = Some(range_in(body, raw.get()));
    }
    let end_user = fields.user.and_then(parse_str).or_else(|| fields.metadata.and_then(user_id));
    let end_user = end_user.map(|user| cut(user.trim(), MAX_END_USER).to_owned());
    let mut tags = Vec::new();
    let mut metadata_range = None;
    if let Some(raw) = fields.metadata.filter(|raw| raw.get().starts_with('{') && raw.get().contains("\"tags\"")) {
        #[derive(Deserialize)]
        struct Metadata<'a> {
            #[serde(borrow, default)]
            tags: Option<&'a RawValue>,
        }
        // Whatever else it is, it is the provider's to judge.
        let metadata = serde_json::from_str::<Metadata<'_>>(raw.get()).ok();
        if metadata.and_then(|metadata| metadata.tags).is_some_and(|list| add_tags(list, &mut tags)) {
            metadata_range = Some(range_in(body, raw.get()));
        }
    }
    let tags_range = fields.tags.filter(|list| add_tags(list, &mut tags)).and_then(|list| {
        let value = range_in(body, list.get());
        member_around(body, "tags", value)
    });
    let limits = [fields.max_tokens, fields.max_completion_tokens, fields.max_output_tokens];
    let limit_ranges = limits.map(|raw| raw.map(|raw| range_in(body, raw.get())));
    Ok(Peek {
        model: model.into_owned(),
        model_range: range_in(body, raw_model.get()),
        stream,
        stream_options_range,
        include_usage,
        end_user: end_user.filter(|user| !user.is_empty()),
        tags,
        tags_range,
        metadata_range,
        answer_limit: limits.into_iter().filter_map(count).max(),
        limit_ranges,
        answers: [fields.n, fields.best_of].into_iter().filter_map(count).fold(1, u64::max),
        tier: fields.service_tier.and_then(parse_str).map(|name| ServiceTier::from_wire(&name)).unwrap_or_default(),
    })
}

/// What the URL of a call says that other dialects have in the body: Google's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUrl {
    pub model: String,
    pub stream: bool,
    /// A stream is wanted as events, and not as one list.
    pub events: bool,
}

/// Reads the fields that matter of a request whose model is in its URL.
pub fn peek_beside(body: &[u8], url: &InUrl) -> Result<Peek, BodyError> {
    #[derive(Default, Deserialize)]
    struct Config<'a> {
        #[serde(borrow, default, alias = "max_output_tokens", rename = "maxOutputTokens")]
        limit: Option<&'a RawValue>,
        #[serde(borrow, default, alias = "candidate_count", rename = "candidateCount")]
        answers: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow, default, alias = "generation_config", rename = "generationConfig")]
        config: Option<&'a RawValue>,
    }
    let text = std::str::from_utf8(body).map_err(|e| BodyError::NotUtf8(e.valid_up_to()))?;
    let not_json = |e: serde_json::Error| BodyError::NotJson(e.to_string());
    if !text.trim_ascii_start().starts_with('{') {
        return Err(
            serde_json::from_str::<serde::de::IgnoredAny>(text).map_or_else(not_json, |_| BodyError::NotAnObject)
        );
    }
    if url.model.is_empty() || url.model.len() > MAX_MODEL {
        return Err(BodyError::WrongType { field: "model", expected: "a text of 1 to 512 bytes" });
    }
    let fields: Fields<'_> = serde_json::from_str(text).map_err(not_json)?;
    let config = fields.config.and_then(|raw| serde_json::from_str::<Config<'_>>(raw.get()).ok()).unwrap_or_default();
    Ok(Peek {
        model: url.model.clone(),
        model_range: 0..0,
        stream: url.stream,
        stream_options_range: None,
        include_usage: true,
        end_user: None,
        tags: Vec::new(),
        tags_range: None,
        metadata_range: None,
        answer_limit: count(config.limit),
        limit_ranges: [None, None, None],
        answers: count(config.answers).unwrap_or(1).max(1),
        tier: ServiceTier::default(),
    })
}

/// A whole number; anything else is the provider's to refuse.
fn count(raw: Option<&RawValue>) -> Option<u64> {
    let text = raw?.get();
    // `100.0` is a number that some clients send.
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

/// How many parts of a prompt are addresses that the provider fetches itself: their size is not the body's.
pub fn remote_parts(body: &[u8]) -> u64 {
    let has_parts = [
        &b"\"image_url\""[..],
        b"\"file\"",
        b"\"input_audio\"",
        b"\"video_url\"",
        // Anthropic's, Google's, and those of responses.
        b"\"image\"",
        b"\"document\"",
        b"\"fileData\"",
        b"\"file_data\"",
        b"\"input_image\"",
        b"\"input_file\"",
    ];
    if !has_parts.iter().any(|name| memchr::memmem::find(body, name).is_some()) {
        return 0;
    }
    u64::try_from(memchr::memmem::find_iter(body, b"\"http").count()).unwrap_or(u64::MAX)
}

/// Anthropic's word for the end user, in `metadata`.
fn user_id(metadata: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Metadata<'a> {
        #[serde(borrow, default)]
        user_id: Option<&'a RawValue>,
    }
    if !metadata.get().contains("\"user_id\"") {
        return None;
    }
    serde_json::from_str::<Metadata<'_>>(metadata.get()).ok()?.user_id.and_then(parse_str)
}

/// Adds the texts in a list. `false`: it is no list.
fn add_tags(list: &RawValue, tags: &mut Vec<String>) -> bool {
    if !list.get().starts_with('[') {
        return false;
    }
    let items: Vec<&RawValue> = serde_json::from_str(list.get()).unwrap_or_default();
    let room = MAX_TAGS.saturating_sub(tags.len());
    tags.extend(items.into_iter().filter_map(parse_str).map(Cow::into_owned).take(room));
    true
}

/// The whole member of an object whose value is at `value`, with one of the commas beside it. `None`: its name is not
/// written in the plainest way.
fn member_around(body: &[u8], name: &str, value: Range<usize>) -> Option<Range<usize>> {
    let before = body[..value.start].trim_ascii_end().strip_suffix(b":")?.trim_ascii_end();
    let before = before.strip_suffix(b"\"")?.strip_suffix(name.as_bytes())?.strip_suffix(b"\"")?;
    let after = body[value.end..].trim_ascii_start();
    if let Some(rest) = after.strip_prefix(b",") {
        return Some(before.len()..body.len() - rest.len());
    }
    let start = before.trim_ascii_end().strip_suffix(b",").map_or(before.len(), <[u8]>::len);
    Some(start..value.end)
}

/// The first characters of a text.
pub fn cut(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

pub fn parse_str(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text = raw.get();
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str::<String>(text).ok().map(Cow::Owned)
}

/// A limit for the answer's length that the client did not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerLimit {
    /// One of [`LIMIT_FIELDS`].
    pub field: &'static str,
    pub tokens: u64,
}

/// The body to send upstream, as pieces of the client's own bytes with the changes between them.
pub fn rewrite(
    body: &Bytes,
    peek: &Peek,
    upstream_model: &str,
    add_include_usage: bool,
    limit: Option<AnswerLimit>,
) -> Vec<Bytes> {
    let mut edits: Vec<(Range<usize>, Bytes)> = Vec::new();
    if let Some(AnswerLimit { field, tokens }) = limit {
        let known = LIMIT_FIELDS.iter().zip(&peek.limit_ranges).find(|(name, _)| **name == field);
        if let Some(range) = known.and_then(|(_, range)| range.clone()) {
            edits.push((range, Bytes::from(tokens.to_string())));
        } else if let Some(end) = body.iter().rposition(|b| *b == b'}') {
            edits.push((end..end, Bytes::from(format!(",\"{field}\":{tokens}"))));
        }
    }
    if peek.model != upstream_model {
        let quoted = serde_json::Value::from(upstream_model).to_string();
        edits.push((peek.model_range.clone(), Bytes::from(quoted)));
    }
    if add_include_usage {
        match &peek.stream_options_range {
            Some(range) => {
                let mut options: serde_json::Map<String, serde_json::Value> =
                    serde_json::from_slice(&body[range.clone()]).unwrap_or_default();
                options.insert("include_usage".to_owned(), true.into());
                edits.push((range.clone(), Bytes::from(serde_json::Value::Object(options).to_string())));
            }
            None => {
                // The body has at least `model`, so a comma before the new field is right.
                if let Some(end) = body.iter().rposition(|b| *b == b'}') {
                    edits.push((end..end, Bytes::from_static(b",\"stream_options\":{\"include_usage\":true}")));
                }
            }
        }
    }
    if let Some(range) = &peek.tags_range {
        edits.push((range.clone(), Bytes::new()));
    }
    if let Some(range) = &peek.metadata_range {
        let mut metadata: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&body[range.clone()]).unwrap_or_default();
        metadata.remove("tags");
        edits.push((range.clone(), Bytes::from(serde_json::Value::Object(metadata).to_string())));
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut pieces = Vec::with_capacity(edits.len() * 2 + 1);
    let mut from = 0;
    for (range, replacement) in edits {
        if range.start > from {
            pieces.push(body.slice(from..range.start));
        }
        if !replacement.is_empty() {
            pieces.push(replacement);
        }
        from = range.end;
    }
    if from < body.len() {
        pieces.push(body.slice(from..));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rewritten(body: &str, model: &str, usage: bool) -> String {
        let bytes = Bytes::copy_from_slice(body.as_bytes());
        let found = peek(&bytes).unwrap();
        String::from_utf8(rewrite(&bytes, &found, model, usage, None).concat()).unwrap()
    }

    #[test]
    fn what_an_answer_may_be_is_read_and_can_be_added() {
        let found = |body: &str| {
            let found = peek(body.as_bytes()).unwrap();
            (found.answer_limit, found.answers, found.tier)
        };
        assert_eq!(found(r#"{"model":"m"}"#), (None, 1, ServiceTier::Standard));
        assert_eq!(
            found(r#"{"model":"m","max_tokens":5,"max_completion_tokens":7.0,"n":3,"service_tier":"priority"}"#),
            (Some(7), 3, ServiceTier::Priority)
        );
        assert_eq!(found(r#"{"model":"m","max_tokens":null,"n":0,"best_of":"x"}"#), (None, 1, ServiceTier::Standard));
        let bytes = Bytes::from_static(br#"{"model":"m","stream":true} "#);
        let limit = Some(AnswerLimit { field: "max_tokens", tokens: 9 });
        let out = rewrite(&bytes, &peek(&bytes).unwrap(), "m", true, limit).concat();
        let out: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!((&out["max_tokens"], &out["stream_options"]["include_usage"]), (&9.into(), &true.into()));
    }

    #[test]
    fn addresses_in_prompts_are_counted() {
        let body = br#"{"messages":[{"content":[{"type":"image_url","image_url":{"url":"https://x/a.png"}}]}]}"#;
        assert_eq!(remote_parts(body), 1);
        assert_eq!(remote_parts(br#"{"messages":[{"content":"http://x is a link, \"https\" too"}]}"#), 0);
    }

    #[test]
    fn only_the_model_changes() {
        let body = "{ \"x\": 1.0e0, \"messages\":[{\"model\":\"inner\"}], \"model\" : \"a\\u0062c\", \"zzz\":[ ] }";
        assert_eq!(
            rewritten(body, "gpt-\"4", false),
            "{ \"x\": 1.0e0, \"messages\":[{\"model\":\"inner\"}], \"model\" : \"gpt-\\\"4\", \"zzz\":[ ] }"
        );
        assert_eq!(rewritten(body, "abc", false), body);
    }

    #[test]
    fn usage_is_asked_for() {
        assert_eq!(
            rewritten(r#"{"model":"m","stream":true}"#, "m", true),
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#
        );
        assert_eq!(
            rewritten(r#"{"stream_options":{"x":1,"include_usage":false},"model":"m"} "#, "n", true),
            r#"{"stream_options":{"include_usage":true,"x":1},"model":"n"} "#
        );
    }

    #[test]
    fn tags_are_read_and_taken_out() {
        let found = |body: &str| peek(body.as_bytes()).unwrap().tags;
        let cases = [
            (r#"{"model":"m","tags":["a","b"]}"#, r#"{"model":"m"}"#, &["a", "b"][..]),
            (r#"{"tags" : [ "a" ] , "model":"m"}"#, r#"{ "model":"m"}"#, &["a"]),
            (r#"{"x":1,"tags":[1,null,"a\u0062"],"model":"m"}"#, r#"{"x":1,"model":"m"}"#, &["ab"]),
            (
                r#"{"model":"m","metadata":{"k":"v","tags":["a"]},"tags":["b"]}"#,
                r#"{"model":"m","metadata":{"k":"v"}}"#,
                &["a", "b"],
            ),
            // What is no list is the provider's business.
            (
                r#"{"model":"m","metadata":{"tags":"a"},"tags":"b"}"#,
                r#"{"model":"m","metadata":{"tags":"a"},"tags":"b"}"#,
                &[],
            ),
            (
                r#"{"model":"m","metadata":["tags"],"tags":null}"#,
                r#"{"model":"m","metadata":["tags"],"tags":null}"#,
                &[],
            ),
        ];
        for (body, sent, tags) in cases {
            assert_eq!(found(body), tags, "{body}");
            assert_eq!(rewritten(body, "m", false), sent);
            let usage: serde_json::Value = serde_json::from_str(&rewritten(body, "new", true)).unwrap();
            assert_eq!((&usage["model"], &usage["stream_options"]["include_usage"]), (&"new".into(), &true.into()));
        }
    }

    #[test]
    fn customers_have_names() {
        let user = |body: &str| peek(body.as_bytes()).unwrap().end_user;
        assert_eq!(user(r#"{"model":"m","user":" u-1 "}"#).as_deref(), Some("u-1"));
        assert_eq!(user(r#"{"model":"m","user":" "}"#), None);
        assert_eq!(user(r#"{"model":"m","user":{"id":1}}"#), None);
        assert_eq!(user(&format!(r#"{{"model":"m","user":"{}"}}"#, "é".repeat(300))).unwrap().chars().count(), 200);
    }

    #[test]
    fn bad_bodies_are_told_apart() {
        let error = |body: &[u8]| peek(body).unwrap_err();
        assert_eq!(error(b"{\"model\":\"\xff\"}"), BodyError::NotUtf8(10));
        assert!(matches!(error(b"{\"model\":\"m\""), BodyError::NotJson(_)));
        assert!(matches!(error(b""), BodyError::NotJson(_)));
        assert_eq!(error(b"[\"m\"]"), BodyError::NotAnObject);
        assert_eq!(error(b"{}"), BodyError::NoModel);
        assert_eq!(error(b"{\"model\":null}"), BodyError::NoModel);
        assert!(matches!(error(b"{\"model\":7}"), BodyError::WrongType { field: "model", .. }));
        assert!(matches!(error(b"{\"model\":\"m\",\"stream\":1}"), BodyError::WrongType { field: "stream", .. }));
        // Two models: the provider might read the other one than the gateway allowed.
        assert!(matches!(error(b"{\"model\":\"a\",\"model\":\"b\"}"), BodyError::NotJson(_)));
    }

    #[test]
    fn what_is_there_is_not_written_twice() {
        let rewritten = |body: &str, field: &'static str| {
            let body = Bytes::copy_from_slice(body.as_bytes());
            let peek = peek(&body).unwrap();
            let limit = Some(AnswerLimit { field, tokens: 9 });
            String::from_utf8(rewrite(&body, &peek, "m", true, limit).concat()).unwrap()
        };
        assert_eq!(
            rewritten(r#"{"model":"m","max_tokens":null,"stream_options": null}"#, "max_tokens"),
            r#"{"model":"m","max_tokens":9,"stream_options": {"include_usage":true}}"#
        );
        assert_eq!(
            rewritten(r#"{"model":"m","max_tokens":null,"stream_options":{}}"#, "max_completion_tokens"),
            r#"{"model":"m","max_tokens":null,"stream_options":{"include_usage":true},"max_completion_tokens":9}"#
        );
        assert_eq!(
            rewritten(r#"{"max_completion_tokens" : -1,"model":"m"}"#, "max_completion_tokens"),
            r#"{"max_completion_tokens" : 9,"model":"m","stream_options":{"include_usage":true}}"#
        );
        assert_eq!(peek(br#"{"model":"m","max_tokens":null}"#).unwrap().answer_limit, None);
    }

    proptest! {
        #[test]
        fn the_rest_of_the_body_survives(
            before in "[ -~]{0,20}", after in "\\PC{0,20}", model in "\\PC{1,20}", new in "\\PC{1,20}",
        ) {
            let body = serde_json::json!({"a": before, "model": model, "z": {"model": after}, "stream": true}).to_string();
            let out = rewritten(&body, &new, true);
            let mut expected: serde_json::Value = serde_json::from_str(&body).unwrap();
            expected["model"] = new.into();
            expected["stream_options"] = serde_json::json!({"include_usage": true});
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap(), expected);
        }
    }
}
