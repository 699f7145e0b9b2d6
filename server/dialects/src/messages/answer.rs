//! Whole answers.

use std::borrow::Cow;
use std::cell::Cell;

use crate::counted::counted;
use crate::json::{Bad, Json, MAX_NODES, Object};
use crate::neutral::{Answer, Choice, Content, Dialect, Error, Finish, Losses};
use crate::usage::Shape;
use crate::{Stamp, errors};

use super::blocks_read::read_content;
use super::blocks_write::Blocks;
use super::usage;

pub fn read(body: &[u8]) -> Result<Answer<'_>, Error> {
    let object = Json::parse(body).map_err(|e| Error::broken(e.to_string()))?;
    let mut object = object.into_object().map_err(|e| Error::broken(e.to_string()))?;
    if object.get("type").and_then(Json::as_str) == Some("error") {
        return Err(errors::from_object(&mut object, None));
    }
    read_object(object).map_err(|e| Error::broken(e.to_string()))
}

fn read_object(mut o: Object<'_>) -> Result<Answer<'_>, Bad> {
    let mut answer = Answer::new(Dialect::Messages);
    answer.id = o.take_text("id")?.unwrap_or_default();
    answer.model = o.take_text("model")?.unwrap_or_default();
    o.take("type");
    o.take("role");
    let content = o.take("content").ok_or_else(|| Bad::new("content", "is missing"))?;
    let parts = read_content(Some(content), "content")?;
    let sequence = o.take_text("stop_sequence")?;
    let finish = o.take_text("stop_reason")?.map(|word| finish(word, sequence));
    answer.choices.push(Choice { parts, finish, ..Choice::default() });
    if let Some(mut found) = o.take_object("usage")? {
        answer.service_tier = found.take_text("service_tier")?;
        answer.usage = counted(Shape::Messages, found);
    }
    answer.rest = o;
    Ok(answer)
}

pub fn finish<'a>(word: Cow<'a, str>, sequence: Option<Cow<'a, str>>) -> Finish<'a> {
    match &*word {
        "end_turn" => Finish::Stop,
        "max_tokens" => Finish::Length,
        "stop_sequence" => Finish::StopSequence(sequence),
        "tool_use" => Finish::ToolCalls,
        "pause_turn" => Finish::Pause,
        "refusal" => Finish::Refusal,
        "model_context_window_exceeded" => Finish::ContextWindow,
        _ => Finish::Other(word),
    }
}

/// The reason, and the sequence if that was it.
pub fn finish_word<'r>(finish: &'r Finish<'_>, own: bool) -> (&'r str, Option<&'r str>) {
    match finish {
        Finish::Length => ("max_tokens", None),
        Finish::StopSequence(Some(sequence)) => ("stop_sequence", Some(sequence)),
        Finish::StopSequence(None) => ("stop_sequence", None),
        Finish::ToolCalls => ("tool_use", None),
        Finish::Pause => ("pause_turn", None),
        Finish::Refusal | Finish::ContentFilter => ("refusal", None),
        Finish::ContextWindow => ("model_context_window_exceeded", None),
        Finish::Other(word) if own => (word, None),
        Finish::Stop | Finish::BrokenToolCall | Finish::Other(_) => ("end_turn", None),
    }
}

pub fn write(answer: &Answer<'_>, stamp: Stamp<'_>) -> Vec<u8> {
    let own = answer.from == Dialect::Messages;
    let mut o = Object::with_capacity(9);
    o.put("id", if answer.id.is_empty() { stamp.id } else { &*answer.id });
    o.put("type", "message");
    o.put("role", "assistant");
    o.put("model", stamp.model.unwrap_or(&answer.model));
    let mut content = Vec::new();
    // Callers of this dialect ask for one answer.
    let choice = answer.choices.first();
    // Nobody refuses an answer for what can't be said of it: it is shown as far as it can be.
    let mut blocks =
        Blocks { own, answer: true, lost: &mut Losses::new(Dialect::Messages), left: Cell::new(MAX_NODES) };
    for part in choice.map(|choice| &*choice.parts).unwrap_or_default() {
        content.extend(blocks.write(part, "").ok().flatten());
    }
    o.put("content", content);
    let calls = choice.is_some_and(|c| c.parts.iter().any(|p| matches!(p.content, Content::ToolCall { .. })));
    let (reason, sequence) = match choice.and_then(|choice| choice.finish.as_ref()) {
        None => (None, None),
        // Called by name, OpenAI's models say `stop`.
        Some(Finish::Stop) if calls && !own => (Some("tool_use"), None),
        Some(finish) => {
            let (reason, sequence) = finish_word(finish, own);
            (Some(reason), sequence)
        }
    };
    o.put("stop_reason", reason.map_or(Json::Null, Json::from));
    o.put("stop_sequence", sequence.map_or(Json::Null, Json::from));
    let mut usage = usage::write(&answer.usage.unwrap_or_default());
    if own {
        usage.put_some("service_tier", answer.service_tier.as_deref());
    }
    o.put("usage", usage);
    if own {
        o.fill(&answer.rest);
    }
    o.to_vec()
}
