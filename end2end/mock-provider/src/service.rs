//! The routes.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde::Deserialize;

use crate::answer::{self, Answer};
use crate::ask::Ask;
use crate::body::{Body, ResetFlag};
use crate::books::{Books, Call, Entry, Outcome, RawRequest, Tokens};
use crate::faults::Faults;
use crate::media;
use crate::route::Route;
use crate::stream::Events;

const LARGEST_BODY: usize = 256 << 20;
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What every connection shares.
pub struct Mock {
    pub books: Arc<Books>,
    pub scripts: Mutex<Vec<Script>>,
    pub default_tokens: u64,
    pub default_faults: Faults,
    /// What every call must bring, in its dialect's way.
    pub required_key: Option<String>,
}

/// Faults that were asked for beforehand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    times: Option<u64>,
    faults: String,
}

pub async fn serve(
    mock: Arc<Mock>,
    reset: ResetFlag,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    if (request.method(), request.uri().path()) == (&Method::GET, "/v1/models") || request.uri().path() == "/models" {
        return Ok(json(StatusCode::OK, answer::models(), None));
    }
    if let Some(route) = media::Route::of(request.method(), request.uri().path()) {
        let (parts, body) = request.into_parts();
        return Ok(media::serve(&mock.books, mock.required_key.as_ref(), route, parts.headers, body).await);
    }
    let Some((route, model)) = Route::of(request.method(), request.uri().path()) else {
        return Ok(control(&mock, request).await);
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        return Ok(json(StatusCode::BAD_REQUEST, answer::error(400, "the body couldn't be read"), None));
    };
    Ok(call(&mock, reset, (route, model), parts.headers, body.to_bytes()).await)
}

