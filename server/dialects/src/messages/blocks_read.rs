//! Content blocks, read: of requests and of answers.

use crate::json::{Bad, Json, Object};
use crate::neutral::{CacheMark, Content, Part, Source};
use crate::rest::leave;

/// `content`: text or blocks.
pub fn read_content<'a>(value: Option<Json<'a>>, key: &'static str) -> Result<Vec<Part<'a>>, Bad> {
    match value {
        None => Ok(Vec::new()),
        Some(Json::Text(text)) => Ok(vec![Part::text(text)]),
        Some(Json::Array(items)) => items
            .into_iter()
            .enumerate()
            .map(|(i, item)| item.into_object().and_then(read_block).map_err(|e| e.at(key, i)))
            .collect(),
        Some(_) => Err(Bad::new(key, "must be a string or an array")),
    }
}

pub fn read_block(mut block: Object<'_>) -> Result<Part<'_>, Bad> {
    let mut signature = None;
    let content = match block.get("type").and_then(Json::as_str) {
        Some("text") => Content::Text(block.need_text("text")?),
        Some("image") => match take_source(&mut block)? {
            Some(source) => Content::Image { source, detail: None },
            None => return Ok(Part::new(Content::Other(Json::Object(block)))),
        },
        Some("document") => match take_source(&mut block)? {
            Some(source) => Content::Document { source, title: block.take_text("title")? },
            None => return Ok(Part::new(Content::Other(Json::Object(block)))),
        },
        Some("tool_use") => {
            let (id, name) = (block.need_text("id")?, block.need_text("name")?);
            let input = block.take("input").unwrap_or_else(|| Json::Object(Object::new()));
            Content::ToolCall { id, name, arguments: input.to_string().into() }
        }
        Some("tool_result") => {
            let id = block.need_text("tool_use_id")?;
            let parts = read_content(block.take("content"), "content")?;
            let is_error = block.take_bool("is_error")?.unwrap_or(false);
            Content::ToolResult { id, name: None, parts, is_error }
        }
        Some("thinking") => {
            signature = block.take_text("signature")?;
            Content::Thinking(block.take_text("thinking")?.unwrap_or_default())
        }
        Some("redacted_thinking") => Content::RedactedThinking(block.need_text("data")?),
        Some(_) => return Ok(Part::new(Content::Other(Json::Object(block)))),
        None => return Err(Bad::new("type", "is missing")),
    };
    block.take("type");
    let cache = take_cache(&mut block)?;
    Ok(Part { content, cache, signature, rest: block })
}

pub fn take_cache<'a>(object: &mut Object<'a>) -> Result<Option<CacheMark<'a>>, Bad> {
    let Some(mut mark) = object.take_object("cache_control")? else { return Ok(None) };
    Ok(Some(CacheMark { ttl: mark.take_text("ttl").map_err(|e| e.under("cache_control"))? }))
}

/// `None`, with the block as it was: a source that only Anthropic knows.
fn take_source<'a>(block: &mut Object<'a>) -> Result<Option<Source<'a>>, Bad> {
    let kind = block.get("source").and_then(|source| source.get("type")).and_then(Json::as_str);
    let kind = match kind {
        Some("base64") => 0,
        Some("url") => 1,
        Some("file") => 2,
        Some("text") => 3,
        Some(_) => return Ok(None),
        None => return Err(Bad::new("source.type", "is missing")),
    };
    let mut source = block.take_object("source")?.unwrap_or_default();
    source.take("type");
    let under = |e: Bad| e.under("source");
    let found = match kind {
        0 => Source::Data {
            media_type: source.need_text("media_type").map_err(under)?,
            data: source.need_text("data").map_err(under)?,
        },
        1 => Source::Url { url: source.need_text("url").map_err(under)?, media_type: None },
        2 => Source::File { id: source.need_text("file_id").map_err(under)? },
        _ => {
            source.take("media_type");
            Source::Text(source.need_text("data").map_err(under)?)
        }
    };
    leave(block, "source", source);
    Ok(Some(found))
}
