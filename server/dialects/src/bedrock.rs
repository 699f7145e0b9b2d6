//! Amazon Bedrock: Converse for every model, Anthropic's own dialect for Anthropic's, AWS's framing and signature for
//! both.

mod answer;
mod blocks_read;
mod blocks_write;
mod error;
mod extras;
mod finish;
pub mod frame;
pub mod invoke;
pub mod path;
mod read;
pub mod sign;
mod stream_read;
mod stream_write;
#[cfg(test)]
mod tests;
mod usage;
mod write;

use std::time::Duration;

use crate::neutral::{Answer, Error, Request};
use crate::{Codec, ReadStream, Stamp, Target, Url, WriteStream, Written};

pub use error::read as read_error;
pub use stream_read::Reader;
pub use stream_write::Writer;

/// The codec of [`crate::neutral::Dialect::Converse`].
#[derive(Clone, Copy, Debug)]
pub struct Converse;

impl Codec for Converse {
    fn read_request<'a>(&self, body: &'a [u8], url: Url<'a>) -> Result<Request<'a>, Error> {
        read::read(body, url)
    }

    fn write_request(&self, request: &Request<'_>, target: Target<'_>) -> Result<Written, Error> {
        let (body, lost) = write::write(request, target);
        let verb = if request.stream { path::Verb::ConverseStream } else { path::Verb::Converse };
        Ok(Written { path: path::write(target.model, verb), body: body.to_vec(), lost })
    }

    fn read_answer<'a>(&self, body: &'a [u8]) -> Result<Answer<'a>, Error> {
        answer::read(body)
    }

    fn write_answer(&self, answer: &Answer<'_>, _stamp: Stamp<'_>) -> Vec<u8> {
        answer::write(answer)
    }

    /// The exception's name is mostly in a header: [`read_error`] takes it.
    fn read_error(&self, status: u16, retry_after: Option<Duration>, body: &[u8]) -> Error {
        error::read(status, retry_after, None, body)
    }

    fn write_error(&self, error: &Error) -> (u16, Vec<u8>) {
        error::write(error)
    }

    fn stream_reader(&self) -> Box<dyn ReadStream> {
        Box::new(Reader::default())
    }

    fn stream_writer(&self, _stamp: Stamp<'_>) -> Box<dyn WriteStream> {
        Box::new(Writer::default())
    }
}
