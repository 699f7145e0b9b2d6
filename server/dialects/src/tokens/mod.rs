//! How many tokens a text has, for when the provider doesn't say.
//!
//! [`Gauge`] guesses from what passes by, a byte at a time, and keeps nothing of it: for prompts and streams, of which
//! nearly all are counted by the provider in the end. [`exact`] asks a tokeniser: for whole answers without a count, which
//! are at hand. Its vocabulary takes a third of a second and fifty megabytes to load, so that nothing but such an answer
//! may load it.

mod gauge;
mod strings;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::LazyLock;

use tiktoken_rs::CoreBPE;

pub use gauge::Gauge;
use strings::{Piece, each};

/// Longer texts are counted so far, in bytes, and the rest in proportion.
const MOST_EXACT: usize = 256 * 1024;

/// Of longer prompts so much is measured, in bytes, and the rest in proportion.
const MOST_MEASURED: usize = 32 * 1024;

/// What a picture or a recording in a prompt is taken for: a picture of usual size at OpenAI.
const MEDIUM: u64 = 765;

/// What a message has around its text.
const AROUND_MESSAGE: u64 = 4;

/// OpenAI's vocabulary since GPT-4o; other providers' differ, but not by much for the same text.
static VOCABULARY: LazyLock<Option<CoreBPE>> = LazyLock::new(|| tiktoken_rs::o200k_base().ok());

/// Names of a request's members that are for the provider and not for the model, and of an answer's that nobody wrote.
const NOT_READ: [&[u8]; 31] = [
    b"model",
    b"role",
    b"type",
    b"id",
    b"object",
    b"user",
    b"stream",
    b"stream_options",
    b"include_usage",
    b"service_tier",
    b"metadata",
    b"tags",
    b"messages",
    b"content",
    b"text",
    b"prompt",
    b"input",
    b"temperature",
    b"max_tokens",
    b"max_completion_tokens",
    b"tool_choice",
    b"response_format",
    b"encoding_format",
    b"detail",
    b"image_url",
    b"format",
    b"reasoning_effort",
    b"url",
    b"data",
    b"file_data",
    b"input_audio",
];

/// Names of what the model wrote.
const WRITTEN: [&[u8]; 9] = [
    b"content",
    b"text",
    b"reasoning_content",
    b"reasoning",
    b"thinking",
    b"refusal",
    b"arguments",
    b"partial_json",
    b"name",
];

/// How many tokens a text has, by the tokeniser.
pub fn exact(text: &str) -> u64 {
    let Some(vocabulary) = &*VOCABULARY else {
        let mut gauge = Gauge::default();
        gauge.text(text.as_bytes());
        return gauge.tokens();
    };
    let counted = &text[..text.floor_char_boundary(MOST_EXACT)];
    in_proportion(len(vocabulary.count_ordinary(counted)), counted.len(), text.len())
}

/// How many tokens a request's prompt has, by the tokeniser.
pub fn exact_prompt(request: &[u8]) -> u64 {
    let (text, beside) = read_prompt(request);
    within(request, exact(&text).saturating_add(beside))
}

/// How many tokens the model wrote in a whole answer, by the tokeniser.
pub fn exact_answer(answer: &[u8]) -> u64 {
    let mut text = String::new();
    each(answer, |piece| {
        if let Piece::Value { name, text: value } = piece
            && WRITTEN.contains(&name)
        {
            push(&mut text, value);
        }
        text.len() <= 2 * MOST_EXACT
    });
    exact(&text)
}

/// How many tokens a request's prompt has, by its bytes: quickly, and without keeping it.
pub fn prompt(request: &[u8]) -> u64 {
    let mut gauge = Gauge::default();
    let (mut beside, mut measured, mut all) = (0_u64, 0_usize, 0_usize);
    each(request, |piece| {
        match of_prompt(&piece) {
            Part::Text(text) => {
                all += text.len();
                let room = MOST_MEASURED.saturating_sub(measured);
                let part = &text[..text.len().min(room)];
                measured += part.len();
                gauge.text(part);
                gauge.end();
            }
            Part::Tokens(tokens) => beside += tokens,
            Part::Nothing => {}
        }
        true
    });
    within(request, in_proportion(gauge.tokens(), measured, all).saturating_add(beside))
}

/// No token is less than a byte, but for those of what the provider fetches.
fn within(request: &[u8], tokens: u64) -> u64 {
    if memchr::memmem::find(request, b"\"http").is_some() { tokens } else { tokens.min(len(request.len())) }
}

/// What an event of a stream has the model's words after: OpenAI's; Anthropic's, Amazon's and those of responses;
/// Google's.
const DELTAS: [&[u8]; 3] = [b"\"choices\"", b"\"delta\"", b"\"candidates\""];

/// Measures what the model wrote in an event of a stream.
pub fn measure_delta(event: &[u8], gauge: &mut Gauge) {
    // Ids and names come first, and are not looked at.
    let Some(start) = DELTAS.iter().find_map(|name| memchr::memmem::find(event, name)) else { return };
    each(&event[start..], |piece| {
        if let Piece::Value { name, text } = piece
            && (WRITTEN.contains(&name) || matches!(name, b"delta" | b"input"))
        {
            gauge.text(text);
        }
        true
    });
}

/// What a piece of a request is to the model.
enum Part<'a> {
    Text(&'a [u8]),
    Tokens(u64),
    Nothing,
}

fn of_prompt<'a>(piece: &Piece<'a>) -> Part<'a> {
    match *piece {
        Piece::Name(b"role") => Part::Tokens(AROUND_MESSAGE),
        Piece::Name(name) if NOT_READ.contains(&name) => Part::Nothing,
        // Of a tool, the model reads the names too.
        Piece::Name(name) => Part::Text(name),
        Piece::Value { name: b"content" | b"text" | b"prompt" | b"input", text } => Part::Text(text),
        // A recording; a picture, in the request or to be fetched.
        Piece::Value { name: b"data" | b"file_data" | b"url" | b"image_url", .. } => Part::Tokens(MEDIUM),
        Piece::Value { name, .. } if NOT_READ.contains(&name) => Part::Nothing,
        Piece::Value { text, .. } => Part::Text(text),
    }
}

/// A request's text as the model reads it, and the tokens beside it.
fn read_prompt(request: &[u8]) -> (String, u64) {
    let (mut out, mut beside) = (String::new(), 0);
    each(request, |piece| {
        match of_prompt(&piece) {
            Part::Text(text) => push(&mut out, text),
            Part::Tokens(tokens) => beside += tokens,
            Part::Nothing => {}
        }
        true
    });
    (out, beside)
}

/// Appends the inside of a JSON text.
fn push(out: &mut String, inside: &[u8]) {
    if !out.is_empty() {
        out.push('\n');
    }
    if memchr::memchr(b'\\', inside).is_none() {
        out.push_str(&String::from_utf8_lossy(inside));
        return;
    }
    let quoted = [b"\"", inside, b"\""].concat();
    let text: Cow<'_, str> =
        serde_json::from_slice::<String>(&quoted).map_or_else(|_| String::from_utf8_lossy(inside), Cow::Owned);
    out.push_str(&text);
}

fn in_proportion(tokens: u64, counted: usize, all: usize) -> u64 {
    if counted == 0 || counted >= all {
        return tokens;
    }
    let tokens = u128::from(tokens) * u128::from(len(all)) / u128::from(len(counted));
    u64::try_from(tokens).unwrap_or(u64::MAX)
}

fn len(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
