//! Counting tokens.

use super::wire::{camel, get, number};
use super::{Door, request};
use crate::json::{Bad, Json, Object};
use crate::neutral::{Dialect, Error, ErrorKind, Losses, Request};

/// Reads a question: contents alone, or a whole request in `generateContentRequest`.
pub fn read<'a>(body: &'a [u8], model: &'a str) -> Result<Request<'a>, Error> {
    let json = Json::parse(body).map_err(|e| Error::new(ErrorKind::BadRequest, e.to_string()))?;
    let mut object = camel(json.into_object()?);
    if let Some(inner) = object.take_object("generateContentRequest")? {
        let inner = request::read_object(inner, model, false);
        return Ok(inner.map_err(|e| e.under("generateContentRequest"))?);
    }
    Ok(request::read_object(object, model, false)?)
}

/// Writes a question. The Gemini API counts tools and instructions only within a whole request.
pub fn write<'a>(request: &Request<'a>, model: &str, door: Door) -> (Object<'a>, Losses) {
    let mut losses = Losses::new(Dialect::Gemini);
    let prompt = request::write_prompt(request, model, &mut losses);
    let body = match door {
        Door::Vertex => prompt,
        Door::GeminiApi => {
            let name = if model.starts_with("models/") { model.to_owned() } else { format!("models/{model}") };
            let mut whole = Object::new().with("model", name);
            whole.fill(&prompt);
            Object::new().with("generateContentRequest", whole)
        }
    };
    (body, losses)
}

/// Reads the answer.
pub fn read_answer(body: &[u8]) -> Result<u64, Error> {
    let broken = |bad: Bad| Error::broken(bad.to_string());
    let json = Json::parse(body).map_err(|e| Error::broken(e.to_string()))?;
    let object = json.into_object().map_err(broken)?;
    match get(&object, "totalTokens", "total_tokens") {
        Some(total) => Ok(number(Some(total))),
        None => Err(Error::broken("the answer has no `totalTokens`")),
    }
}

/// Writes the answer.
pub fn write_answer(tokens: u64) -> Vec<u8> {
    Object::new().with("totalTokens", tokens).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_question_are_one() {
        let inner = r#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"systemInstruction":{"parts":[{"text":"Short"}]}}"#;
        let outer = format!(r#"{{"generate_content_request":{inner}}}"#);
        let request = read(inner.as_bytes(), "m").unwrap();
        assert_eq!(read(outer.as_bytes(), "m").unwrap(), request);
        assert_eq!(
            write(&request, "m", Door::GeminiApi).0.to_string(),
            r#"{"generateContentRequest":{"model":"models/m","contents":[{"role":"user","parts":[{"text":"Hi"}]}],"systemInstruction":{"parts":[{"text":"Short"}]}}}"#
        );
        assert_eq!(write(&request, "m", Door::Vertex).0.to_string(), inner);
    }

    #[test]
    fn answers_come_back() {
        assert_eq!(read_answer(&write_answer(31)).unwrap(), 31);
        assert!(read_answer(b"{}").is_err());
    }
}
