//! Calls that are no chats, through the whole data plane: forms and sound on their way, and what is charged for them.

use std::time::Duration;

use axum::Json;
use axum::extract::Request as Asked;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use tollgate_domain::Nanos;
use tollgate_domain::charge::{Operation, Outcome};
use tollgate_domain::model::SourcedPrice;
use tollgate_domain::money::Picos;
use tollgate_domain::price::{Meter, PriceSheet, Rate, ServiceTier};
use tollgate_domain::usage::Certainty;

use super::*;

/// A provider that answers with what it was asked, in a header.
async fn provider() -> String {
    async fn answer(request: Asked) -> Response {
        let path = request.uri().path().to_owned();
        let whole = request.headers().contains_key(header::CONTENT_LENGTH);
        let Ok(body) = request.into_body().collect().await else { return StatusCode::BAD_REQUEST.into_response() };
        let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        let theirs = if body.contains("upstream") && !body.contains("mine") { "yes" } else { "no" };
        let sound = |pieces: Vec<Result<Bytes, &'static str>>| {
            ([(header::CONTENT_TYPE, "audio/mpeg")], Body::from_stream(stream::iter(pieces))).into_response()
        };
        let mut response = match path.as_str() {
            _ if body.contains("please fail") => {
                (StatusCode::BAD_REQUEST, Json(json!({"error": {"message": "no", "type": "bad"}}))).into_response()
            }
            "/images/generations" | "/images/edits" => {
                Json(json!({"data": [{"b64_json": "x"}, {"b64_json": "y"}]})).into_response()
            }
            "/moderations" => Json(json!({"id": "modr-1", "results": []})).into_response(),
            "/rerank" => {
                Json(json!({"id": "r", "results": [], "meta": {"billed_units": {"search_units": 1}}})).into_response()
            }
            "/audio/speech" if body.contains("break") => {
                // Not before the rest has gone out.
                let cut = stream::once(async {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    Err("cut")
                });
                let pieces = stream::iter([Ok(Bytes::from_static(b"one"))]).chain(cut);
                ([(header::CONTENT_TYPE, "audio/mpeg")], Body::from_stream(pieces)).into_response()
            }
            "/audio/speech" => sound(vec![Ok(Bytes::from_static(b"one")), Ok(Bytes::from_static(b"two"))]),
            _ if body.contains("srt") => "1\n00:00:00,000 --> 00:00:12,500\nHi\n".into_response(),
            _ => Json(json!({"text": "Hi", "duration": 7.2})).into_response(),
        };
        response.headers_mut().insert("x-theirs", theirs.parse().unwrap());
        response.headers_mut().insert("x-sized", if whole { "yes" } else { "no" }.parse().unwrap());
        response
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/{*path}", post(answer));
    TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn bench() -> Bench {
    let rate = |meter, price| Rate { meter, tier: ServiceTier::Standard, above: 0, price: Picos(price) };
    let sheet = PriceSheet::new(vec![
        rate(Meter::PerOutputImage, 40_000_000_000),
        rate(Meter::PerInputCharacter, 15_000_000),
        rate(Meter::PerInputSecond, 100_000_000),
        rate(Meter::PerInputQuery, 2_000_000_000),
    ]);
    let mine = Deployment {
        upstream_model: "upstream".to_owned(),
        provider: "openai".to_owned(),
        upstream: Upstream::open_ai(provider().await),
        price: Some(SourcedPrice { sheet, source: "the test".to_owned() }),
        ..deployment("mine")
    };
    Bench::with(vec![mine, deployment("small")], Settings { max_upload_bytes: 1 << 20, ..Settings::default() }).await
}

async fn ask(bench: &Bench, key: &str, path: &str, body: Value) -> (StatusCode, http::HeaderMap, Result<Bytes, ()>) {
    let request = Bench::request(key, path).body(Body::from(body.to_string())).unwrap();
    answered(bench, request).await
}

async fn answered(bench: &Bench, request: Request<Body>) -> (StatusCode, http::HeaderMap, Result<Bytes, ()>) {
    let response = bench.router.clone().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    (head.status, head.headers, body.collect().await.map(http_body_util::Collected::to_bytes).map_err(|_| ()))
}

fn field(name: &str, value: &str) -> String {
    format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn file(size: usize) -> String {
    format!("--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\n\r\n{}\r\n", "s".repeat(size))
}

async fn upload(bench: &Bench, path: &str, form: String) -> (StatusCode, http::HeaderMap, Result<Bytes, ()>) {
    let request = Bench::request(MASTER, path)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=B")
        .header(header::CONTENT_LENGTH, form.len())
        .body(Body::from_stream(stream::iter(
            form.into_bytes()
                .chunks(10_000)
                .map(|piece| Ok::<_, &str>(Bytes::copy_from_slice(piece)))
                .collect::<Vec<_>>(),
        )))
        .unwrap();
    answered(bench, request).await
}

async fn newest(bench: &Bench) -> RequestRow {
    let row = bench.log(&RequestFilter::default()).await.remove(0);
    bench.clock.advance_seconds(1);
    row
}

#[tokio::test]
async fn images_cost_by_the_image() {
    let bench = bench().await;
    let body = json!({"model": "mine", "prompt": "a cat", "n": 2});
    let (status, headers, _) = ask(&bench, MASTER, "/v1/images/generations", body).await;
    assert_eq!((status, &headers["llm_provider-x-theirs"]), (StatusCode::OK, &"yes".parse().unwrap()));
    assert_eq!(headers["x-litellm-response-cost"], "0.08");
    let row = newest(&bench).await;
    assert_eq!(
        (row.operation, row.cost, row.certainty),
        (Operation::ImageGeneration, Nanos(80_000_000), Some(Certainty::Measured))
    );
}

#[tokio::test]
async fn reranking_costs_by_the_search_and_moderation_names_its_model() {
    let bench = bench().await;
    for path in ["/rerank", "/v1/rerank", "/v2/rerank"] {
        let body = json!({"model": "mine", "query": "q", "documents": ["a", "b"]});
        assert_eq!(ask(&bench, MASTER, path, body).await.0, StatusCode::OK);
        assert_eq!(newest(&bench).await.cost, Nanos(2_000_000));
    }
    let (status, ..) = ask(&bench, MASTER, "/v1/moderations", json!({"model": "mine", "input": "x"})).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _, answer) = ask(&bench, MASTER, "/v1/moderations", json!({"input": "x"})).await;
    let text = String::from_utf8(answer.unwrap().to_vec()).unwrap();
    assert!(status == StatusCode::BAD_REQUEST && text.contains("omni-moderation-latest"), "{text}");
}

#[tokio::test]
async fn speech_comes_through_and_is_charged_by_its_characters() {
    let bench = bench().await;
    let (status, headers, sound) =
        ask(&bench, MASTER, "/v1/audio/speech", json!({"model": "mine", "input": "0123456789"})).await;
    assert_eq!((status, sound), (StatusCode::OK, Ok(Bytes::from_static(b"onetwo"))));
    assert_eq!(headers[header::CONTENT_TYPE], "audio/mpeg");
    let row = newest(&bench).await;
    assert_eq!((row.cost, row.certainty), (Nanos(150_000), Some(Certainty::Measured)));
    // One that breaks off breaks off here too, and is on record as what it was.
    let (_, _, sound) = ask(&bench, MASTER, "/v1/audio/speech", json!({"model": "mine", "input": "break"})).await;
    assert_eq!(sound, Err(()));
    let row = newest(&bench).await;
    assert_eq!((row.outcome, row.cost), (Some(Outcome::UpstreamBroken), Nanos(75_000)));
}

#[tokio::test]
async fn sound_is_charged_by_the_second_wherever_the_model_stands() {
    let bench = bench().await;
    let model = field("model", "mine");
    for form in [format!("{model}{}--B--", file(300_000)), format!("{}{model}--B--", file(300_000))] {
        let (status, headers, _) = upload(&bench, "/v1/audio/transcriptions", form).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(
            (&headers["llm_provider-x-theirs"], &headers["llm_provider-x-sized"]),
            (&"yes".parse().unwrap(), &"yes".parse().unwrap())
        );
        let row = newest(&bench).await;
        // Begun seconds count whole.
        assert_eq!((row.cost, row.certainty), (Nanos(800_000), Some(Certainty::Measured)));
    }
    let form = format!("{model}{}{}--B--", field("response_format", "srt"), file(50_000));
    assert_eq!(upload(&bench, "/v1/audio/translations", form).await.0, StatusCode::OK);
    let row = newest(&bench).await;
    assert_eq!(
        (row.operation, row.cost, row.certainty),
        (Operation::AudioTranslation, Nanos(1_300_000), Some(Certainty::Estimated))
    );
}

#[tokio::test]
async fn forms_that_would_deceive_are_not_answered() {
    let bench = bench().await;
    let model = field("model", "mine");
    let form = format!("{model}{}{}--B--", file(300_000), field("model", "dearest"));
    let (status, ..) = upload(&bench, "/v1/audio/transcriptions", form).await;
    assert!(status.is_client_error() || status.is_server_error(), "{status}");
    assert_eq!(newest(&bench).await.cost, Nanos::ZERO);
    let (status, ..) = upload(&bench, "/v1/audio/transcriptions", format!("{model}{}--B--", file(2 << 20))).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let (status, ..) = upload(&bench, "/v1/images/edits", format!("{}--B--", file(10))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn limits_hold_before_anything_is_sent() {
    let bench = bench().await;
    // Four cents an image, and three cents are left.
    let (_, poor) = bench.key(|key| key.limits.max_budget = Some(Nanos(30_000_000))).await;
    let body = json!({"model": "mine", "prompt": "a cat"});
    let (status, ..) = ask(&bench, &poor, "/v1/images/generations", body.clone()).await;
    assert!(matches!(status.as_u16(), 402 | 429), "{status}");
    let (_, enough) = bench.key(|key| key.limits.max_budget = Some(Nanos(150_000_000))).await;
    assert_eq!(ask(&bench, &enough, "/v1/images/generations", body.clone()).await.0, StatusCode::OK);
    let (_, other) = bench.key(|key| key.models = patterns(&["small"])).await;
    assert_eq!(ask(&bench, &other, "/v1/images/generations", body.clone()).await.0, StatusCode::FORBIDDEN);
    assert_eq!(ask(&bench, "sk-nobody", "/v1/images/generations", body).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_simulator_draws_and_speaks() {
    let bench = bench().await;
    for (path, body) in [
        ("/v1/images/generations", json!({"model": "small", "prompt": "a cat"})),
        ("/v1/moderations", json!({"model": "small", "input": "x"})),
        ("/v1/rerank", json!({"model": "small", "query": "x", "documents": ["a"]})),
        ("/v1/audio/speech", json!({"model": "small", "input": "x"})),
    ] {
        let (status, _, answer) = ask(&bench, MASTER, path, body).await;
        assert!(status == StatusCode::OK && !answer.unwrap().is_empty(), "{path}");
    }
    let form = format!("{}{}--B--", field("model", "small"), file(100_000));
    assert_eq!(upload(&bench, "/v1/audio/transcriptions", form).await.0, StatusCode::OK);
}

#[tokio::test]
async fn what_a_model_is_not_for_is_refused_before_it_is_sent() {
    let url = provider().await;
    let embeds = Deployment {
        upstream_model: "text-embedding-3-small".to_owned(),
        provider: "openai".to_owned(),
        upstream: Upstream::open_ai(url),
        ..deployment("embeds")
    };
    let bench = Bench::with(vec![embeds], Settings::default()).await;
    for path in ["/v1/images/generations", "/v1/chat/completions", "/v1/messages"] {
        let body = json!({"model": "embeds", "prompt": "x", "max_tokens": 5, "messages": []});
        let (status, _, answer) = ask(&bench, MASTER, path, body).await;
        let answer: Value = serde_json::from_slice(&answer.unwrap()).unwrap();
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(status == StatusCode::BAD_REQUEST && message.contains("its mode is `embedding`"), "{answer}");
        assert_eq!(newest(&bench).await.outcome, None);
    }
}

#[tokio::test]
async fn a_failure_is_told_and_costs_nothing() {
    let bench = bench().await;
    let body = json!({"model": "mine", "prompt": "please fail"});
    let (status, _, answer) = ask(&bench, MASTER, "/v1/images/generations", body).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let answer: Value = serde_json::from_slice(&answer.unwrap()).unwrap();
    assert!(answer["error"]["message"].is_string(), "{answer}");
    assert_eq!(newest(&bench).await.cost, Nanos::ZERO);
}
