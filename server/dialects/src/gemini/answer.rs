//! Answers: `GenerateContentResponse`.

use super::parts::{self, Calls};
use super::wire::camel;
use super::{finish, logprobs, usage};
use crate::Stamp;
use crate::json::{Bad, Json, Object};
use crate::neutral::{Answer, Choice, Content, Dialect, Error, ErrorKind};

/// Reads a whole answer. A prompt that was blocked is an error of kind [`ErrorKind::ContentPolicy`], though it comes with
/// status 200.
pub fn read(body: &[u8]) -> Result<Answer<'_>, Error> {
    let json = Json::parse(body).map_err(|e| Error::broken(e.to_string()))?;
    let object = json.into_object().map_err(|e| Error::broken(e.to_string()))?;
    let mut object = camel(object);
    let answer = read_object(&mut object).map_err(|e| Error::broken(e.to_string()))?;
    if answer.choices.is_empty()
        && let Some(blocked) = blocked(&object)
    {
        return Err(blocked);
    }
    Ok(Answer { rest: object, ..answer })
}

/// The error that a blocked prompt is.
pub(super) fn blocked(object: &Object<'_>) -> Option<Error> {
    let feedback = object.get("promptFeedback")?;
    let reason = feedback.get("blockReason")?.as_str()?;
    let said = feedback.get("blockReasonMessage").and_then(Json::as_str);
    let message = said.map_or_else(|| format!("The prompt was blocked: {reason}"), str::to_owned);
    Some(Error { code: Some(reason.to_owned()), ..Error::new(ErrorKind::ContentPolicy, message) })
}

fn read_object<'a>(object: &mut Object<'a>) -> Result<Answer<'a>, Bad> {
    let mut answer = Answer::new(Dialect::Gemini);
    answer.id = object.take_text("responseId")?.unwrap_or_default();
    answer.model = object.take_text("modelVersion")?.unwrap_or_default();
    answer.usage = object.take_object("usageMetadata")?.map(|counts| usage::read(&counts));
    for (at, candidate) in object.take_array("candidates")?.unwrap_or_default().into_iter().enumerate() {
        let place = u32::try_from(at).unwrap_or(u32::MAX);
        let choice = candidate.into_object().and_then(|c| read_candidate(camel(c), place, &answer.id));
        answer.choices.push(choice.map_err(|e| e.at("candidates", at))?);
    }
    Ok(answer)
}

fn read_candidate<'a>(mut candidate: Object<'a>, place: u32, id: &str) -> Result<Choice<'a>, Bad> {
    let index = candidate.take_u64("index")?.and_then(|index| u32::try_from(index).ok()).unwrap_or(place);
    let mut choice = Choice { index, ..Choice::default() };
    let mut calls = Calls::of(id, index);
    if let Some(content) = candidate.take_object("content")? {
        for (at, part) in camel(content).take_array("parts")?.unwrap_or_default().into_iter().enumerate() {
            choice.parts.push(parts::read(part, &mut calls).map_err(|e| e.at("parts", at))?);
        }
    }
    let has_calls = choice.parts.iter().any(|part| matches!(part.content, Content::ToolCall { .. }));
    choice.finish = candidate.take_text("finishReason")?.map(|word| finish::read(&word, has_calls));
    choice.logprobs = candidate.take("logprobsResult").map(|result| logprobs::read(&result));
    choice.rest = candidate;
    Ok(choice)
}

/// Writes a whole answer.
pub fn write(answer: &Answer<'_>, stamp: Stamp<'_>) -> Vec<u8> {
    let own = answer.from == Dialect::Gemini;
    let candidates = answer.choices.iter().map(|choice| {
        let parts = choice.parts.iter().filter_map(|part| parts::write_answer_part(part, own)).map(Json::from);
        let content = Object::new().with("parts", parts.collect::<Vec<_>>()).with("role", "model");
        let mut candidate = Object::new().with("content", content);
        candidate.put_some("finishReason", choice.finish.as_ref().map(finish::write));
        candidate.put("index", choice.index);
        candidate.put_some("logprobsResult", choice.logprobs.as_ref().and_then(logprobs::write));
        if own {
            candidate.fill(&choice.rest);
        }
        Json::from(candidate)
    });
    let mut out = Object::new().with("candidates", candidates.collect::<Vec<_>>());
    out.put_some("usageMetadata", answer.usage.as_ref().map(usage::write));
    out.put("modelVersion", stamp.model.unwrap_or(&answer.model));
    out.put("responseId", if answer.id.is_empty() { stamp.id } else { &answer.id });
    if own {
        out.fill(&answer.rest);
    }
    out.to_vec()
}