async fn call(
    mock: &Mock,
    reset: ResetFlag,
    (route, in_path): (Route, Option<String>),
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let mut ask: Result<Ask<'_>, _> = serde_json::from_slice(&body);
    if let (Ok(ask), Some(model)) = (&mut ask, in_path) {
        ask.model = model.into();
        if let Route::Generate { stream } | Route::Converse { stream } = route {
            ask.stream = Some(stream);
        }
    }
    let model = ask.as_ref().map_or("", |ask| &ask.model);
    let faults = mock.faults(model, &headers);
    let authorised = mock.required_key.as_ref().is_none_or(|key| route.is_authorised(&headers, key));
    let refusal = match (&ask, &faults) {
        _ if !authorised => Some((401, "Incorrect API key provided.".to_owned())),
        (Err(error), _) => Some((400, format!("We could not parse the JSON body of your request: {error}"))),
        (_, Err(unknown)) => Some((400, unknown.clone())),
        (_, Ok(faults)) => faults.status.map(|status| {
            let quoted = if faults.echo { quote(&headers, &body) } else { String::new() };
            (status, format!("The mock was asked for status {status}.{quoted}"))
        }),
    };
    let faults = faults.unwrap_or_default();
    let delay = faults.delay;

    let mut answer = None;
    let call = mock.books.open(|number| {
        let id = format!("{}{number}", route.prefix());
        let mut tokens = Tokens::default();
        if let (Ok(ask), None) = (&ask, &refusal) {
            let made = Answer::new(id.clone(), ask, faults.clone(), mock.default_tokens, &body);
            tokens = made.usage;
            if route == Route::Embeddings {
                tokens = Tokens { prompt_tokens: faults.prompt.unwrap_or(answer::PROMPT_TOKENS), ..Tokens::default() };
            }
            answer = Some(made);
        }
        let request_id = headers.get("x-client-request-id").or_else(|| headers.get("x-request-id"));
        let entry = Entry {
            number,
            path: route.path(),
            request_id: request_id.and_then(|id| id.to_str().ok()).map(Into::into),
            model: model.into(),
            stream: ask.as_ref().is_ok_and(Ask::streams),
            status: refusal.as_ref().map_or(200, |(status, _)| *status),
            answer_id: id,
            tokens,
            usage_reported: false,
            outcome: Outcome::Open,
        };
        (entry, RawRequest { number, path: route.path(), headers, body: body.clone() })
    });

    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let number = call.number();
    let mut response = match (refusal, answer, &ask) {
        (None, Some(answer), Ok(ask)) => respond(route, answer, ask, call, reset),
        (refusal, ..) => {
            let (status, message) = refusal.unwrap_or((500, "the mock lost its answer".to_owned()));
            let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response =
                if faults.html { html(code, call) } else { json(code, route.error(status, &message), Some(call)) };
            if matches!(route, Route::Converse { .. }) {
                let name = HeaderValue::from_static(answer::converse::error_name(status));
                response.headers_mut().insert("x-amzn-errortype", name);
            }
            response
        }
    };
    if let Some(seconds) = faults.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    if let Ok(id) = HeaderValue::from_maybe_shared(Bytes::from(format!("req_mock_{number}"))) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// What a careless provider puts into its errors.
fn quote(headers: &HeaderMap, body: &Bytes) -> String {
    let headers = headers.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
    format!(" It got {} and {}", headers.collect::<Vec<_>>().join(", "), String::from_utf8_lossy(body))
}

fn respond(route: Route, answer: Answer, ask: &Ask<'_>, mut call: Call, reset: ResetFlag) -> Response<Body> {
    let faults = &answer.faults;
    if faults.no_answer {
        reset.store(faults.reset, Ordering::Relaxed);
        return Response::new(Body::Broken { call });
    }
    if faults.html {
        return html(StatusCode::OK, call);
    }
    if ask.streams() && route != Route::Embeddings {
        let split = faults.split;
        let mut response =
            Response::new(Body::stream(Events::new(answer, route.shape(), ask.includes_usage()), call, split, reset));
        let kind = HeaderValue::from_static(route.stream_type());
        response.headers_mut().insert(CONTENT_TYPE, kind);
        return response;
    }
    call.usage_reported =
        faults.usage != crate::faults::UsagePlace::Missing && !faults.broken_body && faults.claim_less == 0;
    let mut body = match route {
        Route::Chat => answer.chat_body(),
        Route::Completion => answer.completion_body(),
        Route::Messages => answer.message_body(),
        Route::Responses => answer.response_body(),
        Route::Generate { .. } => answer.generated_body(),
        Route::Converse { .. } => answer.converse_body(),
        Route::CountMessage => format!(r#"{{"input_tokens":{}}}"#, answer.usage.prompt_tokens),
        Route::CountGenerate => format!(r#"{{"totalTokens":{}}}"#, answer.usage.prompt_tokens),
        Route::Embeddings => {
            let usage = Tokens { prompt_tokens: faults.prompt.unwrap_or(answer::PROMPT_TOKENS), ..Tokens::default() };
            answer::embeddings(ask, faults, &usage)
        }
    };
    if faults.broken_body {
        body.truncate(body.len() / 2);
    }
    let claimed = (body.len() + faults.claim_more).saturating_sub(faults.claim_less);
    if claimed == body.len() {
        return json(StatusCode::OK, body, Some(call));
    }
    let mut response = Response::new(Body::Unsized { bytes: Some(body.into()), call: Some(call) });
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response.headers_mut().insert(CONTENT_LENGTH, claimed.into());
    response
}

fn json(status: StatusCode, body: String, call: Option<Call>) -> Response<Body> {
    let mut response = Response::new(Body::whole(body, call));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

fn html(status: StatusCode, call: Call) -> Response<Body> {
    let page = "<!DOCTYPE html><html><head><title>Sorry</title></head><body>We'll be back soon.</body></html>";
    let mut response = Response::new(Body::whole(page, Some(call)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

impl Mock {
    fn faults(&self, model: &str, headers: &HeaderMap) -> Result<Faults, String> {
        let mut faults = self.default_faults.clone();
        {
            let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
            for script in scripts.iter_mut().filter(|s| s.model.as_ref().is_none_or(|wanted| wanted == model)) {
                match &mut script.times {
                    Some(0) => continue,
                    Some(times) => *times -= 1,
                    None => {}
                }
                faults.apply(&script.faults)?;
            }
        }
        faults.apply_model(model)?;
        for (name, value) in headers {
            if let Some(key) = name.as_str().strip_prefix("x-mock-") {
                faults.set(key, value.to_str().ok().and_then(|value| value.parse().ok()))?;
            }
        }
        Ok(faults)
    }
}

async fn control(mock: &Mock, request: Request<Incoming>) -> Response<Body> {
    let text = match (request.method(), request.uri().path()) {
        (&Method::GET, "/__mock/books") => serde_json::to_string(&mock.books.entries()),
        (&Method::GET, "/__mock/requests") => serde_json::to_string(&mock.books.requests()),
        (&Method::GET, "/__mock/stats") => serde_json::to_string(&mock.books.stats()),
        (&Method::POST, "/__mock/reset") => {
            mock.books.reset();
            mock.scripts.lock().unwrap_or_else(PoisonError::into_inner).clear();
            Ok("{}".to_owned())
        }
        (&Method::POST, "/__mock/script") => return script(mock, request.into_body()).await,
        (_, path) => {
            let message = format!("Invalid URL ({} {path})", request.method());
            return json(StatusCode::NOT_FOUND, answer::error(404, &message), None);
        }
    };
    match text {
        Ok(text) => json(StatusCode::OK, text, None),
        Err(error) => json(StatusCode::INTERNAL_SERVER_ERROR, answer::error(500, &error.to_string()), None),
    }
}

async fn script(mock: &Mock, body: Incoming) -> Response<Body> {
    let parsed = match Limited::new(body, 1 << 20).collect().await {
        Ok(body) => serde_json::from_slice::<Script>(&body.to_bytes()).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match parsed.and_then(|script| Faults::default().apply(&script.faults).map(|()| script)) {
        Ok(script) => {
            mock.scripts.lock().unwrap_or_else(PoisonError::into_inner).push(script);
            json(StatusCode::OK, "{}".to_owned(), None)
        }
        Err(error) => json(StatusCode::BAD_REQUEST, answer::error(400, &error), None),
    }
}
