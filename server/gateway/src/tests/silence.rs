//! Providers that don't say what a call used, or not all of it.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream;
use tollgate_domain::Nanos;
use tollgate_domain::charge::Outcome;
use tollgate_domain::model::SourcedPrice;
use tollgate_domain::money::Picos;
use tollgate_domain::price::{Meter, PriceSheet, Rate, ServiceTier};
use tollgate_domain::usage::Certainty;

use super::*;

/// Ten words, and what they are to a tokeniser of OpenAI's.
const ANSWER: &str = "The quick brown fox jumps over the lazy dog today";
const ANSWER_TOKENS: i64 = 10;

/// A provider that answers as the model's name says.
async fn provider() -> String {
    async fn answer(Json(request): Json<Value>) -> Response {
        let model = request["model"].as_str().unwrap();
        let chunk = |delta: Value, usage: Option<Value>| {
            let mut chunk = json!({"id": "c", "choices": [{"index": 0, "delta": delta}]});
            if let Some(usage) = usage {
                chunk["usage"] = usage;
            }
            Bytes::from(format!("data: {chunk}\n\n"))
        };
        let counts = |output: usize| Some(json!({"prompt_tokens": 50, "completion_tokens": output}));
        let words = ANSWER.split_inclusive(' ').enumerate().map(|(number, word)| {
            let usage = match model {
                "counted" => counts(number + 1),
                "counted first" if number == 0 => counts(1),
                "noughts" if number == 0 => Some(json!({"prompt_tokens": 0, "completion_tokens": 0})),
                _ => None,
            };
            chunk(json!({"content": word}), usage)
        });
        let words: Vec<Bytes> = words.collect();
        let events: Vec<Result<Bytes, &str>> = words.into_iter().map(Ok).collect();
        let end = match model {
            "whole" => {
                let message = json!({"role": "assistant", "content": ANSWER});
                return Json(json!({"id": "c", "choices": [{"index": 0, "message": message}]})).into_response();
            }
            "embeds" => return Json(json!({"data": [{"embedding": [0.5]}], "model": "m"})).into_response(),
            "states" => {
                let usage = json!({"prompt_tokens": 50, "completion_tokens": 10, "cost": 0.000_012_3});
                return Json(json!({"id": "c", "choices": [], "usage": usage})).into_response();
            }
            "silent" => stream::iter([Ok(Bytes::from_static(b"data: [DONE]\n\n"))]).boxed(),
            "fails" => {
                stream::iter([Ok(Bytes::from_static(b"data: {\"error\":{\"type\":\"overloaded\"}}\n\n"))]).boxed()
            }
            "hangs" => stream::pending().boxed(),
            // Not before the rest has gone out.
            _ => stream::once(async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err("cut")
            })
            .boxed(),
        };
        let body = Body::from_stream(stream::iter(events).chain(end));
        ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/chat/completions", post(answer)).route("/embeddings", post(answer));
    TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// A dollar for a million tokens of the prompt, two for the answer's.
fn sheet() -> PriceSheet {
    let rate = |meter, price| Rate { meter, tier: ServiceTier::Standard, above: 0, price: Picos(price) };
    PriceSheet::new(vec![rate(Meter::Input, 1_000_000), rate(Meter::Output, 2_000_000)])
}

const MODELS: [&str; 9] = ["whole", "embeds", "silent", "cut", "counted", "counted first", "noughts", "fails", "hangs"];

async fn bench() -> Bench {
    let url = provider().await;
    let priced = |model: &&str| Deployment {
        upstream_model: (*model).to_owned(),
        provider: "openai".to_owned(),
        upstream: Upstream::open_ai(url.clone()),
        price: Some(SourcedPrice { sheet: sheet(), source: "the test".to_owned() }),
        ..deployment(model)
    };
    let mut deployments: Vec<_> = MODELS.iter().map(priced).collect();
    deployments.push(Deployment { price: None, ..priced(&"states") });
    Bench::with(deployments, Settings { drain: Duration::from_millis(100), ..Settings::default() }).await
}

/// Makes a call and gives what is on record of it.
async fn charge(bench: &Bench, model: &str, streamed: bool) -> RequestRow {
    let path = if model == "embeds" { "/v1/embeddings" } else { "/v1/chat/completions" };
    let body = json!({"model": model, "stream": streamed, "input": "hello world",
        "messages": [{"role": "user", "content": "hello world"}]});
    let request = Bench::request(MASTER, path).body(Body::from(body.to_string())).unwrap();
    let response = bench.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{model}");
    if model == "hangs" {
        // Reads a little and leaves.
        let mut body = response.into_body();
        body.frame().await.unwrap().unwrap();
        drop(body);
    } else {
        assert!(!response.into_body().collect().await.unwrap().to_bytes().is_empty());
    }
    for _ in 0..100 {
        let log = bench.log(&RequestFilter::default()).await;
        if let Some(row) = log.into_iter().find(|row| row.model.as_deref() == Some(model)) {
            return row;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{model} is not on record");
}

fn cost(row: &RequestRow) -> Nanos {
    Nanos(row.input_tokens * 1000 + row.output_tokens * 2000)
}

#[tokio::test]
async fn whole_answers_without_a_count_are_estimated() {
    let bench = bench().await;
    let row = charge(&bench, "whole", false).await;
    assert_eq!((row.outcome, row.certainty), (Some(Outcome::Success), Some(Certainty::Estimated)));
    // Two messages' worth of text (`input` is read too), and what is around the one message.
    assert_eq!((row.input_tokens, row.output_tokens), (9, ANSWER_TOKENS));
    assert_eq!(row.cost, cost(&row));
    let row = charge(&bench, "embeds", false).await;
    assert_eq!((row.output_tokens, row.certainty), (0, Some(Certainty::Estimated)));
    assert_eq!(row.cost, cost(&row));
}

#[tokio::test]
async fn streams_without_a_count_are_estimated() {
    let bench = bench().await;
    for (model, outcome) in [
        ("silent", Outcome::Success),
        ("cut", Outcome::UpstreamBroken),
        ("noughts", Outcome::UpstreamBroken),
        ("hangs", Outcome::Timeout),
    ] {
        let row = charge(&bench, model, true).await;
        assert_eq!((row.outcome, row.certainty), (Some(outcome), Some(Certainty::Estimated)), "{model}");
        assert!((row.output_tokens - ANSWER_TOKENS).abs() <= 1, "{model}: {}", row.output_tokens);
        assert!((row.input_tokens - 9).abs() <= 2, "{model}: {}", row.input_tokens);
        assert_eq!(row.cost, cost(&row), "{model}");
    }
}

#[tokio::test]
async fn streams_that_are_cut_cost_what_was_counted() {
    let bench = bench().await;
    let row = charge(&bench, "counted", true).await;
    assert_eq!((row.outcome, row.certainty), (Some(Outcome::UpstreamBroken), Some(Certainty::Partial)));
    assert_eq!((row.input_tokens, row.output_tokens, row.cost), (50, 10, Nanos(50_000 + 20_000)));
    // And what came after the count.
    let row = charge(&bench, "counted first", true).await;
    assert_eq!((row.input_tokens, row.certainty), (50, Some(Certainty::Partial)));
    assert!((row.output_tokens - ANSWER_TOKENS).abs() <= 1, "{}", row.output_tokens);
    // What the provider gave up is not estimated.
    let row = charge(&bench, "fails", true).await;
    assert_eq!((row.outcome, row.certainty), (Some(Outcome::UpstreamError), Some(Certainty::Unknown)));
    assert_eq!(row.cost, Nanos::ZERO);
}

#[tokio::test]
async fn a_cost_that_the_provider_states_stands_in_for_a_price() {
    let bench = bench().await;
    let row = charge(&bench, "states", false).await;
    assert_eq!((row.cost, row.certainty), (Nanos(12_300), Some(Certainty::Measured)));
    let detail = bench.store.get_request(&Visible::All, &row.id).await.unwrap().unwrap();
    assert_eq!(detail.price_source.as_deref(), Some("stated by the provider"));
}
