//! Callers who don't speak OpenAI's dialect, in front of the simulator, which does.

use super::*;

async fn post(bench: &Bench, key: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    bench.send(Bench::request(key, path).body(body.to_string().into()).unwrap()).await
}

#[tokio::test]
async fn every_dialect_is_answered_in_itself() {
    let bench = Bench::new().await;
    let said = json!([{"role": "user", "content": "Hello there"}]);
    let messages = json!({"model": "small", "max_tokens": 50, "messages": said});
    let (status, answer) = post(&bench, MASTER, "/v1/messages", &messages).await;
    assert_eq!((status, &answer["type"], &answer["model"]), (StatusCode::OK, &"message".into(), &"small".into()));
    assert!(answer["content"][0]["text"].as_str().unwrap().contains("Hello there"), "{answer}");

    let (status, answer) =
        post(&bench, MASTER, "/v1/responses", &json!({"model": "small", "input": "Hello there"})).await;
    assert_eq!(
        (status, &answer["object"], &answer["status"]),
        (StatusCode::OK, &"response".into(), &"completed".into())
    );

    let contents = json!({"contents": [{"role": "user", "parts": [{"text": "Hello there"}]}]});
    for version in ["/v1beta", "/v1", ""] {
        let (status, answer) =
            post(&bench, MASTER, &format!("{version}/models/small:generateContent"), &contents).await;
        assert_eq!((status, &answer["candidates"][0]["finishReason"]), (StatusCode::OK, &"STOP".into()), "{answer}");
    }
    let rows = bench.log(&RequestFilter::default()).await;
    let mut operations: Vec<_> = rows.iter().map(|row| row.operation.as_str()).collect();
    operations.sort_unstable();
    assert_eq!(operations, ["generate_content", "generate_content", "generate_content", "messages", "responses"]);
}

#[tokio::test]
async fn errors_are_in_the_callers_dialect() {
    let bench = Bench::new().await;
    let asked = json!({"model": "nothing", "max_tokens": 50, "messages": []});
    let (status, answer) = post(&bench, MASTER, "/v1/messages", &asked).await;
    assert_eq!((status, &answer["error"]["type"]), (StatusCode::BAD_REQUEST, &"invalid_request_error".into()));
    assert_eq!(answer["type"], "error");
    let (status, answer) = post(&bench, "sk-unknown", "/v1beta/models/small:generateContent", &json!({})).await;
    assert_eq!((status, &answer["error"]["status"]), (StatusCode::UNAUTHORIZED, &"UNAUTHENTICATED".into()));
    let (status, answer) = post(&bench, MASTER, "/v1beta/models/small:predict", &json!({})).await;
    assert_eq!((status, &answer["error"]["status"]), (StatusCode::NOT_FOUND, &"NOT_FOUND".into()));
}

#[tokio::test]
async fn what_can_not_be_said_is_refused_and_noted() {
    let bench = Bench::new().await;
    let previous = json!({"model": "small", "input": "x", "previous_response_id": "resp_1"});
    let (status, answer) = post(&bench, MASTER, "/v1/responses", &previous).await;
    assert_eq!((status, &answer["error"]["param"]), (StatusCode::BAD_REQUEST, &"previous_response_id".into()));
    let log = bench.log(&RequestFilter::default()).await;
    let found: Vec<_> = log.iter().map(|row| (row.operation.as_str(), row.outcome, row.status)).collect();
    assert_eq!(found, [("responses", None, 400)]);
    assert_eq!(bench.gateway.calls(), 0);
}

#[tokio::test]
async fn googles_route_is_one_whatever_its_version() {
    let bench = Bench::new().await;
    // May ask for models, and not call them.
    let (_, reader) = bench.key(|key| key.allowed_routes = vec!["info_routes".to_owned()]).await;
    let (_, caller) = bench.key(|key| key.allowed_routes = vec!["/v1beta/*".to_owned()]).await;
    let contents = json!({"contents": [{"role": "user", "parts": [{"text": "x"}]}]});
    for version in ["/v1beta", "/v1", ""] {
        let path = format!("{version}/models/small:generateContent");
        assert_eq!(post(&bench, &reader, &path, &contents).await.0, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(post(&bench, &caller, &path, &contents).await.0, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn keys_come_as_each_client_sends_them() {
    let bench = Bench::new().await;
    let contents = json!({"contents": [{"role": "user", "parts": [{"text": "x"}]}]}).to_string();
    let path = format!("/v1beta/models/small:countTokens?key={MASTER}");
    let (status, answer) = bench.send(Request::post(path).body(contents.into()).unwrap()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert!(answer["totalTokens"].as_u64().is_some_and(|tokens| tokens > 0));
    let body = json!({"model": "small", "messages": [{"role": "user", "content": "one two three"}]}).to_string();
    let request: Request<Body> =
        Request::post("/v1/messages/count_tokens").header("x-api-key", MASTER).body(body.into()).unwrap();
    let response = bench.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["x-tollgate-counted-by"], "estimate");
}
