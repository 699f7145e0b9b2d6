//! Calling a deployment once to see whether it works: the smallest request there is, outside of the ledger.

use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde_json::{Value, json};
use tollgate_dialects::neutral::{self, Dialect};
use tollgate_dialects::{Target, azure, codec};
use tollgate_domain::clock::{Clock as _, SystemClock};
use tollgate_domain::model::{Deployment, Upstream, Wire};
use tollgate_gateway::{credentials, is_link_local, signature_for};

/// How long a provider may take.
pub const LIMIT: Duration = Duration::from_secs(30);

/// The most of an error that is passed on, in characters.
const MOST: usize = 500;

/// The most of an error that is read, in bytes.
const MOST_BYTES: usize = 1024 * 1024;

/// What the provider said, in words for an administrator; `Err`: it does not work.
pub async fn probe(deployment: &Deployment) -> Result<String, String> {
    let Upstream::Server { wire, base_url } = &deployment.upstream else {
        return Ok("The simulator answers.".to_owned());
    };
    if *wire != Wire::OpenAi {
        return spoken(deployment, *wire, base_url).await;
    }
    if deployment.upstream_model.contains('*') {
        return models(deployment, base_url).await;
    }
    let (path, body) = match deployment.mode.as_deref() {
        Some("embedding") => ("embeddings", json!({ "model": deployment.upstream_model, "input": "ping" })),
        Some("completion") => {
            ("completions", json!({ "model": deployment.upstream_model, "prompt": "ping", "max_tokens": 1 }))
        }
        None | Some("chat" | "responses") => (
            "chat/completions",
            json!({
                "model": deployment.upstream_model,
                "messages": [{ "role": "user", "content": "ping" }],
                "max_tokens": 16,
            }),
        ),
        // Pictures and sound cost too much to try.
        Some(_) => return models(deployment, base_url).await,
    };
    let request = client(LIMIT)?.post(format!("{base_url}/{path}")).json(&body);
    send(deployment, request).await?;
    Ok("The provider answered.".to_owned())
}

/// A provider that has a dialect of its own.
async fn spoken(deployment: &Deployment, wire: Wire, base_url: &str) -> Result<String, String> {
    if deployment.upstream_model.contains('*') && matches!(wire, Wire::Bedrock | Wire::Azure) {
        return Ok("No call was made: a wildcard can't be tried there.".to_owned());
    }
    if deployment.upstream_model.contains('*') {
        let version = if wire == Wire::Gemini { "/v1beta" } else { "/v1" };
        return models(deployment, &format!("{base_url}{version}")).await;
    }
    let dialect = match wire {
        Wire::Anthropic => Dialect::Messages,
        Wire::Gemini => Dialect::Gemini,
        Wire::Bedrock => Dialect::Converse,
        Wire::OpenAi | Wire::Azure => Dialect::Chat,
    };
    let codec = codec(dialect).ok_or("its dialect is not spoken")?;
    let mut request = neutral::Request::new(Dialect::Chat, deployment.upstream_model.as_str());
    request.messages.push(neutral::Message::text(neutral::Role::User, "ping"));
    request.max_tokens = Some(16);
    let written = codec.write_request(&request, Target::new(&deployment.upstream_model));
    let written = written.map_err(|error| error.to_string())?;
    let mut url = reqwest::Url::parse(base_url).map_err(|error| error.to_string())?;
    let path = if wire == Wire::Azure {
        let version =
            url.query_pairs().find(|(name, _)| name == "api-version").map(|(_, version)| version.into_owned());
        azure::path(&deployment.upstream_model, "chat/completions", version.as_deref())
    } else {
        written.path
    };
    url.set_query(None);
    let url = reqwest::Url::parse(&format!("{}{path}", url.as_str().trim_end_matches('/')));
    let url = url.map_err(|error| error.to_string())?;
    let kind = "application/json";
    let mut request = client(LIMIT)?.post(url.clone()).header("content-type", kind);
    for (name, value) in signature_for(deployment, &url, kind, &written.body, SystemClock.now()) {
        request = request.header(name, value.expose());
    }
    send(deployment, request.body(written.body)).await?;
    Ok("The provider answered.".to_owned())
}

/// For what can't be called for nothing: whether the provider lets us in.
async fn models(deployment: &Deployment, base_url: &str) -> Result<String, String> {
    send(deployment, client(LIMIT)?.get(format!("{base_url}/models"))).await?;
    Ok("The provider lets us in; no call was made.".to_owned())
}

/// The one client for what is no caller's call: no redirects, no link-local addresses, and never longer than `limit`.
#[expect(clippy::disallowed_methods, reason = "the one client for what is no caller's call")]
pub fn client(limit: Duration) -> Result<reqwest::Client, String> {
    let built = reqwest::Client::builder()
        .timeout(limit)
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(std::sync::Arc::new(NotLinkLocal))
        .build();
    built.map_err(|error| format!("no connection can be made: {error}"))
}

/// Finds no link-local addresses behind names, as for calls.
struct NotLinkLocal;

impl Resolve for NotLinkLocal {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found.filter(|address| !is_link_local(address.ip())).collect();
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// A whole body; refused if it is longer than `most` bytes, before more of it is read.
pub async fn text(mut response: reqwest::Response, most: usize) -> Result<String, String> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| error.without_url().to_string())? {
        if body.len().saturating_add(part.len()) > most {
            return Err(format!("its answer is larger than {most} bytes"));
        }
        body.extend_from_slice(&part);
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

async fn send(deployment: &Deployment, mut request: reqwest::RequestBuilder) -> Result<(), String> {
    for (name, value) in credentials(deployment) {
        request = request.header(name, value.expose());
    }
    for (name, value) in &deployment.headers {
        request = request.header(name, value.expose());
    }
    let response = request.send().await.map_err(|error| {
        let why = if error.is_timeout() { "it took too long" } else { "no connection" };
        // Without the address, which may hold credentials.
        format!("{why}: {}", error.without_url())
    })?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let text = text(response, MOST_BYTES).await.unwrap_or_default();
    let said = serde_json::from_str::<Value>(&text)
        .ok()
        .and_then(|body| body.pointer("/error/message").and_then(Value::as_str).map(str::to_owned))
        .unwrap_or(text);
    let mut said: String = said.chars().take(MOST).collect();
    // Some quote the key that they refuse.
    if let Some(key) = &deployment.api_key {
        said = said.replace(key.expose(), "[key]");
    }
    Err(format!("the provider answered {status}: {said}"))
}
