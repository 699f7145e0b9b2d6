//! Content blocks, written.

use std::borrow::Cow;

use base64::Engine as _;

use super::blocks_read::DOCUMENTS;
use crate::json::{Json, Object};
use crate::neutral::{CacheMark, Content, Dialect, Losses, Part, Source};
use crate::rest::report;

/// Fields of other dialects without which the answer is the same.
pub(super) const HINTS: &[&str] = &[
    "annotations",
    "citations",
    "extra_content",
    "include",
    "index",
    "prompt_cache_key",
    "prompt_cache_retention",
    "provider_specific_fields",
    "safety_identifier",
    "status",
];

pub(super) struct Blocks<'l> {
    pub from: Dialect,
    /// The model keeps prompts at marked places.
    pub caches: bool,
    /// Documents need names, which must differ.
    pub documents: u32,
    pub lost: &'l mut Losses,
}

impl Blocks<'_> {
    pub(super) fn write<'r>(&mut self, part: &'r Part<'_>, at: &str, out: &mut Vec<Json<'r>>) {
        let own = self.from == Dialect::Converse;
        let Some(mut block) = self.block(part, at) else { return };
        if !own {
            report(&part.rest, at, HINTS, self.lost);
        } else if let Content::Text(_) = &part.content {
            match part.rest.get("citationsContent") {
                Some(cited @ Json::Object(_)) => block = Object::new().with("citationsContent", cited.clone()),
                _ => block.fill(&part.rest),
            }
        }
        out.push(block.into());
        out.extend(part.cache.as_ref().and_then(|mark| self.point(mark, at)));
    }

    /// A cache point, if the model knows what it is.
    pub(super) fn point<'r>(&mut self, mark: &'r CacheMark<'_>, at: &str) -> Option<Json<'r>> {
        if !self.caches {
            self.lost.hint(format!("{at}.cache_control"));
            return None;
        }
        let mut point = Object::new().with("type", "default");
        point.put_some("ttl", mark.ttl.as_deref());
        Some(Object::new().with("cachePoint", point).into())
    }

    fn block<'r>(&mut self, part: &'r Part<'_>, at: &str) -> Option<Object<'r>> {
        let own = self.from == Dialect::Converse;
        let block = |kind: &'static str, inner: Object<'r>| Some(Object::new().with(kind, inner));
        match &part.content {
            // Blank texts are refused, and say nothing.
            Content::Text(text) | Content::Refusal(text) if text.trim().is_empty() && !own => None,
            Content::Text(text) | Content::Refusal(text) => Some(Object::new().with("text", &**text)),
            Content::Thinking(text) => {
                // Unsigned ones are refused, and Google's signatures are no use here.
                if self.from == Dialect::Gemini || part.signature.as_deref().is_none_or(str::is_empty) && !own {
                    self.lost.hint(at);
                    return None;
                }
                let mut inner = Object::new().with("text", &**text);
                inner.put_some("signature", part.signature.as_deref());
                block("reasoningContent", Object::new().with("reasoningText", inner))
            }
            Content::RedactedThinking(data) => {
                if self.from == Dialect::Gemini {
                    self.lost.hint(at);
                    return None;
                }
                block("reasoningContent", Object::new().with("redactedContent", &**data))
            }
            Content::ToolCall { id, name, arguments } => {
                let inner = Object::new().with("toolUseId", safe_id(id)).with("name", &**name);
                let mut inner = inner.with("input", arguments_of(arguments));
                if own {
                    inner.fill(&part.rest);
                }
                block("toolUse", inner)
            }
            Content::ToolResult { id, parts, is_error, .. } => {
                let mut pieces = Vec::new();
                for (at_piece, part) in parts.iter().enumerate() {
                    let at = format!("{at}.content[{at_piece}]");
                    pieces.extend(self.block(part, &at).map(Json::from));
                }
                let mut inner = Object::new().with("toolUseId", safe_id(id)).with("content", pieces);
                if *is_error {
                    inner.put("status", "error");
                }
                if own {
                    inner.fill(&part.rest);
                }
                block("toolResult", inner)
            }
            Content::Other(Json::Object(value)) if own => Some(value.clone()),
            Content::Other(_) => {
                self.lost.content(at);
                None
            }
            Content::Image { source, .. } => self.media("image", source, None, part, at),
            Content::Audio { source } => self.media("audio", source, None, part, at),
            Content::Video { source } => self.media("video", source, None, part, at),
            Content::Document { source, title } => self.media("document", source, title.as_deref(), part, at),
        }
    }

    fn media<'r>(
        &mut self,
        kind: &'static str,
        source: &'r Source<'_>,
        title: Option<&'r str>,
        part: &'r Part<'_>,
        at: &str,
    ) -> Option<Object<'r>> {
        let (media_type, place): (&str, Object<'r>) = match source {
            Source::Data { media_type, data } => (media_type, Object::new().with("bytes", &**data)),
            Source::Text(text) => {
                let bytes = base64::engine::general_purpose::STANDARD.encode(text.as_bytes());
                ("text/plain", Object::new().with("bytes", bytes))
            }
            // Only from Amazon's own store; others would have to be fetched first.
            Source::Url { url, media_type } if url.starts_with("s3://") => {
                let mut location = Object::new().with("uri", &**url);
                location.put_some("bucketOwner", part.rest.get("bucketOwner").cloned());
                (media_type.as_deref().unwrap_or_default(), Object::new().with("s3Location", location))
            }
            Source::Url { .. } | Source::File { .. } => {
                self.lost.content(at);
                return None;
            }
        };
        let by_name = || match source {
            Source::Url { url, .. } => url.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase().into()),
            _ => None,
        };
        let Some(format) = format_of(kind, media_type).or_else(by_name) else {
            self.lost.content(at);
            return None;
        };
        let mut inner = Object::new().with("format", format);
        if kind == "document" {
            self.documents += 1;
            inner.put("name", title.map_or_else(|| format!("document {}", self.documents), safe_name));
        }
        inner.put("source", place);
        if self.from == Dialect::Converse {
            let more = part.rest.clone().into_iter().filter(|(key, _)| key != "bucketOwner");
            inner.fill(&more.collect());
        }
        Some(Object::new().with(kind, inner))
    }
}

