//! Content blocks, written: in requests and in answers.

use std::cell::Cell;

use crate::json::{Bad, Json, Object};
use crate::neutral::{CacheMark, Content, Losses, Part, Source};
use crate::rest::{put_inner, report};

/// Fields of other dialects without which the answer is the same.
pub const HINTS: &[&str] = &[
    "annotations",
    "extra_content",
    "include",
    "index",
    "obfuscation",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "provider_specific_fields",
    "safety_identifier",
    "status",
    "stream_options",
    "truncation",
];

/// Writes blocks. `own`: they came from this dialect. `answer`: for a caller, and not for Anthropic.
pub struct Blocks<'l> {
    pub own: bool,
    pub answer: bool,
    pub lost: &'l mut Losses,
    /// How many values the arguments of all calls together may still have.
    pub left: Cell<u32>,
}

impl Blocks<'_> {
    /// The block; `None` if it can't be said or is of no use.
    pub fn write<'r>(&mut self, part: &'r Part<'_>, at: &str) -> Result<Option<Json<'r>>, Bad> {
        let mut b = Object::with_capacity(4);
        let rest = self.own.then_some(&part.rest);
        match &part.content {
            Content::Text(text) | Content::Refusal(text) => {
                // Anthropic refuses empty text, of which other dialects are full.
                if text.is_empty() && !self.own {
                    return Ok(None);
                }
                b.put("type", "text");
                b.put("text", &**text);
            }
            Content::Image { source: Source::Data { media_type, .. }, .. } if media_type == "application/pdf" => {
                return Ok(self.document(part, at));
            }
            Content::Image { source, .. } => {
                let Some(source) = self.source(source) else { return Ok(self.gone(at)) };
                b.put("type", "image");
                put_inner(&mut b, "source", source, rest);
            }
            Content::Document { .. } => return Ok(self.document(part, at)),
            Content::ToolCall { id, name, arguments } => {
                b.put("type", "tool_use");
                b.put("id", self.id(id));
                b.put("name", &**name);
                b.put("input", self.input(arguments, at)?);
            }
            Content::ToolResult { id, parts, is_error, .. } => {
                b.put("type", "tool_result");
                b.put("tool_use_id", self.id(id));
                let content = self.content(parts, &format!("{at}.content"))?;
                b.put_some("content", content);
                if *is_error {
                    b.put("is_error", true);
                }
            }
            Content::Thinking(text) => {
                let signature = part.signature.as_deref().unwrap_or_default();
                // Anthropic takes no thoughts that it did not sign.
                if signature.is_empty() && !self.answer {
                    self.lost.hint("thinking");
                    return Ok(None);
                }
                b.put("type", "thinking");
                b.put("thinking", &**text);
                b.put("signature", signature);
            }
            Content::RedactedThinking(data) => {
                b.put("type", "redacted_thinking");
                b.put("data", &**data);
            }
            Content::Other(value) if self.own => return Ok(Some(value.clone())),
            Content::Audio { .. } | Content::Video { .. } | Content::Other(_) => return Ok(self.gone(at)),
        }
        Ok(Some(self.finish(b, part, at)))
    }

    /// One plain text as a string, other things as blocks; `None`: nothing.
    pub fn content<'r>(&mut self, parts: &'r [Part<'_>], at: &str) -> Result<Option<Json<'r>>, Bad> {
        let mut blocks = Vec::with_capacity(parts.len());
        for (i, part) in parts.iter().enumerate() {
            blocks.extend(self.write(part, &format!("{at}[{i}]"))?);
        }
        Ok(shorten(blocks))
    }

    fn finish<'r>(&mut self, mut b: Object<'r>, part: &'r Part<'_>, at: &str) -> Json<'r> {
        b.put_some("cache_control", part.cache.as_ref().map(write_cache));
        if self.own {
            b.fill(&part.rest);
        } else {
            report(&part.rest, at, HINTS, self.lost);
        }
        Json::Object(b)
    }

    fn document<'r>(&mut self, part: &'r Part<'_>, at: &str) -> Option<Json<'r>> {
        let (source, title) = match &part.content {
            Content::Document { source, title } => (source, title.as_deref()),
            Content::Image { source, .. } => (source, None),
            _ => return None,
        };
        let source = match source {
            Source::Data { media_type, .. } if media_type != "application/pdf" && !self.own => {
                return self.gone(at);
            }
            source => self.source(source),
        };
        let Some(source) = source else { return self.gone(at) };
        let mut b = Object::with_capacity(4).with("type", "document");
        put_inner(&mut b, "source", source, self.own.then_some(&part.rest));
        b.put_some("title", title);
        Some(self.finish(b, part, at))
    }

    fn source<'r>(&self, source: &'r Source<'_>) -> Option<Object<'r>> {
        let o = Object::with_capacity(3);
        Some(match source {
            Source::Data { media_type, data } => {
                o.with("type", "base64").with("media_type", &**media_type).with("data", &**data)
            }
            Source::Url { url, .. } => o.with("type", "url").with("url", &**url),
            Source::Text(text) => o.with("type", "text").with("media_type", "text/plain").with("data", &**text),
            Source::File { id } if self.own => o.with("type", "file").with("file_id", &**id),
            Source::File { .. } => return None,
        })
    }

    /// Anthropic's ids are of letters, digits, `_` and `-`.
    fn id<'r>(&self, id: &'r str) -> Json<'r> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if self.own || id.chars().all(fits) {
            Json::from(id)
        } else {
            Json::from(id.chars().map(|c| if fits(c) { c } else { '_' }).collect::<String>())
        }
    }

    fn input<'r>(&self, arguments: &'r str, at: &str) -> Result<Json<'r>, Bad> {
        if arguments.trim().is_empty() {
            return Ok(Json::Object(Object::new()));
        }
        match Json::parse_within(arguments.as_bytes(), &self.left) {
            Ok(value @ Json::Object(_)) => Ok(value),
            // A caller must be given what the model said, however broken it is.
            _ if self.answer => Ok(Json::Object(Object::new().with("arguments", arguments))),
            Ok(value) if self.own => Ok(value),
            _ => Err(Bad::new(at, "a tool call's arguments must be the JSON text of an object")),
        }
    }

    fn gone<'r>(&mut self, at: &str) -> Option<Json<'r>> {
        self.lost.content(at);
        None
    }
}

/// One plain text block as a string; `None`: no blocks.
pub fn shorten(mut blocks: Vec<Json<'_>>) -> Option<Json<'_>> {
    if let [Json::Object(block)] = blocks.as_mut_slice()
        && block.len() == 2
        && block.get("type").and_then(Json::as_str) == Some("text")
        && let Some(text) = block.take("text")
    {
        return Some(text);
    }
    (!blocks.is_empty()).then_some(Json::Array(blocks))
}

pub fn write_cache<'r>(mark: &'r CacheMark<'_>) -> Object<'r> {
    let mut object = Object::new().with("type", "ephemeral");
    object.put_some("ttl", mark.ttl.as_deref());
    object
}
