//! Pieces of messages, as they are read.

use std::borrow::Cow;

use crate::json::{Bad, Json, Object};
use crate::neutral::{CacheMark, Content, Part, Source};
use crate::rest::leave;

/// A message's `content`: text, parts, or nothing.
pub fn read_content(value: Option<Json<'_>>) -> Result<Vec<Part<'_>>, Bad> {
    match value {
        None => Ok(Vec::new()),
        Some(Json::Text(text)) => Ok(vec![Part::text(text)]),
        Some(Json::Array(items)) => items
            .into_iter()
            .enumerate()
            .map(|(i, item)| item.into_object().and_then(|item| read_part(item)).map_err(|e| e.at("content", i)))
            .collect(),
        Some(_) => Err(Bad::new("content", "must be a string or an array")),
    }
}

fn read_part(mut part: Object<'_>) -> Result<Part<'_>, Bad> {
    let kind = part.get("type").and_then(Json::as_str).unwrap_or_default();
    let content = match kind {
        "text" | "" => Content::Text(part.need_text("text")?),
        "refusal" => Content::Refusal(part.need_text("refusal")?),
        "image_url" => {
            let (url, detail, left) = match part.take("image_url") {
                Some(Json::Text(url)) => (url, None, Object::new()),
                Some(Json::Object(mut image)) => {
                    let url = image.need_text("url").map_err(|e| e.under("image_url"))?;
                    let detail = image.take_text("detail").map_err(|e| e.under("image_url"))?;
                    (url, detail, image)
                }
                _ => return Err(Bad::new("image_url", "must be an object with a `url`")),
            };
            leave(&mut part, "image_url", left);
            Content::Image { source: Source::from_url(url), detail }
        }
        "input_audio" => {
            let mut audio = part.take_object("input_audio")?.ok_or_else(|| Bad::new("input_audio", "is missing"))?;
            let data = audio.need_text("data").map_err(|e| e.under("input_audio"))?;
            let format = audio.need_text("format").map_err(|e| e.under("input_audio"))?;
            leave(&mut part, "input_audio", audio);
            Content::Audio { source: Source::Data { media_type: format!("audio/{format}").into(), data } }
        }
        "video_url" => {
            let mut video = part.take_object("video_url")?.ok_or_else(|| Bad::new("video_url", "is missing"))?;
            let url = video.need_text("url").map_err(|e| e.under("video_url"))?;
            leave(&mut part, "video_url", video);
            Content::Video { source: Source::from_url(url) }
        }
        "file" => {
            let mut file = part.take_object("file")?.ok_or_else(|| Bad::new("file", "is missing"))?;
            let (data, id) = (file.take_text("file_data")?, file.take_text("file_id")?);
            let title = file.take_text("filename")?;
            leave(&mut part, "file", file);
            let source = match (data, id) {
                (Some(data), _) => match Source::from_url(data) {
                    // Without the head of a data URL it is taken for a PDF, the only kind that OpenAI documents.
                    Source::Url { url, .. } if !url.starts_with("http") => {
                        Source::Data { media_type: "application/pdf".into(), data: url }
                    }
                    source => source,
                },
                // LiteLLM's way to say a URL.
                (None, Some(id)) if id.starts_with("https://") || id.starts_with("http://") => {
                    Source::Url { url: id, media_type: None }
                }
                (None, Some(id)) => Source::File { id },
                (None, None) => return Err(Bad::new("file", "must have a `file_data` or a `file_id`")),
            };
            Content::Document { source, title }
        }
        _ => return Ok(Part::new(Content::Other(Json::Object(part)))),
    };
    part.take("type");
    let cache = take_cache(&mut part)?;
    Ok(Part { content, cache, signature: None, rest: part })
}

/// `cache_control`, a mark of Anthropic's that many providers take here too.
pub fn take_cache<'a>(object: &mut Object<'a>) -> Result<Option<CacheMark<'a>>, Bad> {
    let Some(mut mark) = object.take_object("cache_control")? else { return Ok(None) };
    Ok(Some(CacheMark { ttl: mark.take_text("ttl").map_err(|e| e.under("cache_control"))? }))
}

/// What an assistant says, in the order in which it came to be: thoughts, text, refusal, calls.
pub fn read_assistant<'a>(message: &mut Object<'a>) -> Result<Vec<Part<'a>>, Bad> {
    let mut parts = Vec::new();
    let plain = match message.take_text("reasoning_content")? {
        Some(text) => Some(text),
        // OpenRouter's and vLLM's name for it.
        None => match message.take("reasoning") {
            Some(Json::Text(text)) => Some(text),
            Some(other) => {
                message.put("reasoning", other);
                None
            }
            None => None,
        },
    };
    let blocks = message.take_array("thinking_blocks")?.unwrap_or_default();
    if blocks.is_empty() {
        parts.extend(plain.filter(|text| !text.is_empty()).map(|text| Part::new(Content::Thinking(text))));
    }
    for (i, block) in blocks.into_iter().enumerate() {
        let mut block = block.into_object().map_err(|e| e.at("thinking_blocks", i))?;
        let part = if block.get("type").and_then(Json::as_str) == Some("redacted_thinking") {
            Part::new(Content::RedactedThinking(block.need_text("data").map_err(|e| e.at("thinking_blocks", i))?))
        } else {
            let text = block.take_text("thinking")?.unwrap_or_default();
            Part { signature: block.take_text("signature")?, ..Part::new(Content::Thinking(text)) }
        };
        parts.push(part);
    }
    parts.extend(read_content(message.take("content"))?);
    if let Some(refusal) = message.take_text("refusal")? {
        parts.push(Part::new(Content::Refusal(refusal)));
    }
    for (i, call) in message.take_array("tool_calls")?.unwrap_or_default().into_iter().enumerate() {
        let call = call.into_object().and_then(read_call).map_err(|e| e.at("tool_calls", i))?;
        parts.push(call);
    }
    Ok(parts)
}

fn read_call(mut call: Object<'_>) -> Result<Part<'_>, Bad> {
    if call.get("function").is_none() {
        return Ok(Part::new(Content::Other(Json::Object(call))));
    }
    let mut function = call.take_object("function")?.ok_or_else(|| Bad::new("function", "is missing"))?;
    let name = function.need_text("name").map_err(|e| e.under("function"))?;
    let arguments = match function.take("arguments") {
        Some(Json::Text(text)) => text,
        // Some compatible servers send the arguments as they are.
        Some(other) => Cow::Owned(other.to_string()),
        None => Cow::Borrowed(""),
    };
    leave(&mut call, "function", function);
    let id = call.take_text("id")?.unwrap_or_default();
    call.take("type");
    call.take("index");
    let signature = take_signature(&mut call);
    Ok(Part {
        content: Content::ToolCall { id, name, arguments },
        cache: take_cache(&mut call)?,
        signature,
        rest: call,
    })
}

/// Gemini's signature of a call, where its own OpenAI-compatible endpoint has it.
fn take_signature<'a>(call: &mut Object<'a>) -> Option<Cow<'a, str>> {
    let found = call.get("extra_content")?.get("google")?.get("thought_signature")?.as_str().is_some();
    if !found {
        return None;
    }
    let google = call.take_object("extra_content").ok()??.take_object("google").ok()??.take_text("thought_signature");
    google.ok()?
}
