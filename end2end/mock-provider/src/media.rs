//! What is no chat: images, speech, transcripts, moderation, reranking. Forms are counted as they come and not kept.

use std::sync::Arc;

use base64::Engine as _;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::answer;
use crate::body::Body;
use crate::books::{Books, Call, Entry, Outcome, RawRequest, Tokens};

/// Of a request so much is kept, in bytes: the fields are before or after a form's file.
const KEPT: usize = 64 * 1024;

/// A second of sound, in bytes.
const BYTES_A_SECOND: u64 = 16_000;

/// Tokens of an image, and of the text that it is made from.
const IMAGE_TOKENS: u64 = 272;
const TEXT_TOKENS: u64 = 20;

/// The smallest picture.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n of the mock";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Route {
    Images,
    ImageEdits,
    ImageVariations,
    Moderations,
    Rerank,
    Speech,
    Transcriptions,
    Translations,
}

impl Route {
    pub fn of(method: &Method, path: &str) -> Option<Self> {
        if method != Method::POST {
            return None;
        }
        Some(match path.strip_prefix("/v1").or_else(|| path.strip_prefix("/v2")).unwrap_or(path) {
            "/images/generations" => Self::Images,
            "/images/edits" => Self::ImageEdits,
            "/images/variations" => Self::ImageVariations,
            "/moderations" => Self::Moderations,
            "/rerank" => Self::Rerank,
            "/audio/speech" => Self::Speech,
            "/audio/transcriptions" => Self::Transcriptions,
            "/audio/translations" => Self::Translations,
            _ => return None,
        })
    }

    fn path(self) -> &'static str {
        match self {
            Self::Images => "/v1/images/generations",
            Self::ImageEdits => "/v1/images/edits",
            Self::ImageVariations => "/v1/images/variations",
            Self::Moderations => "/v1/moderations",
            Self::Rerank => "/v1/rerank",
            Self::Speech => "/v1/audio/speech",
            Self::Transcriptions => "/v1/audio/transcriptions",
            Self::Translations => "/v1/audio/translations",
        }
    }
}

/// What came: all of it if it is JSON, and else its beginning, its end and its size.
struct Came {
    head: Vec<u8>,
    tail: Vec<u8>,
    bytes: u64,
}

impl Came {
    async fn read(mut body: Incoming, whole: bool) -> Result<Self, hyper::Error> {
        let mut came = Self { head: Vec::new(), tail: Vec::new(), bytes: 0 };
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            came.bytes += data.len() as u64;
            if whole || came.head.len() < KEPT {
                came.head.extend_from_slice(&data);
            } else {
                came.tail.extend_from_slice(&data);
                let over = came.tail.len().saturating_sub(KEPT);
                came.tail.drain(..over);
            }
        }
        Ok(came)
    }

    /// A form's field, wherever it is.
    fn field(&self, name: &str) -> Option<String> {
        let wanted = format!("name=\"{name}\"\r\n\r\n");
        [&self.head, &self.tail].into_iter().find_map(|part| {
            let text = String::from_utf8_lossy(part);
            let (_, rest) = text.split_once(&wanted)?;
            rest.split_once("\r\n--").map(|(value, _)| value.to_owned())
        })
    }
}

/// Answers a call, if it brings `key`.
pub async fn serve(
    books: &Arc<Books>,
    key: Option<&String>,
    route: Route,
    headers: HeaderMap,
    body: Incoming,
) -> Response<Body> {
    let form = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"));
    let came = match Came::read(body, !form).await {
        Ok(came) => came,
        Err(error) => return answered(400, "application/json", answer::error(400, &error.to_string()).into(), None),
    };
    let asked: Value = if form {
        let names = ["model", "n", "response_format", "prompt"];
        names.iter().filter_map(|name| Some(((*name).to_owned(), Value::from(came.field(name)?)))).collect::<Value>()
    } else {
        serde_json::from_slice(&came.head).unwrap_or_default()
    };
    let model = asked["model"].as_str().unwrap_or_default().to_owned();
    let authorised =
        key.is_none_or(|key| headers.get(AUTHORIZATION).is_some_and(|given| *given == format!("Bearer {key}")));
    let (status, kind, made, tokens) = if !authorised {
        (401, "application/json", answer::error(401, "Incorrect API key provided.").into(), Tokens::default())
    } else if model.is_empty() || model.contains("status-500") {
        (
            if model.is_empty() { 400 } else { 500 },
            "application/json",
            answer::error(500, "as asked").into(),
            Tokens::default(),
        )
    } else {
        let (kind, made, tokens) = make(route, &model, &asked, came.bytes);
        (200, kind, made, tokens)
    };
    let call = books.open(|number| {
        let request_id = headers.get("x-client-request-id");
        let entry = Entry {
            number,
            path: route.path(),
            request_id: request_id.and_then(|id| id.to_str().ok()).map(Into::into),
            model: model.clone().into(),
            stream: false,
            status,
            answer_id: format!("media-mock-{number}"),
            tokens,
            usage_reported: status == 200 && !model.contains("no-usage"),
            outcome: Outcome::Open,
        };
        (entry, RawRequest { number, path: route.path(), headers, body: came.head.into() })
    });
    answered(status, kind, made, Some(call))
}

