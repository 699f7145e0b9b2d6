//! How likely tokens were: Google's `logprobsResult` and OpenAI's `logprobs`.

use crate::json::{Json, Object};

/// Into OpenAI's form.
pub(super) fn read(result: &Json<'_>) -> Json<'static> {
    let chosen = result.get("chosenCandidates").and_then(Json::as_array).unwrap_or_default();
    let tops = result.get("topCandidates").and_then(Json::as_array).unwrap_or_default();
    let mut content = Vec::with_capacity(chosen.len());
    for (at, token) in chosen.iter().enumerate() {
        let mut row = one(token);
        let others = tops.get(at).and_then(|top| top.get("candidates")).and_then(Json::as_array).unwrap_or_default();
        row.put("top_logprobs", others.iter().map(|other| one(other).into()).collect::<Vec<_>>());
        content.push(row.into());
    }
    Object::new().with("content", content).with("refusal", Json::Null).into()
}

fn one(token: &Json<'_>) -> Object<'static> {
    let text = token.get("token").and_then(Json::as_str).unwrap_or_default();
    let bytes: Vec<Json<'static>> = text.bytes().map(|byte| u16::from(byte).into()).collect();
    let logprob = token.get("logProbability").and_then(Json::as_f64).unwrap_or_default();
    Object::new().with("token", text.to_owned()).with("logprob", logprob).with("bytes", bytes)
}

/// Out of OpenAI's form. `None`: there is nothing in it.
pub(super) fn write(logprobs: &Json<'_>) -> Option<Json<'static>> {
    let content = logprobs.get("content")?.as_array()?;
    let one = |token: &Json<'_>| -> Json<'static> {
        let text = token.get("token").and_then(Json::as_str).unwrap_or_default();
        let logprob = token.get("logprob").and_then(Json::as_f64).unwrap_or_default();
        Object::new().with("token", text.to_owned()).with("logProbability", logprob).into()
    };
    let tops = content.iter().map(|token| -> Json<'static> {
        let others = token.get("top_logprobs").and_then(Json::as_array).unwrap_or_default();
        Object::new().with("candidates", others.iter().map(one).collect::<Vec<_>>()).into()
    });
    let tops: Vec<_> = tops.collect();
    let chosen: Vec<_> = content.iter().map(one).collect();
    Some(Object::new().with("topCandidates", tops).with("chosenCandidates", chosen).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_come_back() {
        let text = r#"{"topCandidates":[{"candidates":[{"token":"Hé","logProbability":-0.5}]}],"chosenCandidates":[{"token":"Hé","logProbability":-0.5}]}"#;
        let google = Json::parse(text.as_bytes()).unwrap();
        let open = read(&google);
        assert_eq!(
            open.to_string(),
            r#"{"content":[{"token":"Hé","logprob":-0.5,"bytes":[72,195,169],"top_logprobs":[{"token":"Hé","logprob":-0.5,"bytes":[72,195,169]}]}],"refusal":null}"#
        );
        assert_eq!(write(&open).unwrap(), google);
    }
}
