//! Whole answers.

use std::borrow::Cow;

use crate::chat::answer::{finish, finish_word};
use crate::chat::usage;
use crate::counted::counted;
use crate::json::{Bad, Json, Object};
use crate::neutral::{Answer, Choice, Content, Dialect, Error, Part};
use crate::usage::Shape;
use crate::{Stamp, errors};

pub fn read(body: &[u8]) -> Result<Answer<'_>, Error> {
    let object = Json::parse(body).map_err(|e| Error::broken(e.to_string()))?;
    let mut object = object.into_object().map_err(|e| Error::broken(e.to_string()))?;
    if object.get("choices").is_none() && object.get("error").is_some_and(|error| !error.is_null()) {
        return Err(errors::from_object(&mut object, None));
    }
    read_object(object).map_err(|e| Error::broken(e.to_string()))
}

fn read_object(mut o: Object<'_>) -> Result<Answer<'_>, Bad> {
    let mut answer = Answer::new(Dialect::Completions);
    answer.id = o.take_text("id")?.unwrap_or_default();
    answer.model = o.take_text("model")?.unwrap_or_default();
    answer.created = o.take_i64("created")?;
    o.take("object");
    let choices = o.take_array("choices")?.ok_or_else(|| Bad::new("choices", "is missing"))?;
    for (i, choice) in choices.into_iter().enumerate() {
        let mut c = choice.into_object().map_err(|e| e.at("choices", i))?;
        let place = u32::try_from(i).unwrap_or(u32::MAX);
        let index = c.take_u64("index")?.and_then(|index| u32::try_from(index).ok()).unwrap_or(place);
        let parts = vec![Part::text(c.take_text("text")?.unwrap_or_default())];
        let finish = c.take_text("finish_reason")?.map(finish);
        answer.choices.push(Choice { index, parts, finish, logprobs: c.take("logprobs"), rest: c });
    }
    answer.usage = o.take_object("usage")?.and_then(|usage| counted(Shape::Chat, usage));
    answer.rest = o;
    Ok(answer)
}

pub fn write(answer: &Answer<'_>, stamp: Stamp<'_>) -> Vec<u8> {
    let own = answer.from == Dialect::Completions;
    let mut o = Object::with_capacity(8);
    o.put("id", if answer.id.is_empty() { stamp.id } else { &*answer.id });
    o.put("object", "text_completion");
    o.put("created", answer.created.unwrap_or(stamp.created));
    o.put("model", stamp.model.unwrap_or(&answer.model));
    let choices: Vec<Json<'_>> = answer
        .choices
        .iter()
        .map(|choice| {
            let texts: Vec<Cow<'_, str>> = choice
                .parts
                .iter()
                .filter_map(|part| match &part.content {
                    Content::Text(text) | Content::Refusal(text) => Some((&**text).into()),
                    _ => None,
                })
                .collect();
            let mut c = Object::with_capacity(4).with("text", Json::Pieces(texts)).with("index", choice.index);
            // Other dialects have them in another form.
            c.put("logprobs", choice.logprobs.clone().filter(|_| own).unwrap_or(Json::Null));
            c.put("finish_reason", choice.finish.as_ref().map_or(Json::Null, |finish| finish_word(finish).into()));
            if own {
                c.fill(&choice.rest);
            }
            Json::Object(c)
        })
        .collect();
    o.put("choices", choices);
    o.put_some("usage", answer.usage.as_ref().map(usage::write));
    if own {
        o.fill(&answer.rest);
    }
    o.to_vec()
}
