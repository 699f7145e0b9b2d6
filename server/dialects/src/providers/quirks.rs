//! OpenAI's dialect with an accent: bodies of chat completions, made fit for one provider.

use std::borrow::Cow;

use super::{Provider, words};
use crate::json::{Json, Object};
use crate::neutral::{Dialect, Losses};

words! {
    /// What a provider does differently.
    Quirk {
        /// It knows the role `system` only.
        NoDeveloper = "no_developer",
        /// Contents are text, not lists of parts.
        TextOnly = "text_only",
        /// Pictures come as data, not as links.
        NoImageLinks = "no_image_links",
        /// `tool_choice` says `any` for `required`.
        AnyToolChoice = "any_tool_choice",
        /// The model can't be told which tool to choose.
        NoToolChoice = "no_tool_choice",
        /// Ids of tool calls are nine letters and digits.
        ShortToolIds = "short_tool_ids",
        /// Roles take turns.
        TakeTurns = "take_turns",
    }
}

/// Parameters without which the answer is the same.
const HINTS: [&str; 6] = ["user", "store", "metadata", "service_tier", "prediction", "stream_options"];

/// Rewrites the body of a chat completion: drops what the provider refuses, renames what it calls otherwise, and what
/// its quirks ask for. The order of fields stays.
pub fn apply<'a>(provider: &Provider, body: Object<'a>) -> (Object<'a>, Losses) {
    let mut lost = Losses::new(Dialect::Chat);
    let has = |quirk| provider.quirks.contains(&quirk);
    let mut out = Object::with_capacity(body.len());
    let taken: Vec<String> = body.iter().map(|(key, _)| key.to_owned()).collect();
    let no_tools = has(Quirk::NoToolChoice) && body.get("tool_choice").and_then(Json::as_str) == Some("none");
    for (key, value) in body {
        if provider.drop.iter().any(|dropped| *dropped == key) {
            if !value.is_null() {
                if HINTS.contains(&key.as_ref()) { lost.hint(key) } else { lost.parameter(key) }
            }
            continue;
        }
        if let Some((_, new)) = provider.rename.iter().find(|(old, _)| *old == key) {
            // Under both names, the one that the provider knows counts.
            if !taken.contains(new) {
                out.put(new.clone(), value);
            }
            continue;
        }
        match key.as_ref() {
            "messages" => out.put(key, messages(value, &has, &mut lost)),
            "tools" if no_tools => {}
            "tool_choice" if has(Quirk::NoToolChoice) => {
                if !matches!(value.as_str(), Some("auto" | "none")) && !value.is_null() {
                    lost.parameter(key);
                }
            }
            "tool_choice" if has(Quirk::AnyToolChoice) && value.as_str() == Some("required") => out.put(key, "any"),
            _ => out.put(key, value),
        }
    }
    (out, lost)
}

fn messages<'a>(value: Json<'a>, has: &dyn Fn(Quirk) -> bool, lost: &mut Losses) -> Json<'a> {
    let Json::Array(items) = value else { return value };
    let mut out: Vec<Json<'a>> = Vec::with_capacity(items.len());
    for (at, item) in items.into_iter().enumerate() {
        let Json::Object(message) = item else {
            out.push(item);
            continue;
        };
        let message = one(message, at, has, lost);
        if has(Quirk::TakeTurns)
            && let Some(Json::Object(last)) = out.last()
            && let Some(joined) = join(last, &message)
        {
            out.pop();
            out.push(joined.into());
        } else {
            out.push(message.into());
        }
    }
    Json::Array(out)
}

fn one<'a>(message: Object<'a>, at: usize, has: &dyn Fn(Quirk) -> bool, lost: &mut Losses) -> Object<'a> {
    let mut out = Object::with_capacity(message.len());
    for (key, value) in message {
        match key.as_ref() {
            "role" if has(Quirk::NoDeveloper) && value.as_str() == Some("developer") => out.put(key, "system"),
            "content" => out.put(key, content(value, at, has, lost)),
            "tool_call_id" if has(Quirk::ShortToolIds) => out.put(key, short(value)),
            "tool_calls" if has(Quirk::ShortToolIds) => {
                let Json::Array(calls) = value else { continue };
                let calls = calls.into_iter().map(|call| match call {
                    Json::Object(call) => {
                        let fields = call
                            .into_iter()
                            .map(|(key, value)| if key == "id" { (key, short(value)) } else { (key, value) });
                        Json::Object(fields.collect())
                    }
                    other => other,
                });
                out.put(key, calls.collect::<Vec<_>>());
            }
            _ => out.put(key, value),
        }
    }
    out
}

fn content<'a>(value: Json<'a>, message: usize, has: &dyn Fn(Quirk) -> bool, lost: &mut Losses) -> Json<'a> {
    let Json::Array(parts) = value else { return value };
    let mut kept: Vec<Json<'a>> = Vec::with_capacity(parts.len());
    for (at, part) in parts.into_iter().enumerate() {
        let kind = part.get("type").and_then(Json::as_str).unwrap_or_default();
        let url = part.get("image_url").and_then(|image| image.get("url").or(Some(image))?.as_str());
        let is_link = kind == "image_url" && url.is_some_and(|url| !url.starts_with("data:"));
        if has(Quirk::NoImageLinks) && is_link || has(Quirk::TextOnly) && kind != "text" {
            lost.content(format!("messages[{message}].content[{at}]"));
        } else {
            kept.push(part);
        }
    }
    if !has(Quirk::TextOnly) {
        return Json::Array(kept);
    }
    let texts: Vec<&str> = kept.iter().filter_map(|part| part.get("text")?.as_str()).collect();
    texts.join("\n").into()
}

/// Two messages of one role, if both are plain text.
fn join<'a>(one: &Object<'a>, other: &Object<'a>) -> Option<Object<'a>> {
    let role = one.get("role")?.as_str()?;
    let plain = |message: &Object<'a>| message.iter().all(|(key, _)| matches!(key, "role" | "content" | "name"));
    if role == "system" || other.get("role")?.as_str()? != role || !plain(one) || !plain(other) {
        return None;
    }
    let text = format!("{}\n\n{}", one.get("content")?.as_str()?, other.get("content")?.as_str()?);
    Some(Object::new().with("role", role.to_owned()).with("content", text))
}

const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Nine letters and digits, made of the id: the same for the call and for its result.
fn short(id: Json<'_>) -> Json<'_> {
    let Json::Text(text) = &id else { return id };
    if text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return id;
    }
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let mut out = String::with_capacity(9);
    for _ in 0..9 {
        out.push(char::from(LETTERS[usize::try_from(hash % 36).unwrap_or_default()]));
        hash /= 36;
    }
    Json::Text(Cow::Owned(out))
}
