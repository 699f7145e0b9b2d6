//! For tests and measurements: holds many streams open at once, checks that no frame of the mock provider's text got
//! lost on the way, and measures the time to the first one. Prints one line of JSON.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Parser;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Streams chat completions from the mock provider, directly or through a gateway, and checks them.
#[derive(Clone, Parser)]
#[command(version)]
struct Options {
    /// Where the server listens.
    #[arg(long)]
    address: SocketAddr,
    /// Sent as `Authorization: Bearer`.
    #[arg(long, default_value = "")]
    key: String,
    #[arg(long, default_value = "gpt-4o")]
    model: String,
    /// Streams at the same time, each on a connection of its own.
    #[arg(long, default_value_t = 512)]
    streams: u32,
    /// One after the other on each connection.
    #[arg(long, default_value_t = 1)]
    rounds: u32,
    /// Milliseconds over which the streams' starts are spread.
    #[arg(long, default_value_t = 0)]
    ramp_ms: u32,
    /// Tokens that the mock's answer has.
    #[arg(long, default_value_t = 16)]
    tokens: u64,
}

/// One stream's measures.
struct Measure {
    first_byte: Duration,
    total: Duration,
    frames: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let options = Arc::new(Options::parse());
    let drivers = TaskTracker::new();
    let mut streams = JoinSet::new();
    for number in 0..options.streams {
        let (options, drivers) = (Arc::clone(&options), drivers.clone());
        let start = Duration::from_millis(options.ramp_ms.into()) * number / options.streams.max(1);
        streams.spawn(async move {
            tokio::time::sleep(start).await;
            let mut measures = Vec::new();
            let mut errors = Vec::new();
            let mut sender = None;
            for _ in 0..options.rounds {
                match stream(&options, &mut sender, &drivers).await {
                    Ok(measure) => measures.push(measure),
                    Err(error) => {
                        sender = None;
                        errors.push(error.to_string());
                    }
                }
            }
            (measures, errors)
        });
    }
    let (mut measures, mut errors) = (Vec::new(), Vec::new());
    for (some_measures, some_errors) in streams.join_all().await {
        measures.extend(some_measures);
        errors.extend(some_errors);
    }
    let report = json!({
        "finished": measures.len(),
        "failed": errors.len(),
        "errors": errors.iter().take(5).collect::<Vec<_>>(),
        "frames": measures.iter().map(|m| m.frames).sum::<u64>(),
        "first_byte_us": quantiles(measures.iter().map(|m| m.first_byte)),
        "total_us": quantiles(measures.iter().map(|m| m.total)),
    });
    writeln!(io::stdout(), "{report}")?;
    Ok(())
}

fn quantiles(times: impl Iterator<Item = Duration>) -> Value {
    let mut times: Vec<u128> = times.map(|time| time.as_micros()).collect();
    times.sort_unstable();
    let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)));
    json!({"p50": at(50), "p90": at(90), "p99": at(99), "max": times.last()})
}

async fn stream(
    options: &Options,
    sender: &mut Option<SendRequest<Full<Bytes>>>,
    drivers: &TaskTracker,
) -> Result<Measure, Error> {
    let connected = if let Some(sender) = sender {
        sender
    } else {
        let stream = TcpStream::connect(options.address).await?;
        stream.set_nodelay(true)?;
        let (new, driver) = handshake(TokioIo::new(stream)).await?;
        drivers.spawn(driver);
        sender.insert(new)
    };
    let body = json!({
        "model": options.model,
        "messages": [{"role": "user", "content": "Count."}],
        "stream": true,
    });
    let request = Request::builder()
        .method(Method::POST)
        .uri("/v1/chat/completions")
        .header(HOST, options.address.to_string())
        .header(CONTENT_TYPE, "application/json")
        .header(AUTHORIZATION, format!("Bearer {}", options.key))
        .body(Full::from(body.to_string()))?;
    connected.ready().await?;
    let start = Instant::now();
    let mut response = connected.send_request(request).await?;
    let mut text = Vec::new();
    let mut first_byte = None;
    while let Some(frame) = response.frame().await {
        if let Ok(data) = frame?.into_data() {
            first_byte.get_or_insert_with(|| start.elapsed());
            text.extend_from_slice(&data);
        }
    }
    let total = start.elapsed();
    let text = String::from_utf8(text)?;
    if response.status() != StatusCode::OK {
        return Err(format!("status {}: {text}", response.status()).into());
    }
    let frames = check(&text, options.tokens)?;
    Ok(Measure { first_byte: first_byte.unwrap_or(total), total, frames })
}

/// Holds a stream against what the mock sends; returns how many events it had.
fn check(text: &str, tokens: u64) -> Result<u64, Error> {
    let mut content = String::new();
    let mut frames = 0;
    let mut done = false;
    for data in text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")) {
        frames += 1;
        if done {
            return Err("an event after [DONE]".into());
        }
        if data == "[DONE]" {
            done = true;
            continue;
        }
        let chunk: Value = serde_json::from_str(data)?;
        content.push_str(chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
    }
    let expected = (1..=tokens).fold(String::new(), |mut text, number| {
        let _ = write!(text, "{number} ");
        text
    });
    if content != expected {
        return Err(format!("the text differs: {content:?}").into());
    }
    if done { Ok(frames) } else { Err("no [DONE]".into()) }
}