fn answered(status: u16, kind: &'static str, body: Bytes, mut call: Option<Call>) -> Response<Body> {
    if let Some(call) = &mut call {
        call.usage_reported = status == 200;
    }
    let mut response = Response::new(Body::whole(body, call));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The answer, and what it used. `bytes`: the request's.
fn make(route: Route, model: &str, asked: &Value, bytes: u64) -> (&'static str, Bytes, Tokens) {
    const JSON: &str = "application/json";
    let mut used = Tokens::default();
    let made = match route {
        Route::Images | Route::ImageEdits | Route::ImageVariations => {
            let count = number(&asked["n"]).unwrap_or(1);
            let picture = base64::engine::general_purpose::STANDARD.encode(PICTURE);
            let data: Vec<Value> = (0..count).map(|_| json!({"b64_json": picture})).collect();
            used.images = count;
            let mut made = json!({"created": answer::CREATED, "data": data});
            // Older models don't count tokens.
            if !model.contains("dall-e") {
                (used.prompt_tokens, used.completion_tokens) = (TEXT_TOKENS, IMAGE_TOKENS * count);
                made["usage"] = json!({
                    "input_tokens": TEXT_TOKENS, "output_tokens": IMAGE_TOKENS * count,
                    "total_tokens": TEXT_TOKENS + IMAGE_TOKENS * count,
                    "input_tokens_details": {"text_tokens": TEXT_TOKENS, "image_tokens": 0},
                });
            }
            made
        }
        Route::Moderations => json!({
            "id": "modr-mock", "model": model, "results": [{
                "flagged": false, "categories": {"violence": false}, "category_scores": {"violence": 0.01},
                "category_applied_input_types": {"violence": ["text"]},
            }],
        }),
        Route::Rerank => {
            let documents = asked["documents"].as_array().map_or(0, Vec::len);
            used.queries = (documents as u64).div_ceil(100);
            let results: Vec<Value> = (0..documents).map(|at| json!({"index": at, "relevance_score": 0.5})).collect();
            json!({"id": "rerank-mock", "results": results, "meta": {"billed_units": {"search_units": used.queries}}})
        }
        Route::Speech => {
            let text = asked["input"].as_str().unwrap_or_default();
            used.characters = text.chars().count() as u64;
            return ("audio/mpeg", Bytes::from(text.repeat(100)), used);
        }
        Route::Transcriptions | Route::Translations => {
            used.seconds = bytes.div_ceil(BYTES_A_SECOND);
            let text = "Hello from the mock.";
            match asked["response_format"].as_str() {
                Some("text") => return ("text/plain; charset=utf-8", text.into(), used),
                Some("srt") => {
                    let (minutes, seconds) = (used.seconds / 60, used.seconds % 60);
                    let lines = format!("1\n00:00:00,000 --> 00:{minutes:02}:{seconds:02},000\n{text}\n\n");
                    return ("text/plain; charset=utf-8", lines.into(), used);
                }
                Some("verbose_json") => json!({
                    "task": "transcribe", "language": "english", "duration": used.seconds, "text": text, "segments": [],
                }),
                _ => json!({"text": text, "usage": {"type": "duration", "seconds": used.seconds}}),
            }
        }
    };
    (JSON, made.to_string().into(), used)
}
