//! Items of the conversation, written: in requests and in answers.

use std::borrow::Cow;

use crate::chat;
use crate::json::{Json, Object};
use crate::neutral::{Content, Losses, Part, Source};
use crate::rest::report;

use super::REDACTED;

/// What a user or a tool says. `own`: it came from this dialect.
pub fn input_part<'r>(part: &'r Part<'_>, own: bool, at: &str, lost: &mut Losses) -> Option<Json<'r>> {
    let mut p = Object::with_capacity(4);
    match &part.content {
        Content::Text(text) | Content::Document { source: Source::Text(text), .. } => {
            p.put("type", "input_text");
            p.put("text", &**text);
        }
        Content::Image { source, detail } => {
            p.put("type", "input_image");
            match source {
                Source::File { id } if own => p.put("file_id", &**id),
                source => match chat::url(source) {
                    Some(url) => p.put("image_url", url),
                    None => return gone(lost, at),
                },
            }
            p.put("detail", detail.as_deref().unwrap_or("auto"));
        }
        Content::Document { source, title } => {
            p.put("type", "input_file");
            match source {
                Source::Url { url, .. } => p.put("file_url", &**url),
                Source::File { id } if own => p.put("file_id", &**id),
                Source::Data { .. } => p.put_some("file_data", chat::url(source)),
                _ => return gone(lost, at),
            }
            match source {
                // OpenAI wants a name with data, and refuses one with a URL.
                Source::Data { .. } => p.put("filename", title.as_deref().unwrap_or("document.pdf")),
                _ if own => p.put_some("filename", title.as_deref()),
                _ => {}
            }
        }
        Content::Audio { source: Source::Data { media_type, data } } => {
            let format = media_type.strip_prefix("audio/").unwrap_or(media_type);
            let format = if format == "mpeg" { "mp3" } else { format };
            p.put("type", "input_audio");
            p.put("input_audio", Object::new().with("data", &**data).with("format", format));
        }
        Content::Refusal(text) => {
            p.put("type", "refusal");
            p.put("refusal", &**text);
        }
        Content::Other(value) if own => return Some(value.clone()),
        _ => return gone(lost, at),
    }
    left(&mut p, part, own, at, lost);
    Some(Json::Object(p))
}

fn gone<'r>(lost: &mut Losses, at: &str) -> Option<Json<'r>> {
    lost.content(at);
    None
}

/// What of a part has no place in it.
pub fn left<'r>(p: &mut Object<'r>, part: &'r Part<'_>, own: bool, at: &str, lost: &mut Losses) {
    if part.cache.is_some() {
        lost.hint("cache_control");
    }
    if own {
        p.fill_but(&part.rest, "item");
    } else {
        report(&part.rest, at, super::write::HINTS, lost);
    }
}

fn is_other(part: &Part<'_>) -> bool {
    matches!(part.content, Content::Other(_))
}

