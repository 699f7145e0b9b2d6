//! The built-in simulator: answers in OpenAI's shape without a provider, so that the first five minutes need no key.
//! What it says is made up, and says so.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Sleep;
use tollgate_domain::charge::Operation;

/// Between two pieces of a streamed answer.
const PAUSE: Duration = Duration::from_millis(15);

/// The longest echo, in words.
const MAX_WORDS: usize = 200;

/// An answer to be given, piece by piece.
pub struct Script {
    pieces: VecDeque<Bytes>,
    pause: Option<Pin<Box<Sleep>>>,
    paced: bool,
}

impl Script {
    pub fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(pause) = &mut self.pause {
            std::task::ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        let piece = self.pieces.pop_front();
        if self.paced && piece.is_some() && !self.pieces.is_empty() {
            self.pause = Some(Box::pin(tokio::time::sleep(PAUSE)));
        }
        Poll::Ready(piece)
    }
}

/// Answers a request. `created` is in seconds since the epoch.
pub fn answer(operation: Operation, body: &[u8], id: &str, created: i64) -> (bool, Script) {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let model = request["model"].as_str().unwrap_or("simulator/echo");
    let stream = request["stream"] == true && operation != Operation::Embedding;
    let pieces = match operation {
        Operation::Embedding => vec![embeddings(&request, model)],
        _ if stream => stream_events(operation, &request, id, model, created),
        _ => vec![whole(operation, &request, id, model, created)],
    };
    (stream, Script { pieces: pieces.into(), pause: None, paced: stream })
}

/// Answers a call that is no chat: what is in it, by its `content-type`, and the answer.
pub fn answer_media(operation: Operation, body: &[u8], created: i64) -> (&'static str, Script) {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let words = "[simulated] Nobody listened, and this was not said.";
    let (kind, piece) = match operation {
        Operation::ImageGeneration | Operation::ImageEdit | Operation::ImageVariation => {
            let count = request["n"].as_u64().unwrap_or(1).min(10);
            let data: Vec<Value> = (0..count).map(|_| json!({"b64_json": PIXEL})).collect();
            ("application/json", Bytes::from(json!({"created": created, "data": data}).to_string()))
        }
        Operation::Moderation => {
            let result = json!({"flagged": false, "categories": {}, "category_scores": {}});
            let model = &request["model"];
            let answer = json!({"id": "modr-simulated", "model": model, "results": [result]});
            ("application/json", Bytes::from(answer.to_string()))
        }
        Operation::Rerank => {
            let documents = request["documents"].as_array().map_or(0, Vec::len);
            let results: Vec<Value> =
                (0..documents).map(|index| json!({"index": index, "relevance_score": 0.5})).collect();
            ("application/json", Bytes::from(json!({"id": "rerank-simulated", "results": results}).to_string()))
        }
        Operation::Speech => ("audio/wav", silence()),
        _ => ("application/json", Bytes::from(json!({"text": words}).to_string())),
    };
    (kind, Script { pieces: [piece].into(), pause: None, paced: false })
}

/// A picture of one pixel.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=";

/// A tenth of a second of nothing: 24,000 samples a second of two bytes.
fn silence() -> Bytes {
    const SAMPLES: u32 = 2400 * 2;
    let mut sound = Vec::with_capacity(44 + SAMPLES as usize);
    sound.extend_from_slice(b"RIFF");
    sound.extend_from_slice(&(36 + SAMPLES).to_le_bytes());
    sound.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    sound.extend_from_slice(&24_000_u32.to_le_bytes());
    sound.extend_from_slice(&48_000_u32.to_le_bytes());
    sound.extend_from_slice(b"\x02\0\x10\0data");
    sound.extend_from_slice(&SAMPLES.to_le_bytes());
    sound.resize(44 + SAMPLES as usize, 0);
    Bytes::from(sound)
}

