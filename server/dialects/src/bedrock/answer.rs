//! Answers.

use super::blocks_write::arguments_of;
use super::{blocks_read, finish, usage};
use crate::json::{Bad, Json, Object};
use crate::neutral::{Answer, Choice, Content, Dialect, Error, Part, Source};

pub(super) fn read(body: &[u8]) -> Result<Answer<'_>, Error> {
    let json = Json::parse(body).map_err(|e| Error::broken(e.to_string()))?;
    json.into_object().and_then(read_object).map_err(|e| Error::broken(e.to_string()))
}

fn read_object(mut object: Object<'_>) -> Result<Answer<'_>, Bad> {
    let mut answer = Answer::new(Dialect::Converse);
    let mut choice = Choice::default();
    let mut output = object.take_object("output")?.ok_or_else(|| Bad::new("output", "is missing"))?;
    if let Some(mut message) = output.take_object("message")? {
        for (at, block) in message.take_array("content")?.unwrap_or_default().into_iter().enumerate() {
            blocks_read::read(block, &mut choice.parts).map_err(|e| e.at("content", at))?;
        }
    }
    choice.finish = object.take_text("stopReason")?.map(|word| finish::read(&word));
    answer.choices.push(choice);
    answer.usage = object.take_object("usage")?.map(|counts| usage::read(&counts));
    if let Some(mut tier) = object.take_object("serviceTier")? {
        answer.service_tier = tier.take_text("type")?;
    }
    answer.rest = object;
    Ok(answer)
}

/// Only the first choice: Converse has no others.
pub(super) fn write(answer: &Answer<'_>) -> Vec<u8> {
    let own = answer.from == Dialect::Converse;
    let mut blocks: Vec<Json<'_>> = Vec::new();
    let choice = answer.choices.first();
    for part in choice.map(|choice| choice.parts.as_slice()).unwrap_or_default() {
        blocks.extend(block(part, own).map(Json::from));
    }
    let message = Object::new().with("role", "assistant").with("content", blocks);
    let mut out = Object::new().with("output", Object::new().with("message", message));
    let word = choice.and_then(|choice| choice.finish.as_ref()).map_or("end_turn", finish::write);
    out.put("stopReason", word);
    // SDKs need it.
    out.put("usage", usage::write(&answer.usage.unwrap_or_default()));
    if let Some(tier) = answer.service_tier.as_deref() {
        out.put("serviceTier", Object::new().with("type", tier));
    }
    if own {
        out.fill(&answer.rest);
    }
    if out.get("metrics").is_none() {
        out.put("metrics", Object::new().with("latencyMs", 0_u64));
    }
    out.to_vec()
}

fn block<'r>(part: &'r Part<'_>, own: bool) -> Option<Object<'r>> {
    let inner = |kind: &'static str, inner: Object<'r>| Some(Object::new().with(kind, inner));
    match &part.content {
        Content::Text(text) | Content::Refusal(text) => match part.rest.get("citationsContent").filter(|_| own) {
            Some(cited) => Some(Object::new().with("citationsContent", cited.clone())),
            None => Some(Object::new().with("text", &**text)),
        },
        Content::Thinking(text) => {
            let mut thought = Object::new().with("text", &**text);
            thought.put_some("signature", part.signature.as_deref());
            inner("reasoningContent", Object::new().with("reasoningText", thought))
        }
        Content::RedactedThinking(data) => inner("reasoningContent", Object::new().with("redactedContent", &**data)),
        Content::ToolCall { id, name, arguments } => {
            let mut call = Object::new().with("toolUseId", &**id).with("name", &**name);
            call.put("input", arguments_of(arguments));
            if own {
                call.fill(&part.rest);
            }
            inner("toolUse", call)
        }
        Content::Image { source: Source::Data { media_type, data }, .. } => {
            let format = media_type.strip_prefix("image/").unwrap_or(media_type);
            let source = Object::new().with("bytes", &**data);
            inner("image", Object::new().with("format", format).with("source", source))
        }
        Content::Other(Json::Object(value)) if own => Some(value.clone()),
        _ => None,
    }
}
