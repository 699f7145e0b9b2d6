//! Content blocks, read.

use std::borrow::Cow;

use crate::json::{Bad, Json, Object};
use crate::neutral::{CacheMark, Content, Part, Source};

/// A union: one field, whose name is the kind. A cache point marks the part before it.
pub(super) fn read<'a>(block: Json<'a>, parts: &mut Vec<Part<'a>>) -> Result<(), Bad> {
    let mut block = block.into_object()?;
    if let Some(point) = block.take_object("cachePoint")? {
        match parts.last_mut() {
            Some(part) => part.cache = Some(read_point(point)?),
            None => parts.push(Content::Other(Object::new().with("cachePoint", point).into()).into()),
        }
        return Ok(());
    }
    if let Some(text) = block.take_text("text")? {
        parts.push(Part { rest: block, ..Part::text(text) });
        return Ok(());
    }
    let kinds = ["image", "document", "audio", "video"];
    for kind in kinds {
        if let Some(inner) = block.take_object(kind)? {
            parts.push(media(kind, inner).map_err(|e| e.under(kind))?);
            return Ok(());
        }
    }
    if let Some(mut call) = block.take_object("toolUse")? {
        let under = |bad: Bad| bad.under("toolUse");
        let id = call.need_text("toolUseId").map_err(under)?;
        let name = call.need_text("name").map_err(under)?;
        let arguments = call.take("input").unwrap_or_else(|| Object::new().into()).to_string().into();
        parts.push(Part { rest: call, ..Part::new(Content::ToolCall { id, name, arguments }) });
    } else if let Some(mut result) = block.take_object("toolResult")? {
        let id = result.need_text("toolUseId").map_err(|e| e.under("toolResult"))?;
        let is_error = result.take_text("status")?.as_deref() == Some("error");
        let mut inner = Vec::new();
        for (at, piece) in result.take_array("content")?.unwrap_or_default().into_iter().enumerate() {
            read_result(piece, &mut inner).map_err(|e| e.at("content", at).under("toolResult"))?;
        }
        let content = Content::ToolResult { id, name: None, parts: inner, is_error };
        parts.push(Part { rest: result, ..Part::new(content) });
    } else if let Some(mut thought) = block.take_object("reasoningContent")? {
        if let Some(data) = thought.take_text("redactedContent")? {
            parts.push(Content::RedactedThinking(data).into());
        } else {
            let mut text = thought.take_object("reasoningText")?.unwrap_or_default();
            let content = Content::Thinking(text.take_text("text")?.unwrap_or_default());
            parts.push(Part { signature: text.take_text("signature")?, ..Part::new(content) });
        }
    } else if let Some(cited) = block.take_object("citationsContent")? {
        let pieces = cited.get("content").and_then(Json::as_array).unwrap_or_default();
        let text: String = pieces.iter().filter_map(|piece| piece.get("text")?.as_str()).collect();
        parts.push(Part { rest: Object::new().with("citationsContent", cited), ..Part::text(text) });
    } else {
        parts.push(Content::Other(block.into()).into());
    }
    Ok(())
}

fn read_result<'a>(piece: Json<'a>, parts: &mut Vec<Part<'a>>) -> Result<(), Bad> {
    let mut piece = piece.into_object()?;
    match piece.take("json") {
        Some(value) => parts.push(Part::text(value.to_string())),
        None => read(piece.into(), parts)?,
    }
    Ok(())
}

pub(super) fn read_point(mut point: Object<'_>) -> Result<CacheMark<'_>, Bad> {
    Ok(CacheMark { ttl: point.take_text("ttl")? })
}

fn media<'a>(kind: &str, mut inner: Object<'a>) -> Result<Part<'a>, Bad> {
    let format = inner.take_text("format")?.unwrap_or_default();
    let media_type = media_type(kind, &format);
    let mut source = inner.take_object("source")?.ok_or_else(|| Bad::new("source", "is missing"))?;
    let source = if let Some(data) = source.take_text("bytes")? {
        Source::Data { media_type, data }
    } else if let Some(text) = source.take_text("text")? {
        Source::Text(text)
    } else if let Some(mut place) = source.take_object("s3Location")? {
        let url = place.need_text("uri").map_err(|e| e.under("s3Location"))?;
        inner.put_some("bucketOwner", place.take("bucketOwner"));
        Source::Url { url, media_type: Some(media_type) }
    } else {
        let block = Object::new().with("format", format).with("source", source);
        return Ok(Content::Other(Object::new().with(kind.to_owned(), block).into()).into());
    };
    let content = match kind {
        "image" => Content::Image { source, detail: None },
        "audio" => Content::Audio { source },
        "video" => Content::Video { source },
        _ => Content::Document { source, title: inner.take_text("name")? },
    };
    Ok(Part { rest: inner, ..Part::new(content) })
}

/// What Bedrock calls a format is mostly the second half of a media type.
fn media_type(kind: &str, format: &str) -> Cow<'static, str> {
    match (kind, format) {
        ("document", format) => match DOCUMENTS.iter().find(|(name, _)| *name == format) {
            Some((_, media_type)) => Cow::Borrowed(*media_type),
            None => Cow::Borrowed("application/octet-stream"),
        },
        ("video", "three_gp") => Cow::Borrowed("video/3gpp"),
        ("video", "mov") => Cow::Borrowed("video/quicktime"),
        ("video", "mkv") => Cow::Borrowed("video/x-matroska"),
        (kind, format) => Cow::Owned(format!("{kind}/{format}")),
    }
}

pub(super) const DOCUMENTS: [(&str, &str); 9] = [
    ("pdf", "application/pdf"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("html", "text/html"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
];
