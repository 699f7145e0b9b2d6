//! The data plane's routes, each with and without `/v1`.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::routing::{get, post};
use http::Response;
use tollgate_domain::charge::Operation;

use crate::call;
use crate::gateway::Gateway;
use crate::models;
use crate::openai::error::CallError;

async fn chat_completions(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::call(gateway, Operation::ChatCompletion, request).await
}

async fn completions(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::call(gateway, Operation::Completion, request).await
}

async fn embeddings(State(gateway): State<Gateway>, request: Request) -> Response<Body> {
    call::call(gateway, Operation::Embedding, request).await
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
            .route(&format!("{prefix}/models"), get(models::list).fallback(wrong_method))
            // Models' names have slashes.
            .route(&format!("{prefix}/models/{{*name}}"), get(models::get).fallback(wrong_method));
    }
    router.with_state(gateway)
}