/// `None`: Bedrock has no word for it.
fn format_of(kind: &str, media_type: &str) -> Option<Cow<'static, str>> {
    let plain = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "document" {
        return DOCUMENTS.iter().find(|(_, other)| *other == plain).map(|(name, _)| Cow::Borrowed(*name));
    }
    let (group, word) = plain.split_once('/')?;
    let word = match (group, word) {
        ("image", "jpg") => "jpeg",
        ("video", "quicktime") => "mov",
        ("video", "3gpp") => "three_gp",
        ("video", "x-matroska") => "mkv",
        ("audio", "x-wav" | "wave") => "wav",
        ("audio", "l16" | "pcm16") => "pcm",
        (_, word) => word,
    };
    let known: &[&str] = match kind {
        "image" => &["png", "jpeg", "gif", "webp"],
        "video" => &["mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"],
        _ => &[
            "mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga", "pcm",
            "webm",
        ],
    };
    (group == kind && known.contains(&word)).then(|| word.to_owned().into())
}

/// Letters, digits, single spaces, hyphens and brackets.
fn safe_name(title: &str) -> String {
    let words: String =
        title.chars().map(|c| if c.is_ascii_alphanumeric() || "-()[]".contains(c) { c } else { ' ' }).collect();
    let name = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let name: String = name.chars().take(200).collect();
    if name.trim().is_empty() { "document".to_owned() } else { name.trim_end().to_owned() }
}

/// At most 64 letters, digits, `-` and `_`.
fn safe_id(id: &str) -> Cow<'_, str> {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !id.is_empty() && id.len() <= 64 && id.bytes().all(safe) {
        return Cow::Borrowed(id);
    }
    // The end differs where the beginning is the same.
    let kept: Vec<char> = id.bytes().map(|byte| if safe(byte) { char::from(byte) } else { '_' }).collect();
    let kept: String = kept[kept.len().saturating_sub(64)..].iter().collect();
    Cow::Owned(if kept.is_empty() { "call".to_owned() } else { kept })
}

/// Arguments are a document; what a model wrote that is none is kept as text.
pub(super) fn arguments_of(arguments: &str) -> Object<'_> {
    if arguments.trim().is_empty() {
        return Object::new();
    }
    match Json::parse(arguments.as_bytes()) {
        Ok(Json::Object(object)) => object,
        _ => Object::new().with("arguments", arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_are_what_bedrock_takes() {
        assert_eq!(safe_name("Tides, 2026 (draft).pdf"), "Tides 2026 (draft) pdf");
        assert_eq!(safe_name("…"), "document");
        assert_eq!(safe_id("call_1-a"), "call_1-a");
        assert_eq!(safe_id("call:1"), "call_1");
        assert_eq!(safe_id(&format!("{}z", "a".repeat(80))).len(), 64);
        assert_eq!(safe_id(""), "call");
    }

    #[test]
    fn formats_are_read_off_media_types() {
        assert_eq!(format_of("image", "image/jpg").as_deref(), Some("jpeg"));
        assert_eq!(format_of("image", "image/tiff"), None);
        assert_eq!(format_of("document", "text/plain; charset=utf-8").as_deref(), Some("txt"));
        assert_eq!(format_of("video", "video/3gpp").as_deref(), Some("three_gp"));
        assert_eq!(format_of("audio", "video/mp4"), None);
    }
}
