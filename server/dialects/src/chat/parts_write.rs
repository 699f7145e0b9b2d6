//! Pieces of messages, written: in requests and in answers.

use std::borrow::Cow;

use crate::json::{Json, Object};
use crate::neutral::{CacheMark, Content, Part, Source};
use crate::rest::put_inner;

/// A source as a URL; data without being copied.
pub fn url<'r>(source: &'r Source<'_>) -> Option<Json<'r>> {
    match source {
        Source::Url { url, .. } => Some(Json::from(&**url)),
        Source::Data { media_type, data } => Some(Json::Pieces(vec![
            Cow::Borrowed("data:"),
            Cow::Borrowed(&**media_type),
            Cow::Borrowed(";base64,"),
            Cow::Borrowed(&**data),
        ])),
        Source::File { .. } | Source::Text(_) => None,
    }
}

/// `reasoning_content` for those who read it, `thinking_blocks` for those who want to send the thoughts back.
pub fn write_thinking<'r>(m: &mut Object<'r>, parts: &[&'r Part<'_>]) {
    if parts.is_empty() {
        return;
    }
    let texts: Vec<Cow<'r, str>> = parts
        .iter()
        .filter_map(|part| match &part.content {
            Content::Thinking(text) => Some(Cow::Borrowed(&**text)),
            _ => None,
        })
        .collect();
    if !texts.is_empty() {
        m.put("reasoning_content", Json::Pieces(texts));
    }
    let signed = parts.iter().any(|p| p.signature.is_some() || matches!(p.content, Content::RedactedThinking(_)));
    if signed || parts.len() > 1 {
        let blocks: Vec<Json<'r>> = parts
            .iter()
            .map(|part| {
                let mut block = Object::with_capacity(3);
                match &part.content {
                    Content::RedactedThinking(data) => {
                        block.put("type", "redacted_thinking");
                        block.put("data", &**data);
                    }
                    Content::Thinking(text) => {
                        block.put("type", "thinking");
                        block.put("thinking", &**text);
                        block.put_some("signature", part.signature.as_deref());
                    }
                    _ => {}
                }
                Json::Object(block)
            })
            .collect();
        m.put("thinking_blocks", blocks);
    }
}

pub fn write_call<'r>(part: &'r Part<'_>, own: bool) -> Option<Json<'r>> {
    let Content::ToolCall { id, name, arguments } = &part.content else { return None };
    let mut call = Object::with_capacity(4).with("id", &**id).with("type", "function");
    // Models that have nothing to say say nothing; readers of the field want an object.
    let arguments = if arguments.is_empty() { "{}" } else { &**arguments };
    let function = Object::with_capacity(2).with("name", &**name).with("arguments", arguments);
    put_inner(&mut call, "function", function, own.then_some(&part.rest));
    if let Some(signature) = part.signature.as_deref() {
        call.put("extra_content", Object::new().with("google", Object::new().with("thought_signature", signature)));
    }
    if own {
        call.put_some("cache_control", part.cache.as_ref().map(write_cache));
        call.fill(&part.rest);
    }
    Some(Json::Object(call))
}

pub fn write_cache<'r>(mark: &'r CacheMark<'_>) -> Object<'r> {
    let mut object = Object::new().with("type", "ephemeral");
    object.put_some("ttl", mark.ttl.as_deref());
    object
}
