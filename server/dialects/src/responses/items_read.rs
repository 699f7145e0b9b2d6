//! Items of the conversation, read: of requests and of answers.

use std::borrow::Cow;

use crate::json::{Bad, Json, Object};
use crate::neutral::{Content, Message, Part, Role, Source};

use super::REDACTED;

/// Reads an item and adds it: what the assistant says and calls, one after another, is one message.
pub fn read_item<'a>(mut item: Object<'a>, messages: &mut Vec<Message<'a>>) -> Result<(), Bad> {
    let kind = item.get("type").and_then(Json::as_str);
    let (role, parts, rest) = match kind {
        Some("message") | None => {
            let role = match &*item.need_text("role")? {
                "user" => Role::User,
                "assistant" => Role::Assistant,
                "system" => Role::System,
                "developer" => Role::Developer,
                other => return Err(Bad::new("role", format!("`{other}` is no role"))),
            };
            item.take("type");
            let mut parts = read_content(item.take("content"), "content")?;
            if role == Role::Assistant {
                // Several items become one message: whose these parts are is kept with them.
                let alone =
                    matches!(parts.as_slice(), [Part { content: Content::Text(_), rest, .. }] if rest.is_empty());
                if !item.is_empty() || !alone {
                    let mut parts = parts.iter_mut();
                    if let Some(first) = parts.next() {
                        first.rest.put("item", std::mem::take(&mut item));
                    }
                    // The others belong to the same message.
                    parts.for_each(|part| part.rest.put("item", true));
                }
                item = Object::new();
            }
            (role, parts, item)
        }
        Some("function_call") => (Role::Assistant, vec![read_call(item)?], Object::new()),
        Some("reasoning") => (Role::Assistant, vec![read_reasoning(item)?], Object::new()),
        Some("function_call_output") => {
            let id = item.need_text("call_id")?;
            item.take("type");
            let parts = read_content(item.take("output"), "output")?;
            let result = Content::ToolResult { id, name: None, parts, is_error: false };
            (Role::Tool, vec![Part { rest: item, ..Part::new(result) }], Object::new())
        }
        Some(other) => {
            let role = if other.ends_with("_output") { Role::User } else { Role::Assistant };
            (role, vec![Part::new(Content::Other(Json::Object(item)))], Object::new())
        }
    };
    match messages.last_mut() {
        Some(last) if role == Role::Assistant && last.role == role => last.parts.extend(parts),
        _ => messages.push(Message { role, parts, name: None, rest }),
    }
    Ok(())
}

pub fn read_content<'a>(value: Option<Json<'a>>, key: &'static str) -> Result<Vec<Part<'a>>, Bad> {
    match value {
        None => Ok(Vec::new()),
        Some(Json::Text(text)) => Ok(vec![Part::text(text)]),
        Some(Json::Array(items)) => items
            .into_iter()
            .enumerate()
            .map(|(i, item)| item.into_object().and_then(read_part).map_err(|e| e.at(key, i)))
            .collect(),
        Some(_) => Err(Bad::new(key, "must be a string or an array")),
    }
}

fn read_part(mut part: Object<'_>) -> Result<Part<'_>, Bad> {
    let content = match part.get("type").and_then(Json::as_str) {
        Some("input_text" | "output_text" | "text") => Content::Text(part.need_text("text")?),
        Some("refusal") => Content::Refusal(part.need_text("refusal")?),
        Some("input_image") => {
            let source = match (part.take_text("image_url")?, part.get("file_id").is_some()) {
                (Some(url), _) => Source::from_url(url),
                (None, true) => Source::File { id: part.need_text("file_id")? },
                (None, false) => return Err(Bad::new("", "an image must have an `image_url` or a `file_id`")),
            };
            Content::Image { source, detail: part.take_text("detail")? }
        }
        Some("input_file") => {
            let title = part.take_text("filename")?;
            let source = if let Some(data) = part.take_text("file_data")? {
                match Source::from_url(data) {
                    Source::Url { url, .. } => Source::Data { media_type: "application/pdf".into(), data: url },
                    source => source,
                }
            } else if let Some(url) = part.take_text("file_url")? {
                Source::Url { url, media_type: None }
            } else {
                Source::File { id: part.need_text("file_id")? }
            };
            Content::Document { source, title }
        }
        Some("input_audio") => {
            let mut audio = part.take_object("input_audio")?.ok_or_else(|| Bad::new("input_audio", "is missing"))?;
            let data = audio.need_text("data").map_err(|e| e.under("input_audio"))?;
            let format = audio.need_text("format").map_err(|e| e.under("input_audio"))?;
            Content::Audio { source: Source::Data { media_type: format!("audio/{format}").into(), data } }
        }
        _ => return Ok(Part::new(Content::Other(Json::Object(part)))),
    };
    part.take("type");
    Ok(Part { rest: part, ..Part::new(content) })
}

pub fn read_call(mut item: Object<'_>) -> Result<Part<'_>, Bad> {
    item.take("type");
    let content = Content::ToolCall {
        id: item.need_text("call_id")?,
        name: item.need_text("name")?,
        arguments: item.take_text("arguments")?.unwrap_or_default(),
    };
    Ok(Part { rest: item, ..Part::new(content) })
}

pub fn read_reasoning(mut item: Object<'_>) -> Result<Part<'_>, Bad> {
    item.take("type");
    let sealed = item.take_text("encrypted_content")?;
    if let Some(data) = sealed.as_deref().and_then(|text| text.strip_prefix(REDACTED)) {
        let data = Cow::Owned(data.to_owned());
        item.take("summary");
        return Ok(Part { rest: item, ..Part::new(Content::RedactedThinking(data)) });
    }
    let texts = |key: &str| -> Vec<Cow<'_, str>> {
        let items = item.get(key).and_then(Json::as_array).unwrap_or_default();
        items
            .iter()
            .filter_map(|text| match text.get("text") {
                Some(Json::Text(text)) => Some(text.clone()),
                _ => None,
            })
            .collect()
    };
    let (mut found, thoughts) = (texts("summary"), texts("content"));
    let alone = found.len() <= 1 && thoughts.is_empty();
    if found.is_empty() {
        found = thoughts;
    }
    let text = match (found.pop(), found.is_empty()) {
        (None, _) => Cow::Borrowed(""),
        (Some(one), true) => one,
        (Some(last), false) => {
            found.push(last);
            Cow::Owned(found.join("\n\n"))
        }
    };
    let text = Cow::Owned(text.into_owned());
    // More than one thought is kept as it stood, for the way back.
    if alone {
        item.take("summary");
    }
    Ok(Part { content: Content::Thinking(text), cache: None, signature: sealed, rest: item })
}
