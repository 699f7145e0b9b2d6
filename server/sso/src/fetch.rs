//! Asking providers: bounded in time and size, no redirects.

use openidconnect::{HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;
use tollgate_domain::secret::Secret;
use tollgate_domain::sso::Fault;

use crate::Failure;

/// The largest answer that is read: Microsoft's keys are some 20 kB.
const MOST_BYTES: usize = 512 * 1024;

/// The one way out.
#[derive(Clone, Debug)]
pub struct Fetch {
    client: reqwest::Client,
}

/// Why there is no answer; without addresses, which may hold credentials.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoAnswer(pub String);

impl Fetch {
    pub fn new(client: reqwest::Client) -> Self {
        Self { client }
    }

    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let (parts, body) = request.into_parts();
        let request = self.client.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
        self.answer(request).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<HttpResponse, NoAnswer> {
        let told = |error: reqwest::Error| {
            NoAnswer(if error.is_timeout() { "it took too long".to_owned() } else { error.without_url().to_string() })
        };
        let mut response = request.send().await.map_err(told)?;
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(told)? {
            if body.len() + part.len() > MOST_BYTES {
                return Err(NoAnswer(format!("the answer is larger than {MOST_BYTES} bytes")));
            }
            body.extend_from_slice(&part);
        }
        let mut whole = HttpResponse::new(body);
        *whole.status_mut() = response.status();
        *whole.headers_mut() = std::mem::take(response.headers_mut());
        Ok(whole)
    }

    /// A JSON document; `what` is for the failure.
    pub async fn json<T: DeserializeOwned>(
        &self,
        url: &str,
        bearer: Option<&Secret>,
        what: &str,
    ) -> Result<T, Failure> {
        let mut request = self.client.get(url).header(http::header::ACCEPT, "application/json");
        if let Some(token) = bearer {
            request = request.bearer_auth(token.expose());
        }
        let answer = self.answer(request).await;
        let answer = answer.map_err(|error| Failure::new(Fault::Unreachable, format!("{what}: {error}")))?;
        match answer.status() {
            status if status.is_success() => {}
            status if status.is_server_error() => {
                return Err(Failure::new(Fault::Unreachable, format!("{what}: the provider answered {status}")));
            }
            status => {
                return Err(Failure::new(Fault::Misconfigured, format!("{what}: the provider answered {status}")));
            }
        }
        serde_json::from_slice(answer.body()).map_err(|error| {
            // Not serde's words about the content: they quote it.
            let place = format!("line {} column {}", error.line(), error.column());
            Failure::new(Fault::Malformed, format!("{what}: not what it should be, at {place}"))
        })
    }
}
