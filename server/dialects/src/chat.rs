//! OpenAI's chat completions.
//!
//! Besides OpenAI's own fields, those are read and written that LiteLLM and compatible providers put beside them:
//! `cache_control` on parts and tools, `reasoning_content` and `thinking_blocks` of messages, `thinking`, `top_k`,
//! `min_p`.

pub(crate) mod answer;
mod messages_write;
mod parts;
mod parts_write;
pub(crate) mod read;
mod stream_read;
mod stream_write;
pub(crate) mod usage;
mod write;

use std::time::Duration;

use crate::json::Object;
use crate::neutral::{Answer, Error, ErrorKind, Request};
use crate::{Codec, ReadStream, Stamp, Target, Url, WriteStream, Written, errors};

pub(crate) use parts_write::url;
pub use stream_read::Reader;
pub use stream_write::Writer;
pub(crate) use write::HINTS;

/// The codec of [`crate::neutral::Dialect::Chat`].
#[derive(Clone, Copy, Debug)]
pub struct Chat;

impl Codec for Chat {
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

    fn write_error(&self, error: &Error) -> (u16, Vec<u8>) {
        (errors::status(error), error_body(error).to_vec())
    }

    fn stream_reader(&self) -> Box<dyn ReadStream> {
        Box::new(Reader::default())
    }

    fn stream_writer(&self, stamp: Stamp<'_>) -> Box<dyn WriteStream> {
        Box::new(Writer::new(stamp))
    }
}

/// `{"error": …}`, as OpenAI says it.
pub(crate) fn error_body(error: &Error) -> Object<'_> {
    let (word, code) = match error.kind {
        ErrorKind::Authentication => ("authentication_error", Some("invalid_api_key")),
        ErrorKind::Permission => ("permission_error", None),
        ErrorKind::NotFound => ("invalid_request_error", Some("model_not_found")),
        ErrorKind::BadRequest => ("invalid_request_error", None),
        ErrorKind::ContextWindow => ("invalid_request_error", Some("context_length_exceeded")),
        ErrorKind::ContentPolicy => ("invalid_request_error", Some("content_policy_violation")),
        ErrorKind::RateLimit => ("rate_limit_error", Some("rate_limit_exceeded")),
        ErrorKind::Quota => ("insufficient_quota", Some("insufficient_quota")),
        ErrorKind::Overloaded => ("server_error", Some("overloaded")),
        ErrorKind::Provider => ("server_error", None),
        ErrorKind::Timeout => ("timeout_error", Some("timeout")),
        ErrorKind::Network => ("api_connection_error", None),
        ErrorKind::Broken => ("server_error", Some("broken_answer")),
    };
    let code = code.or(error.code.as_deref());
    let mut inner = Object::with_capacity(4);
    inner.put("message", error.message.as_str());
    inner.put("type", word);
    inner.put("param", error.param.as_deref().map_or(crate::json::Json::Null, Into::into));
    inner.put("code", code.map_or(crate::json::Json::Null, Into::into));
    Object::new().with("error", inner)
}
