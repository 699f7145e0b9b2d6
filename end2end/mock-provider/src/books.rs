//! What the mock served: its own count, to hold against the gateway's ledger.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::HeaderMap;
use serde::Serialize;

/// Older entries are dropped, and counted as dropped.
const MOST_ENTRIES: usize = 200_000;
/// Raw requests kept for `GET /__mock/requests`.
const MOST_REQUESTS: usize = 64;
const MOST_REQUEST_BYTES: usize = 64 << 20;

/// A call whose request was read completely.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    pub number: u64,
    pub path: &'static str,
    /// `x-client-request-id`, or else `x-request-id`.
    pub request_id: Option<Box<str>>,
    pub model: Box<str>,
    pub stream: bool,
    pub status: u16,
    /// The id in the answer.
    pub answer_id: String,
    #[serde(flatten)]
    pub tokens: Tokens,
    /// Whether the usage was handed out.
    pub usage_reported: bool,
    pub outcome: Outcome,
}

/// What the answer used, as its usage says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "named as in the usage that they appear in")]
pub struct Tokens {
    pub prompt_tokens: u64,
    pub cached_tokens: u64,
    pub audio_input_tokens: u64,
    pub images: u64,
    pub completion_tokens: u64,
    pub reasoning_tokens: u64,
    pub audio_output_tokens: u64,
    /// Sound that was heard.
    pub seconds: u64,
    /// Text that was spoken.
    pub characters: u64,
    /// Search units.
    pub queries: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Open,
    /// The whole answer was handed to the connection.
    Finished,
    /// The mock ended it, as it was asked to.
    Cut,
    /// The caller went away.
    Aborted,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Stats {
    pub calls: u64,
    pub dropped: u64,
    pub concurrent: u64,
    pub max_concurrent: u64,
}

/// A request as it arrived.
pub struct RawRequest {
    pub number: u64,
    pub path: &'static str,
    pub headers: HeaderMap,
    pub body: Bytes,
}

#[derive(Default)]
pub struct Books(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// The next call's number. It goes on counting after a reset, so that an id never names two calls.
    next: u64,
    entries: VecDeque<Entry>,
    requests: VecDeque<RawRequest>,
    request_bytes: usize,
    stats: Stats,
}

impl Books {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call; `write` gets its number.
    pub fn open(self: &Arc<Self>, write: impl FnOnce(u64) -> (Entry, RawRequest)) -> Call {
        let mut inner = self.lock();
        inner.next += 1;
        let number = inner.next;
        let (entry, request) = write(number);
        if inner.entries.len() == MOST_ENTRIES {
            inner.entries.pop_front();
            inner.stats.dropped += 1;
        }
        inner.entries.push_back(entry);
        inner.request_bytes += request.body.len();
        inner.requests.push_back(request);
        while inner.requests.len() > MOST_REQUESTS || inner.request_bytes > MOST_REQUEST_BYTES {
            let Some(old) = inner.requests.pop_front() else { break };
            inner.request_bytes -= old.body.len();
        }
        inner.stats.calls += 1;
        inner.stats.concurrent += 1;
        inner.stats.max_concurrent = inner.stats.max_concurrent.max(inner.stats.concurrent);
        Call { books: Arc::clone(self), number, usage_reported: false, outcome: Outcome::Aborted }
    }

    fn close(&self, call: &Call) {
        let mut inner = self.lock();
        inner.stats.concurrent = inner.stats.concurrent.saturating_sub(1);
        let Some(first) = inner.entries.front().map(|entry| entry.number) else { return };
        let index = call.number.checked_sub(first).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| inner.entries.get_mut(index)) {
            entry.outcome = call.outcome;
            entry.usage_reported = call.usage_reported;
        }
    }

    pub fn stats(&self) -> Stats {
        self.lock().stats
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.lock().entries.iter().cloned().collect()
    }

    /// The raw requests that are kept, oldest first, in JSON. Bodies that aren't UTF-8 are in base64.
    pub fn requests(&self) -> Vec<serde_json::Value> {
        use base64::Engine as _;
        let inner = self.lock();
        let requests = inner.requests.iter().map(|request| {
            let headers: Vec<[String; 2]> = request
                .headers
                .iter()
                .map(|(name, value)| [name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()])
                .collect();
            let (key, body) = match std::str::from_utf8(&request.body) {
                Ok(text) => ("body", text.to_owned()),
                Err(_) => ("body_base64", base64::engine::general_purpose::STANDARD.encode(&request.body)),
            };
            serde_json::json!({"number": request.number, "path": request.path, "headers": headers, key: body})
        });
        requests.collect()
    }

    pub fn reset(&self) {
        let mut inner = self.lock();
        let Inner { next, stats: Stats { concurrent, .. }, .. } = *inner;
        *inner = Inner {
            next,
            stats: Stats { concurrent, max_concurrent: concurrent, ..Stats::default() },
            ..Inner::default()
        };
    }
}

/// A call that is being answered. Dropped before it was finished, it was aborted.
pub struct Call {
    books: Arc<Books>,
    number: u64,
    pub usage_reported: bool,
    pub outcome: Outcome,
}

impl Call {
    pub fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.books.close(self);
    }
}