/// What the simulator says: the last message's words, after a label.
fn reply(operation: Operation, request: &Value) -> String {
    let asked = match operation {
        Operation::Completion => text_of(&request["prompt"]),
        _ => request["messages"].as_array().and_then(|m| m.last()).map(|m| text_of(&m["content"])).unwrap_or_default(),
    };
    let words: Vec<&str> = asked.split_whitespace().take(MAX_WORDS).collect();
    format!("[simulated] You said: {}", words.join(" "))
}

fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part.as_str().or_else(|| part["text"].as_str()))
            .collect::<Vec<_>>()
            .join(" "),
        _ => String::new(),
    }
}

/// About four characters a token, as a rule of thumb.
fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}

fn usage(operation: Operation, request: &Value, reply: &str) -> Value {
    let asked = match operation {
        Operation::Completion => text_of(&request["prompt"]),
        _ => request["messages"].to_string(),
    };
    let (input, output) = (tokens(&asked), tokens(reply));
    json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output})
}

fn whole(operation: Operation, request: &Value, id: &str, model: &str, created: i64) -> Bytes {
    let text = reply(operation, request);
    let usage = usage(operation, request, &text);
    let answer = if operation == Operation::Completion {
        json!({"id": format!("cmpl-{id}"), "object": "text_completion", "created": created, "model": model,
            "choices": [{"index": 0, "text": text, "logprobs": null, "finish_reason": "stop"}], "usage": usage})
    } else {
        json!({"id": format!("chatcmpl-{id}"), "object": "chat.completion", "created": created, "model": model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "logprobs": null,
            "finish_reason": "stop"}], "usage": usage})
    };
    Bytes::from(answer.to_string())
}

fn stream_events(operation: Operation, request: &Value, id: &str, model: &str, created: i64) -> Vec<Bytes> {
    let text = reply(operation, request);
    let completion = operation == Operation::Completion;
    let (id, object) = if completion {
        (format!("cmpl-{id}"), "text_completion")
    } else {
        (format!("chatcmpl-{id}"), "chat.completion.chunk")
    };
    let event = |choices: Value, usage: Value| {
        let chunk =
            json!({"id": id, "object": object, "created": created, "model": model, "choices": choices, "usage": usage});
        Bytes::from(format!("data: {chunk}\n\n"))
    };
    let choice = |part: Option<&str>, first: bool, finish: Option<&str>| {
        if completion {
            json!([{"index": 0, "text": part.unwrap_or(""), "logprobs": null, "finish_reason": finish}])
        } else {
            let mut delta = serde_json::Map::new();
            if first {
                delta.insert("role".to_owned(), "assistant".into());
            }
            if let Some(part) = part {
                delta.insert("content".to_owned(), part.into());
            }
            json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}])
        }
    };
    let mut events: Vec<Bytes> = text
        .split_inclusive(' ')
        .enumerate()
        .map(|(i, word)| event(choice(Some(word), i == 0, None), Value::Null))
        .collect();
    events.push(event(choice(None, false, Some("stop")), Value::Null));
    events.push(event(json!([]), usage(operation, request, &text)));
    events.push(Bytes::from_static(b"data: [DONE]\n\n"));
    events
}

fn embeddings(request: &Value, model: &str) -> Bytes {
    let inputs: Vec<String> = match &request["input"] {
        Value::Array(items) => items.iter().take(2048).map(text_of).collect(),
        other => vec![text_of(other)],
    };
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .map(|(index, text)| {
            // Eight made-up numbers from the text's bytes: the same text gives the same ones.
            let mut vector = [0.0_f64; 8];
            for (i, byte) in text.bytes().enumerate() {
                vector[i % 8] += f64::from(byte) / 255.0;
            }
            json!({"object": "embedding", "index": index, "embedding": vector})
        })
        .collect();
    let count: usize = inputs.iter().map(|text| tokens(text)).sum();
    let answer = json!({"object": "list", "data": data, "model": model,
        "usage": {"prompt_tokens": count, "total_tokens": count}});
    Bytes::from(answer.to_string())
}
