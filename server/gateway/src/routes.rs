//! The data plane's routes, each with and without `/v1`.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::routing::{get, post};
use http::{HeaderName, HeaderValue, Response};
use tollgate_dialects::gemini::path::{self, Verb};
use tollgate_domain::charge::Operation;

use crate::call;
use crate::gateway::Gateway;
use crate::models;
use crate::openai::error::CallError;
use crate::openai::request::InUrl;

const GOOGLE_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

async fn chat_completions(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::call(gateway, Operation::ChatCompletion, request).await
}

async fn completions(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::call(gateway, Operation::Completion, request).await
}

async fn embeddings(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::call(gateway, Operation::Embedding, request).await
}

async fn messages(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::call(gateway, Operation::Messages, request).await
}

async fn count_tokens(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::count(gateway, Operation::Messages, request).await
}

async fn responses(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::call(gateway, Operation::Responses, request).await
}

/// Google's: `models/{model}:{verb}`, and the key in the address where that is how it comes.
async fn generate_content(
    State(gateway): State<Gateway>,
    Path(tail): Path<String>,
    mut request: Request,
) -> Response<Body> {
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let asked = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if let Some(Ok(mut key)) = asked("key").map(HeaderValue::from_str)
        && !request.headers().contains_key(GOOGLE_KEY)
    {
        key.set_sensitive(true);
        request.headers_mut().insert(GOOGLE_KEY, key);
    }
    // One route, whichever version the client names: keys are given or denied it under this name.
    if let Ok(uri) = format!("/v1beta/models/{}", tail.replace(['?', '#', ' '], "")).parse::<http::Uri>() {
        *request.uri_mut() = uri;
    }
    let Some((model, verb)) = path::read(&tail) else {
        let error = CallError::no_route(request.method().as_str(), request.uri().path());
        return error.into_response_for(Operation::GenerateContent);
    };
    let (model, stream) = (model.to_owned(), verb == Verb::StreamGenerateContent);
    let events = !stream || asked("alt") == Some("sse");
    request.extensions_mut().insert(InUrl { model, stream, events });
    match verb {
        Verb::GenerateContent | Verb::StreamGenerateContent => {
            call::call(gateway, Operation::GenerateContent, request).await
        }
        Verb::CountTokens => call::count(gateway, Operation::GenerateContent, request).await,
        _ => CallError::no_route(request.method().as_str(), request.uri().path())
            .into_response_for(Operation::GenerateContent),
    }
}

async fn image_generations(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::media::json(gateway, Operation::ImageGeneration, request).await
}

async fn image_edits(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::media::form(gateway, Operation::ImageEdit, request).await
}

async fn image_variations(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::media::form(gateway, Operation::ImageVariation, request).await
}

async fn moderations(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::media::json(gateway, Operation::Moderation, request).await
}

async fn rerank(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::media::json(gateway, Operation::Rerank, request).await
}

async fn speech(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::media::json(gateway, Operation::Speech, request).await
}

async fn transcriptions(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::media::form(gateway, Operation::Transcription, request).await
}

async fn translations(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::media::form(gateway, Operation::AudioTranslation, request).await
}

async fn wrong_method(request: Request) -> Response<Body> {
    CallError::wrong_method(request.method().as_str(), request.uri().path()).into_response()
}

/// The routes for models' callers.
pub fn router(gateway: Gateway) -> Router {
    let mut router = Router::new();
    for prefix in ["", "/v1"] {
        router = router
            .route(&format!("{prefix}/chat/completions"), post(chat_completions).fallback(wrong_method))
            .route(&format!("{prefix}/completions"), post(completions).fallback(wrong_method))
            .route(&format!("{prefix}/embeddings"), post(embeddings).fallback(wrong_method))
            .route(&format!("{prefix}/responses"), post(responses).fallback(wrong_method))
            .route(&format!("{prefix}/models"), get(models::list).fallback(wrong_method))
            // Models' names have slashes.
            .route(
                &format!("{prefix}/models/{{*name}}"),
                get(models::get).post(generate_content).fallback(wrong_method),
            );
    }
    // What is no chat.
    for prefix in ["", "/v1"] {
        router = router
            .route(&format!("{prefix}/images/generations"), post(image_generations).fallback(wrong_method))
            .route(&format!("{prefix}/images/edits"), post(image_edits).fallback(wrong_method))
            .route(&format!("{prefix}/images/variations"), post(image_variations).fallback(wrong_method))
            .route(&format!("{prefix}/moderations"), post(moderations).fallback(wrong_method))
            .route(&format!("{prefix}/rerank"), post(rerank).fallback(wrong_method))
            .route(&format!("{prefix}/audio/speech"), post(speech).fallback(wrong_method))
            .route(&format!("{prefix}/audio/transcriptions"), post(transcriptions).fallback(wrong_method))
            .route(&format!("{prefix}/audio/translations"), post(translations).fallback(wrong_method));
    }
    router
        .route("/v2/rerank", post(rerank).fallback(wrong_method))
        .route("/v1/messages", post(messages).fallback(wrong_method))
        .route("/v1/messages/count_tokens", post(count_tokens).fallback(wrong_method))
        .route("/v1beta/models/{*tail}", post(generate_content).fallback(wrong_method))
        .with_state(gateway)
}
