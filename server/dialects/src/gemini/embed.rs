//! Embeddings: OpenAI's `/v1/embeddings` in front of Google's, and the other way round.

use std::borrow::Cow;

use crate::json::{Bad, Json, Object};
use crate::neutral::{Error, ErrorKind};

use super::wire::{camel, number};

/// What is asked for, whoever asks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embed<'a> {
    pub inputs: Vec<Cow<'a, str>>,
    pub dimensions: Option<u64>,
    /// Google's `taskType`: what the vectors are for.
    pub task: Option<Cow<'a, str>>,
    /// Vectors as base64 of little-endian floats: OpenAI's Python SDK asks for it.
    pub base64: bool,
}

/// What comes back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embedded {
    pub vectors: Vec<Vec<f64>>,
    /// Tokens of the inputs; Google's API does not always say.
    pub tokens: Option<u64>,
}

fn parse(body: &[u8]) -> Result<Object<'_>, Error> {
    let json = Json::parse(body).map_err(|e| Error::new(ErrorKind::BadRequest, e.to_string()))?;
    Ok(json.into_object()?)
}

/// Reads a request of OpenAI's form. Inputs that are tokens already can't be embedded elsewhere: an error.
pub fn read_openai(body: &[u8]) -> Result<Embed<'_>, Error> {
    let mut object = parse(body)?;
    let inputs = match object.take("input") {
        Some(Json::Text(text)) => vec![text],
        Some(Json::Array(items)) => {
            let texts = items.into_iter().enumerate().map(|(at, item)| item.into_text().map_err(|e| e.at("input", at)));
            texts.collect::<Result<_, Bad>>()?
        }
        _ => return Err(Bad::new("input", "must be a string or an array of strings").into()),
    };
    let base64 = object.take_text("encoding_format")?.as_deref() == Some("base64");
    Ok(Embed { inputs, dimensions: object.take_u64("dimensions")?, task: None, base64 })
}

/// Reads the body of `embedContent`, or with `batch` of `batchEmbedContents`.
pub fn read_google(body: &[u8], batch: bool) -> Result<Embed<'_>, Error> {
    let mut object = camel(parse(body)?);
    if !batch {
        return Ok(read_one(object)?);
    }
    let mut all = Embed::default();
    for (at, item) in object.take_array("requests")?.unwrap_or_default().into_iter().enumerate() {
        let one = item.into_object().and_then(|item| read_one(camel(item))).map_err(|e| e.at("requests", at))?;
        if at > 0 && (one.dimensions, &one.task) != (all.dimensions, &all.task) {
            return Err(
                Bad::new(format!("requests[{at}]"), "must ask for the same kind of vectors as the first").into()
            );
        }
        all.dimensions = one.dimensions;
        all.task = one.task;
        all.inputs.extend(one.inputs);
    }
    Ok(all)
}

