//! Whole answers.

use crate::counted::counted;
use crate::json::{Bad, Json, Object};
use crate::neutral::{Answer, Choice, Content, Dialect, Error, Finish, Part};
use crate::usage::Shape;
use crate::{Stamp, errors};

use super::{parts, parts_write, usage};

pub fn read(body: &[u8]) -> Result<Answer<'_>, Error> {
    let object = Json::parse(body).map_err(|e| Error::broken(e.to_string()))?;
    let mut object = object.into_object().map_err(|e| Error::broken(e.to_string()))?;
    if object.get("choices").is_none() && object.get("error").is_some_and(|error| !error.is_null()) {
        return Err(errors::from_object(&mut object, None));
    }
    read_object(object).map_err(|e| Error::broken(e.to_string()))
}

fn read_object(mut o: Object<'_>) -> Result<Answer<'_>, Bad> {
    let mut answer = Answer::new(Dialect::Chat);
    answer.id = o.take_text("id")?.unwrap_or_default();
    answer.model = o.take_text("model")?.unwrap_or_default();
    answer.created = o.take_i64("created")?;
    o.take("object");
    for (i, choice) in
        o.take_array("choices")?.ok_or_else(|| Bad::new("choices", "is missing"))?.into_iter().enumerate()
    {
        let place = u32::try_from(i).unwrap_or(u32::MAX);
        let choice = choice.into_object().and_then(|choice| read_choice(choice, place));
        answer.choices.push(choice.map_err(|e| e.at("choices", i))?);
    }
    answer.usage = o.take_object("usage")?.and_then(|usage| counted(Shape::Chat, usage));
    answer.service_tier = o.take_text("service_tier")?;
    answer.rest = o;
    Ok(answer)
}

fn read_choice(mut c: Object<'_>, place: u32) -> Result<Choice<'_>, Bad> {
    let index = c.take_u64("index")?.and_then(|index| u32::try_from(index).ok()).unwrap_or(place);
    let mut message = c.take_object("message")?.ok_or_else(|| Bad::new("message", "is missing"))?;
    message.take("role");
    let parts = parts::read_assistant(&mut message).map_err(|e| e.under("message"))?;
    crate::rest::leave(&mut c, "message", message);
    let finish = c.take_text("finish_reason")?.map(finish);
    Ok(Choice { index, parts, finish, logprobs: c.take("logprobs"), rest: c })
}

pub fn finish(word: std::borrow::Cow<'_, str>) -> Finish<'_> {
    match &*word {
        "stop" | "end_turn" | "eos" => Finish::Stop,
        "length" => Finish::Length,
        "tool_calls" => Finish::ToolCalls,
        "content_filter" => Finish::ContentFilter,
        _ => Finish::Other(word),
    }
}

pub fn finish_word(finish: &Finish<'_>) -> &'static str {
    match finish {
        Finish::Length | Finish::ContextWindow => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::ContentFilter | Finish::Refusal => "content_filter",
        Finish::Other(word) if word == "function_call" => "function_call",
        Finish::Stop | Finish::StopSequence(_) | Finish::Pause | Finish::BrokenToolCall | Finish::Other(_) => "stop",
    }
}

pub fn write(answer: &Answer<'_>, stamp: Stamp<'_>) -> Vec<u8> {
    let own = answer.from == Dialect::Chat;
    let mut o = Object::with_capacity(8);
    o.put("id", if answer.id.is_empty() { stamp.id } else { &*answer.id });
    o.put("object", "chat.completion");
    o.put("created", answer.created.unwrap_or(stamp.created));
    o.put("model", stamp.model.unwrap_or(&answer.model));
    let choices: Vec<Json<'_>> = answer.choices.iter().map(|choice| write_choice(choice, own)).collect();
    o.put("choices", choices);
    o.put_some("usage", answer.usage.as_ref().map(usage::write));
    // Anthropic's tiers have other names.
    if own || answer.from == Dialect::Responses {
        o.put_some("service_tier", answer.service_tier.as_deref());
    }
    if own {
        o.fill(&answer.rest);
    }
    o.to_vec()
}

fn write_choice<'r>(choice: &'r Choice<'_>, own: bool) -> Json<'r> {
    let mut message = Object::with_capacity(5).with("role", "assistant");
    let texts: Vec<std::borrow::Cow<'r, str>> = choice
        .parts
        .iter()
        .filter_map(|part| match &part.content {
            Content::Text(text) => Some((&**text).into()),
            _ => None,
        })
        .collect();
    message.put("content", if texts.is_empty() { Json::Null } else { Json::Pieces(texts) });
    let refusal = choice.parts.iter().find_map(|part| match &part.content {
        Content::Refusal(text) => Some(&**text),
        _ => None,
    });
    message.put("refusal", refusal.map_or(Json::Null, Json::from));
    let thinking: Vec<&Part<'_>> = choice
        .parts
        .iter()
        .filter(|part| matches!(part.content, Content::Thinking(_) | Content::RedactedThinking(_)))
        .collect();
    parts_write::write_thinking(&mut message, &thinking);
    let calls: Vec<Json<'r>> = choice
        .parts
        .iter()
        .filter_map(|part| match &part.content {
            Content::Other(value) if own => Some(value.clone()),
            _ => parts_write::write_call(part, own),
        })
        .collect();
    let has_calls = !calls.is_empty();
    if has_calls {
        message.put("tool_calls", calls);
    }
    let images: Vec<Json<'r>> = choice
        .parts
        .iter()
        .filter_map(|part| match &part.content {
            Content::Image { source, .. } => {
                let image = Object::new().with("url", parts_write::url(source)?);
                Some(Json::Object(Object::new().with("type", "image_url").with("image_url", image)))
            }
            _ => None,
        })
        .collect();
    if !images.is_empty() {
        message.put("images", images);
    }
    let mut c = Object::with_capacity(4).with("index", choice.index);
    crate::rest::put_inner(&mut c, "message", message, own.then_some(&choice.rest));
    c.put("logprobs", choice.logprobs.clone().unwrap_or(Json::Null));
    let finish = match &choice.finish {
        None => Json::Null,
        // Gemini says that it stopped, whether it called a tool or not.
        Some(Finish::Stop) if has_calls && !own => Json::from("tool_calls"),
        Some(finish) => Json::from(finish_word(finish)),
    };
    c.put("finish_reason", finish);
    if own {
        c.fill(&choice.rest);
    }
    Json::Object(c)
}
