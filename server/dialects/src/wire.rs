//! The door: one [`Codec`] per dialect, between its bytes and the neutral form.

use std::time::Duration;

use crate::neutral::{Answer, Dialect, Error, Event, Losses, Request};

/// Reads and writes one dialect.
pub trait Codec: Sync {
    /// Reads what a caller sent. `url` is what the URL said, for dialects that have the model there.
    /// An error is of kind `BadRequest` and says which field is wrong.
    fn read_request<'a>(&self, body: &'a [u8], url: Url<'a>) -> Result<Request<'a>, Error>;

    /// Writes a request for a provider. An error: it can't be said at all (a tool's arguments are no JSON, …).
    fn write_request(&self, request: &Request<'_>, target: Target<'_>) -> Result<Written, Error>;

    /// Reads a provider's whole answer. An error is of kind `Broken`, or whatever an answer of status 200 reports.
    fn read_answer<'a>(&self, body: &'a [u8]) -> Result<Answer<'a>, Error>;

    /// Writes an answer for a caller.
    fn write_answer(&self, answer: &Answer<'_>, stamp: Stamp<'_>) -> Vec<u8>;

    /// Reads a provider's answer of another status than 2xx.
    fn read_error(&self, status: u16, retry_after: Option<Duration>, body: &[u8]) -> Error;

    /// Writes an error for a caller: status and body. The `retry-after` header is the gateway's to set.
    fn write_error(&self, error: &Error) -> (u16, Vec<u8>);

    fn stream_reader(&self) -> Box<dyn ReadStream>;

    fn stream_writer(&self, stamp: Stamp<'_>) -> Box<dyn WriteStream>;
}

/// The codec of a dialect; `None`: there is none yet.
pub fn codec(dialect: Dialect) -> Option<&'static dyn Codec> {
    match dialect {
        Dialect::Chat => Some(&crate::chat::Chat),
        Dialect::Messages => Some(&crate::messages::Messages),
        Dialect::Responses => Some(&crate::responses::Responses),
        Dialect::Completions => Some(&crate::completions::Completions),
        Dialect::Gemini => Some(&crate::gemini::Gemini(crate::gemini::Door::GeminiApi)),
        Dialect::Converse => Some(&crate::bedrock::Converse),
    }
}

/// A provider's stream, read as it comes. Holds one event of it and a few numbers, however long it is.
pub trait ReadStream: Send {
    /// Takes the next bytes, however they are cut, and hands out what they complete. After an error, the stream is
    /// over.
    fn feed(&mut self, bytes: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error>;

    /// The provider's connection ended. An error if it ended too early: then no [`Event::End`] was handed out.
    fn end(&mut self, each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error>;
}

/// A stream for a caller.
pub trait WriteStream: Send {
    /// Appends the bytes that say this event, if any. After [`Event::End`] or [`Event::Error`] the stream is complete.
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>);
}

/// What the URL of a request said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Url<'a> {
    pub model: Option<&'a str>,
    pub stream: Option<bool>,
}

/// Whom a request is written for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The model's name there.
    pub model: &'a str,
    /// The most tokens that it can answer, if that is known: for dialects that must be told a limit.
    pub max_output: Option<u64>,
    /// Whether the model can reason, if that is known: if it can't, it is not told how much.
    pub reasons: Option<bool>,
    /// The provider knows `max_tokens` but not `max_completion_tokens`.
    pub old_max_tokens: bool,
}

impl<'a> Target<'a> {
    pub fn new(model: &'a str) -> Self {
        Self { model, max_output: None, reasons: None, old_max_tokens: false }
    }
}

/// A request, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Below the dialect's base URL (`https://api.openai.com/v1`, `https://api.anthropic.com`, …): starts with `/`.
    pub path: String,
    pub body: Vec<u8>,
    /// What the dialect has no words for, and so was left out.
    pub lost: Losses,
}

/// What an answer says of itself, where the provider doesn't or the gateway knows better.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// For dialects whose answers have an id, if the provider gave none.
    pub id: &'a str,
    /// Seconds since 1970.
    pub created: i64,
    /// The model's name as the caller knows it; absent: the provider's.
    pub model: Option<&'a str>,
    /// The caller wants the usage at the end of the stream ([`Request::stream_usage`]).
    pub stream_usage: bool,
}