/// What an assistant says or calls, as items. `number` gives items without ids theirs, if they need them.
pub fn output_items<'r>(parts: &'r [Part<'_>], own: bool, number: Option<&str>, lost: &mut Losses) -> Vec<Json<'r>> {
    let mut out: Vec<Json<'r>> = Vec::with_capacity(parts.len());
    // The message that is being written, without and with its content.
    let mut last: Option<(Object<'r>, Vec<Json<'r>>)> = None;
    let id = |kind: &str, n: usize| number.map(|number| format!("{kind}_{number}_{n}"));
    let close = |last: &mut Option<(Object<'r>, Vec<Json<'r>>)>, out: &mut Vec<Json<'r>>| {
        if let Some((mut message, content)) = last.take() {
            let plain = match content.as_slice() {
                // The easy form: the other one wants an id.
                [Json::Object(part)] if number.is_none() && message.len() == 1 && part.len() == 2 => {
                    part.get("text").cloned()
                }
                _ => None,
            };
            message.put("content", plain.unwrap_or(Json::Array(content)));
            out.push(Json::Object(message));
        }
    };
    for (j, part) in parts.iter().enumerate() {
        let at = format!("content[{j}]");
        let mut item = Object::with_capacity(6);
        match &part.content {
            Content::Other(value) if own && part.rest.get("item").is_none() => {
                close(&mut last, &mut out);
                out.push(value.clone());
                continue;
            }
            Content::Text(_) | Content::Refusal(_) | Content::Other(_) if own || !is_other(part) => {
                let of = part.rest.get("item").filter(|_| own);
                let mut p = Object::with_capacity(4);
                if let Content::Text(text) = &part.content {
                    p.put("type", "output_text");
                    p.put("text", &**text);
                    if number.is_some() && part.rest.get("annotations").is_none() {
                        p.put("annotations", Vec::new());
                    }
                } else if let Content::Refusal(text) = &part.content {
                    p.put("type", "refusal");
                    p.put("refusal", &**text);
                } else if let Content::Other(Json::Object(value)) = &part.content {
                    p = value.clone();
                }
                left(&mut p, part, own, &at, lost);
                match &mut last {
                    // In a request, parts without a message of theirs were messages themselves.
                    Some((_, content)) if of == Some(&Json::Bool(true)) || (of.is_none() && number.is_some()) => {
                        content.push(Json::Object(p));
                    }
                    last => {
                        close(last, &mut out);
                        let mut message = Object::with_capacity(5);
                        if of.is_some() || number.is_some() {
                            message.put("type", "message");
                        }
                        message.put("role", "assistant");
                        if let Some(Json::Object(fields)) = of {
                            message.fill(fields);
                        } else if let Some(id) = id("msg", out.len()) {
                            message.put("id", id);
                            message.put("status", "completed");
                        }
                        *last = Some((message, vec![Json::Object(p)]));
                    }
                }
                continue;
            }
            Content::ToolCall { id: call, name, arguments } => {
                close(&mut last, &mut out);
                item.put("type", "function_call");
                if part.rest.get("id").is_none() || !own {
                    item.put_some("id", id("fc", out.len()));
                }
                item.put("call_id", &**call);
                item.put("name", &**name);
                item.put("arguments", if arguments.is_empty() { "{}" } else { &**arguments });
                if number.is_some() {
                    item.put_some("status", (part.rest.get("status").is_none() || !own).then_some("completed"));
                }
            }
            Content::Thinking(_) | Content::RedactedThinking(_) if !own && number.is_none() => {
                // OpenAI takes no thoughts but its own.
                lost.hint("thinking");
                continue;
            }
            Content::Thinking(text) => {
                close(&mut last, &mut out);
                item.put("type", "reasoning");
                if part.rest.get("id").is_none() || !own {
                    item.put_some("id", id("rs", out.len()));
                }
                if !own || part.rest.get("summary").is_none() {
                    let text = Object::new().with("type", "summary_text").with("text", &**text);
                    let summary = if text.get("text").and_then(Json::as_str) == Some("") {
                        Vec::new()
                    } else {
                        vec![Json::Object(text)]
                    };
                    item.put("summary", summary);
                }
                item.put_some("encrypted_content", part.signature.as_deref());
            }
            Content::RedactedThinking(data) => {
                close(&mut last, &mut out);
                item.put("type", "reasoning");
                if part.rest.get("id").is_none() || !own {
                    item.put_some("id", id("rs", out.len()));
                }
                item.put("summary", Vec::new());
                let sealed = vec![Cow::Borrowed(REDACTED), Cow::Borrowed(&**data)];
                item.put("encrypted_content", Json::Pieces(sealed));
            }
            _ => {
                lost.content(at);
                continue;
            }
        }
        left(&mut item, part, own, &at, lost);
        out.push(Json::Object(item));
    }
    close(&mut last, &mut out);
    out
}
