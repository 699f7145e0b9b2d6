//! Google's `generateContent`, as the Gemini API and Vertex AI speak it, and what stands beside it: counting tokens,
//! embeddings, errors, paths.
//!
//! The wire is JSON as protobuf writes it: every field may be called `inlineData` or `inline_data`, base64 may have
//! either alphabet. Readers take both, writers write what Google documents.

mod answer;
mod array;
pub mod count;
pub mod embed;
mod error;
mod finish;
mod generation;
mod id;
mod logprobs;
mod parts;
pub mod path;
mod request;
pub mod schema;
mod stream;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;
mod usage;
mod wire;

use std::time::Duration;

use crate::neutral::{Answer, Error, Request};
use crate::{Codec, ReadStream, Stamp, Target, Url, WriteStream, Written};

pub use stream::{Form, Reader, Writer};

/// Which of Google's two doors is spoken to: a few fields exist behind only one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `generativelanguage.googleapis.com`, with an API key.
    GeminiApi,
    /// `aiplatform.googleapis.com`, with a project and OAuth tokens.
    Vertex,
}

/// The codec of [`crate::neutral::Dialect::Gemini`].
#[derive(Clone, Copy, Debug)]
pub struct Gemini(pub Door);

impl Codec for Gemini {
    fn read_request<'a>(&self, body: &'a [u8], url: Url<'a>) -> Result<Request<'a>, Error> {
        request::read(body, url.model.unwrap_or_default(), url.stream.unwrap_or(false))
    }

    fn write_request(&self, request: &Request<'_>, target: Target<'_>) -> Result<Written, Error> {
        let (body, lost) = request::write(request, target, self.0);
        let verb = if request.stream { path::Verb::StreamGenerateContent } else { path::Verb::GenerateContent };
        Ok(Written { path: path::write(self.0, target.model, verb), body: body.to_vec(), lost })
    }

    fn read_answer<'a>(&self, body: &'a [u8]) -> Result<Answer<'a>, Error> {
        answer::read(body)
    }

    fn write_answer(&self, answer: &Answer<'_>, stamp: Stamp<'_>) -> Vec<u8> {
        answer::write(answer, stamp)
    }

    fn read_error(&self, status: u16, retry_after: Option<Duration>, body: &[u8]) -> Error {
        error::read(status, retry_after, body)
    }

    fn write_error(&self, error: &Error) -> (u16, Vec<u8>) {
        let (status, body) = error::write(error);
        (status, body.to_vec())
    }

    fn stream_reader(&self) -> Box<dyn ReadStream> {
        Box::new(Reader::default())
    }

    /// As server-sent events; [`Writer::new`] has the other form.
    fn stream_writer(&self, stamp: Stamp<'_>) -> Box<dyn WriteStream> {
        Box::new(Writer::new(stamp, Form::Sse))
    }
}
