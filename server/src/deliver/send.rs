//! One POST, tried a few times.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

use crate::probe;

/// How long a service may take to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// The waits before the tries.
const WAITS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(500), Duration::from_secs(2)];

/// A service that did not answer is left alone for so long: others must not wait for it.
const REST: Duration = Duration::from_secs(30);

/// The most of an answer that is read, in bytes.
const MOST: usize = 256 * 1024;

pub struct Sender {
    client: reqwest::Client,
    /// Until when services are left alone, by their addresses.
    resting: Mutex<HashMap<String, Instant>>,
}

impl Sender {
    pub fn new() -> Result<Self, String> {
        Ok(Self { client: probe::client(LIMIT)?, resting: Mutex::default() })
    }

    /// Posts `body` to an address until it is taken, at most three times; gives the answer. `Err`: why it was not taken,
    /// without secrets.
    pub async fn post(
        &self,
        url: &str,
        body: &serde_json::Value,
        dress: impl Fn(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Result<String, String> {
        if self.resting().get(url).is_some_and(|until| *until > Instant::now()) {
            return Err("it did not answer before".to_owned());
        }
        let mut why = String::new();
        for wait in WAITS {
            tokio::time::sleep(wait).await;
            match dress(self.client.post(url).json(body)).send().await {
                Ok(response) => {
                    let status = response.status();
                    if status.is_success() {
                        self.resting().remove(url);
                        return Ok(probe::text(response, MOST).await.unwrap_or_default());
                    }
                    why = format!("it answered {status}");
                    let again = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
                    if !status.is_server_error() && !again.contains(&status) {
                        // The same would be refused again.
                        return Err(why);
                    }
                }
                Err(error) => why = format!("no connection: {}", error.without_url()),
            }
        }
        let now = Instant::now();
        let mut resting = self.resting();
        resting.retain(|_, until| *until > now);
        resting.insert(url.to_owned(), now + REST);
        Err(why)
    }

    fn resting(&self) -> std::sync::MutexGuard<'_, HashMap<String, Instant>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
