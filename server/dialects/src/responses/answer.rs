//! Whole answers.

use crate::counted::counted;
use crate::json::{Bad, Json, Object};
use crate::neutral::{Answer, Choice, Content, Dialect, Error, Finish, Losses, Message, Usage};
use crate::usage::Shape;
use crate::{Stamp, errors};

use super::items_read::read_item;
use super::items_write::output_items;

pub fn read(body: &[u8]) -> Result<Answer<'_>, Error> {
    let object = Json::parse(body).map_err(|e| Error::broken(e.to_string()))?;
    let mut object = object.into_object().map_err(|e| Error::broken(e.to_string()))?;
    if object.get("error").is_some_and(|error| !error.is_null()) {
        return Err(errors::from_object(&mut object, None));
    }
    read_object(object).map_err(|e| Error::broken(e.to_string()))
}

fn read_object(mut o: Object<'_>) -> Result<Answer<'_>, Bad> {
    let mut answer = Answer::new(Dialect::Responses);
    answer.id = o.take_text("id")?.unwrap_or_default();
    answer.model = o.take_text("model")?.unwrap_or_default();
    answer.created = o.take("created_at").and_then(|at| seconds(&at));
    o.take("object");
    let mut messages: Vec<Message<'_>> = Vec::new();
    for (i, item) in o.take_array("output")?.ok_or_else(|| Bad::new("output", "is missing"))?.into_iter().enumerate() {
        let item = item.into_object().and_then(|item| read_item(item, &mut messages));
        item.map_err(|e| e.at("output", i))?;
    }
    let parts: Vec<_> = messages.into_iter().flat_map(|message| message.parts).collect();
    let calls = parts.iter().any(|part| matches!(part.content, Content::ToolCall { .. }));
    let finish = finish(&o, calls);
    o.take("status");
    o.take("incomplete_details");
    answer.choices.push(Choice { parts, finish, ..Choice::default() });
    answer.usage = o.take_object("usage")?.and_then(|usage| counted(Shape::Responses, usage));
    answer.service_tier = o.take_text("service_tier")?;
    answer.rest = o;
    Ok(answer)
}

/// Servers write it with or without a fraction.
pub fn seconds(value: &Json<'_>) -> Option<i64> {
    value.as_i64().or_else(|| {
        let seconds = value.as_f64().filter(|seconds| (0.0..1e15).contains(seconds))?;
        #[expect(clippy::cast_possible_truncation, reason = "within range, and the fraction is not wanted")]
        Some(seconds as i64)
    })
}

/// Why it ended, as `status` and `incomplete_details` say it.
pub fn finish<'a>(response: &Object<'a>, calls: bool) -> Option<Finish<'a>> {
    let details = response.get("incomplete_details").and_then(|details| details.get("reason"));
    match (response.get("status").and_then(Json::as_str), details) {
        (Some("in_progress" | "queued"), _) => None,
        (_, Some(Json::Text(word))) => Some(match &**word {
            "max_output_tokens" => Finish::Length,
            "content_filter" => Finish::ContentFilter,
            _ => Finish::Other(word.clone()),
        }),
        _ if calls => Some(Finish::ToolCalls),
        _ => Some(Finish::Stop),
    }
}

pub fn write_usage(usage: &Usage) -> Object<'static> {
    let mut input = Object::new().with("cached_tokens", usage.cache_read);
    let written = usage.cache_write.saturating_add(usage.cache_write_1h);
    input.put_some("cache_write_tokens", (written > 0).then_some(written));
    Object::new()
        .with("input_tokens", usage.input)
        .with("input_tokens_details", input)
        .with("output_tokens", usage.output)
        .with("output_tokens_details", Object::new().with("reasoning_tokens", usage.reasoning))
        .with("total_tokens", usage.total())
}

/// Other providers' ids, in OpenAI's form: clients look at the beginning.
pub fn id(id: &str) -> String {
    if id.starts_with("resp_") { id.to_owned() } else { format!("resp_{id}") }
}

/// `status` and `incomplete_details`.
pub fn status(finish: Option<&Finish<'_>>) -> (&'static str, Json<'static>) {
    let incomplete = |reason: &'static str| ("incomplete", Json::Object(Object::new().with("reason", reason)));
    match finish {
        Some(Finish::Length | Finish::ContextWindow) => incomplete("max_output_tokens"),
        Some(Finish::ContentFilter | Finish::Refusal) => incomplete("content_filter"),
        _ => ("completed", Json::Null),
    }
}

/// What every response has, apart from what is its own. Clients expect what was asked for to be echoed; what the
/// gateway does not know of it has its default.
pub fn frame<'r>(id: String, created: i64, model: &'r str, status: &'static str) -> Object<'r> {
    Object::with_capacity(20)
        .with("id", id)
        .with("object", "response")
        .with("created_at", created)
        .with("status", status)
        .with("model", model)
}

pub fn write(answer: &Answer<'_>, stamp: Stamp<'_>) -> Vec<u8> {
    let own = answer.from == Dialect::Responses;
    let given = if answer.id.is_empty() { stamp.id } else { &*answer.id };
    let choice = answer.choices.first();
    let (status, details) = status(choice.and_then(|choice| choice.finish.as_ref()));
    let model = stamp.model.unwrap_or(&answer.model);
    let given_id = if own { given.to_owned() } else { id(given) };
    let mut o = frame(given_id, answer.created.unwrap_or(stamp.created), model, status);
    o.put("error", Json::Null);
    o.put("incomplete_details", details);
    // Nobody refuses an answer for what can't be said of it: it is shown as far as it can be.
    let mut lost = Losses::new(Dialect::Responses);
    let parts = choice.map(|choice| &*choice.parts).unwrap_or_default();
    o.put("output", output_items(parts, own, Some(given), &mut lost));
    o.put_some("usage", answer.usage.as_ref().map(write_usage));
    if own {
        o.put_some("service_tier", answer.service_tier.as_deref());
        o.fill(&answer.rest);
    }
    defaults(&mut o);
    o.to_vec()
}

/// What clients find missing.
pub fn defaults(o: &mut Object<'_>) {
    o.fill(
        &Object::new()
            .with("instructions", Json::Null)
            .with("metadata", Object::new())
            .with("parallel_tool_calls", true)
            .with("temperature", Json::Null)
            .with("tool_choice", "auto")
            .with("tools", Vec::new())
            .with("top_p", Json::Null),
    );
}
