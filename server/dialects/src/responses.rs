//! OpenAI's responses.
//!
//! What only OpenAI's server knows (`previous_response_id`, `conversation`, stored prompts) can't be asked of others.

mod answer;
mod items_read;
mod items_write;
mod read;
mod stream_read;
mod stream_write;
mod write;

use std::time::Duration;

use crate::neutral::{Answer, Error, Request};
use crate::{Codec, ReadStream, Stamp, Target, Url, WriteStream, Written, chat, errors};

pub use stream_read::Reader;
pub use stream_write::Writer;

/// The codec of [`crate::neutral::Dialect::Responses`].
#[derive(Clone, Copy, Debug)]
pub struct Responses;

impl Codec for Responses {
    fn read_request<'a>(&self, body: &'a [u8], _url: Url<'a>) -> Result<Request<'a>, Error> {
        read::read(body)
    }

    fn write_request(&self, request: &Request<'_>, target: Target<'_>) -> Result<Written, Error> {
        Ok(write::write(request, target))
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

    /// The same as for chat completions.
    fn write_error(&self, error: &Error) -> (u16, Vec<u8>) {
        (errors::status(error), chat::error_body(error).to_vec())
    }

    fn stream_reader(&self) -> Box<dyn ReadStream> {
        Box::new(Reader::default())
    }

    fn stream_writer(&self, stamp: Stamp<'_>) -> Box<dyn WriteStream> {
        Box::new(Writer::new(stamp))
    }
}

/// How redacted thoughts of other providers are told from OpenAI's own in `encrypted_content`.
const REDACTED: &str = "redacted_thinking:";