fn read_one(mut object: Object<'_>) -> Result<Embed<'_>, Bad> {
    let mut content = camel(object.take_object("content")?.ok_or_else(|| Bad::new("content", "is missing"))?);
    let mut text = String::new();
    for (at, part) in content.take_array("parts")?.unwrap_or_default().into_iter().enumerate() {
        let piece = part.into_object().and_then(|mut part| part.need_text("text"));
        text.push_str(&piece.map_err(|e| e.at("parts", at).under("content"))?);
    }
    // The SDKs put these beside the content, the newer API into a config.
    let mut config = camel(object.take_object("embedContentConfig")?.unwrap_or_default());
    config.fill(&object);
    Ok(Embed {
        inputs: vec![text.into()],
        dimensions: config.take_u64("outputDimensionality")?,
        task: config.take_text("taskType")?,
        base64: false,
    })
}

/// Writes the body of `batchEmbedContents`.
pub fn write_google(embed: &Embed<'_>, model: &str) -> Object<'static> {
    let name = if model.starts_with("models/") { model.to_owned() } else { format!("models/{model}") };
    let requests = embed.inputs.iter().map(|input| -> Json<'static> {
        let part = Object::new().with("text", input.clone().into_owned());
        let content = Object::new().with("parts", vec![part.into()]);
        let mut one = Object::new().with("model", name.clone()).with("content", content);
        one.put_some("taskType", embed.task.clone().map(Cow::into_owned));
        one.put_some("outputDimensionality", embed.dimensions);
        one.into()
    });
    Object::new().with("requests", requests.collect::<Vec<_>>())
}

/// Writes the body of Vertex AI's `:predict`, which its text embedding models take.
pub fn write_vertex(embed: &Embed<'_>) -> Object<'static> {
    let instances = embed.inputs.iter().map(|input| -> Json<'static> {
        let mut one = Object::new().with("content", input.clone().into_owned());
        one.put_some("task_type", embed.task.clone().map(Cow::into_owned));
        one.into()
    });
    let mut out = Object::new().with("instances", instances.collect::<Vec<_>>());
    if let Some(dimensions) = embed.dimensions {
        out.put("parameters", Object::new().with("outputDimensionality", dimensions));
    }
    out
}

/// Writes a request of OpenAI's form.
pub fn write_openai(embed: &Embed<'_>, model: &str) -> Object<'static> {
    let inputs = embed.inputs.iter().map(|input| Json::from(input.clone().into_owned()));
    let mut out = Object::new().with("model", model.to_owned()).with("input", inputs.collect::<Vec<_>>());
    out.put_some("dimensions", embed.dimensions);
    out
}

/// Reads the answer of `embedContent`, `batchEmbedContents` or Vertex AI's `predict`.
pub fn read_google_answer(body: &[u8]) -> Result<Embedded, Error> {
    let broken = |bad: Bad| Error::broken(bad.to_string());
    let json = Json::parse(body).map_err(|e| Error::broken(e.to_string()))?;
    let mut object = camel(json.into_object().map_err(broken)?);
    let mut out = Embedded::default();
    if let Some(counts) = object.get("usageMetadata").and_then(Json::as_object) {
        out.tokens = counts.get("promptTokenCount").map(|count| number(Some(count)));
    }
    let mut rows = object.take_array("embeddings").map_err(broken)?.unwrap_or_default();
    rows.extend(object.take("embedding"));
    for row in &rows {
        out.vectors.push(vector(row.get("values"))?);
    }
    for row in object.take_array("predictions").map_err(broken)?.unwrap_or_default() {
        let inner = row.get("embeddings");
        out.vectors.push(vector(inner.and_then(|inner| inner.get("values")))?);
        let counts = inner.and_then(|inner| inner.get("statistics"));
        if let Some(count) = counts.and_then(|counts| counts.get("token_count")).and_then(Json::as_f64) {
            *out.tokens.get_or_insert(0) += whole(count);
        }
    }
    if out.vectors.is_empty() { Err(Error::broken("the answer has no embeddings")) } else { Ok(out) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
fn whole(count: f64) -> u64 {
    count as u64
}

fn vector(values: Option<&Json<'_>>) -> Result<Vec<f64>, Error> {
    let values = values.and_then(Json::as_array).ok_or_else(|| Error::broken("an embedding has no values"))?;
    values.iter().map(|value| value.as_f64().ok_or_else(|| Error::broken("an embedding has no numbers"))).collect()
}

/// Reads an answer of OpenAI's form.
pub fn read_openai_answer(body: &[u8]) -> Result<Embedded, Error> {
    let json = Json::parse(body).map_err(|e| Error::broken(e.to_string()))?;
    let rows = json.get("data").and_then(Json::as_array).ok_or_else(|| Error::broken("the answer has no `data`"))?;
    let vectors = rows.iter().map(|row| vector(row.get("embedding"))).collect::<Result<_, Error>>()?;
    let tokens = json.get("usage").and_then(|usage| usage.get("prompt_tokens")).and_then(Json::as_u64);
    Ok(Embedded { vectors, tokens })
}

/// Writes the answer for a caller of Google's API.
pub fn write_google_answer(embedded: &Embedded, batch: bool) -> Vec<u8> {
    let row = |vector: &Vec<f64>| -> Json<'static> { Object::new().with("values", numbers(vector)).into() };
    let mut out = if batch {
        Object::new().with("embeddings", embedded.vectors.iter().map(row).collect::<Vec<_>>())
    } else {
        let mut one = Object::new();
        one.put_some("embedding", embedded.vectors.first().map(row));
        one
    };
    out.put_some("usageMetadata", embedded.tokens.map(|count| Object::new().with("promptTokenCount", count)));
    out.to_vec()
}

/// Writes the answer for a caller of OpenAI's API; `base64` as it asked.
pub fn write_openai_answer(embedded: &Embedded, model: &str, base64: bool) -> Vec<u8> {
    let rows = embedded.vectors.iter().enumerate().map(|(at, vector)| -> Json<'static> {
        let index = u64::try_from(at).unwrap_or(u64::MAX);
        let value: Json<'static> = if base64 { packed(vector).into() } else { numbers(vector).into() };
        Object::new().with("object", "embedding").with("index", index).with("embedding", value).into()
    });
    let tokens = embedded.tokens.unwrap_or(0);
    let usage = Object::new().with("prompt_tokens", tokens).with("total_tokens", tokens);
    let out = Object::new().with("object", "list").with("data", rows.collect::<Vec<_>>());
    out.with("model", model.to_owned()).with("usage", usage).to_vec()
}

fn numbers(vector: &[f64]) -> Vec<Json<'static>> {
    vector.iter().map(|value| Json::from(*value)).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "that is the form: single precision")]
fn packed(vector: &[f64]) -> String {
    use base64::Engine as _;
    let bytes: Vec<u8> = vector.iter().flat_map(|value| (*value as f32).to_le_bytes()).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openai_in_front_of_google() {
        let embed =
            read_openai(br#"{"model":"e","input":["a","b"],"dimensions":2,"encoding_format":"base64"}"#).unwrap();
        assert_eq!(
            write_google(&embed, "gemini-embedding-001").to_string(),
            r#"{"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a"}]},"outputDimensionality":2},{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"b"}]},"outputDimensionality":2}]}"#
        );
        let answer = read_google_answer(br#"{"embeddings":[{"values":[0.5,-1]},{"values":[1,2]}]}"#).unwrap();
        assert_eq!(
            String::from_utf8(write_openai_answer(&answer, "e", true)).unwrap(),
            r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":"AAAAPwAAgL8="},{"object":"embedding","index":1,"embedding":"AACAPwAAAEA="}],"model":"e","usage":{"prompt_tokens":0,"total_tokens":0}}"#
        );
    }

    #[test]
    fn google_in_front_of_openai() {
        let body = br#"{"requests":[{"model":"models/e","content":{"parts":[{"text":"a"},{"text":"b"}]},"taskType":"RETRIEVAL_QUERY"}]}"#;
        let embed = read_google(body, true).unwrap();
        assert_eq!(write_openai(&embed, "e").to_string(), r#"{"model":"e","input":["ab"]}"#);
        let answer = br#"{"data":[{"embedding":[0.25]}],"usage":{"prompt_tokens":3}}"#;
        let answer = read_openai_answer(answer).unwrap();
        assert_eq!(
            String::from_utf8(write_google_answer(&answer, true)).unwrap(),
            r#"{"embeddings":[{"values":[0.25]}],"usageMetadata":{"promptTokenCount":3}}"#
        );
        assert_eq!(
            String::from_utf8(write_google_answer(&answer, false)).unwrap(),
            r#"{"embedding":{"values":[0.25]},"usageMetadata":{"promptTokenCount":3}}"#
        );
    }

    #[test]
    fn vertex_predicts() {
        let embed = Embed { inputs: vec!["a".into()], dimensions: Some(2), ..Embed::default() };
        assert_eq!(
            write_vertex(&embed).to_string(),
            r#"{"instances":[{"content":"a"}],"parameters":{"outputDimensionality":2}}"#
        );
        let answer =
            br#"{"predictions":[{"embeddings":{"statistics":{"truncated":false,"token_count":6.0},"values":[0.5]}}]}"#;
        assert_eq!(read_google_answer(answer).unwrap(), Embedded { vectors: vec![vec![0.5]], tokens: Some(6) });
    }

    #[test]
    fn tokens_are_no_texts() {
        assert!(read_openai(br#"{"input":[[1,2,3]]}"#).is_err());
        assert!(read_google_answer(b"{}").is_err());
    }
}
