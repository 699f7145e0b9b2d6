//! Anthropic's messages, and the count of their tokens.

mod answer;
mod blocks_read;
mod blocks_write;
pub mod count;
mod read;
mod stream_read;
mod stream_write;
pub(crate) mod thinking;
mod usage;
mod write;

use std::time::Duration;

use crate::json::{Json, Object};
use crate::neutral::{Answer, Error, ErrorKind, Request};
use crate::{Codec, ReadStream, Stamp, Target, Url, WriteStream, Written, errors};

pub use stream_read::Reader;
pub use stream_write::Writer;

/// The codec of [`crate::neutral::Dialect::Messages`].
#[derive(Clone, Copy, Debug)]
pub struct Messages;

impl Codec for Messages {
    fn read_request<'a>(&self, body: &'a [u8], url: Url<'a>) -> Result<Request<'a>, Error> {
        read::read(body, url)
    }

    fn write_request(&self, request: &Request<'_>, target: Target<'_>) -> Result<Written, Error> {
        write::write(request, target)
    }

    fn read_answer<'a>(&self, body: &'a [u8]) -> Result<Answer<'a>, Error> {
        answer::read(body)
    }

    fn write_answer(&self, answer: &Answer<'_>, stamp: Stamp<'_>) -> Vec<u8> {
        answer::write(answer, stamp)
    }

    fn read_error(&self, status: u16, retry_after: Option<Duration>, body: &[u8]) -> Error {
        errors::read(status, retry_after, body)
    }

    fn write_error(&self, error: &Error) -> (u16, Vec<u8>) {
        let status = match (error.kind, errors::status(error)) {
            (ErrorKind::Overloaded, _) => 529,
            (_, status) => status,
        };
        (status, error_body(error).to_vec())
    }

    fn stream_reader(&self) -> Box<dyn ReadStream> {
        Box::new(Reader::default())
    }

    fn stream_writer(&self, stamp: Stamp<'_>) -> Box<dyn WriteStream> {
        Box::new(Writer::new(stamp))
    }
}

/// There is no code for it: programs that shorten their conversation look for Anthropic's own sentence.
const TOO_LONG: &str = "prompt is too long";

/// `{"type": "error", …}`, as Anthropic says it.
pub(crate) fn error_body(error: &Error) -> Object<'_> {
    let word = match error.kind {
        ErrorKind::Authentication => "authentication_error",
        ErrorKind::Permission => "permission_error",
        ErrorKind::NotFound => "not_found_error",
        ErrorKind::BadRequest if error.status == Some(413) => "request_too_large",
        ErrorKind::BadRequest | ErrorKind::ContextWindow | ErrorKind::ContentPolicy => "invalid_request_error",
        ErrorKind::RateLimit => "rate_limit_error",
        ErrorKind::Quota => "billing_error",
        ErrorKind::Overloaded => "overloaded_error",
        ErrorKind::Timeout => "timeout_error",
        ErrorKind::Provider | ErrorKind::Network | ErrorKind::Broken => "api_error",
    };
    let message = if error.kind == ErrorKind::ContextWindow && !error.message.contains(TOO_LONG) {
        Json::Pieces(vec![TOO_LONG.into(), ": ".into(), error.message.as_str().into()])
    } else {
        Json::from(error.message.as_str())
    };
    let inner = Object::with_capacity(2).with("type", word).with("message", message);
    Object::with_capacity(2).with("type", "error").with("error", inner)
}
