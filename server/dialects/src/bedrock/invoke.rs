//! Anthropic's own dialect through Bedrock and Vertex AI: the same messages, with the model in the URL and a version in
//! the body, and on Bedrock in AWS's framing.

use std::time::Duration;

use base64::Engine as _;

use super::frame::{Frames, Message};
use super::path::{self, Verb};
use super::{error, stream_read};
use crate::json::{Json, Object};
use crate::messages::Messages;
use crate::neutral::{Error, Event, Request};
use crate::{Codec as _, ReadStream, Target, Written};

/// What Bedrock wants as `anthropic_version`.
pub const BEDROCK_VERSION: &str = "bedrock-2023-05-31";

/// What Vertex AI wants as `anthropic_version`.
pub const VERTEX_VERSION: &str = "vertex-2023-10-16";

/// Rewrites a body of Anthropic's dialect: the version in, the model out, and whether it streams, which on Bedrock the
/// path says.
pub fn body(anthropic: &[u8], version: &str, keep_stream: bool) -> Result<Vec<u8>, Error> {
    let json = Json::parse(anthropic).map_err(|e| Error::broken(e.to_string()))?;
    let mut object = json.into_object()?;
    object.take("model");
    if !keep_stream {
        object.take("stream");
    }
    object.take("anthropic_version");
    let mut out = Object::with_capacity(object.len() + 1).with("anthropic_version", version);
    out.fill(&object);
    Ok(out.to_vec())
}

/// Writes a request for Bedrock's `invoke`.
pub fn write_bedrock(request: &Request<'_>, target: Target<'_>) -> Result<Written, Error> {
    let written = Messages.write_request(request, target)?;
    let verb = if request.stream { Verb::InvokeStream } else { Verb::Invoke };
    Ok(Written {
        path: path::write(target.model, verb),
        body: body(&written.body, BEDROCK_VERSION, false)?,
        lost: written.lost,
    })
}

/// Writes a request for Vertex AI's `rawPredict`.
pub fn write_vertex(request: &Request<'_>, target: Target<'_>) -> Result<Written, Error> {
    use crate::gemini::{Door, path};
    let written = Messages.write_request(request, target)?;
    let verb = if request.stream { path::Verb::StreamRawPredict } else { path::Verb::RawPredict };
    Ok(Written {
        path: path::write(Door::Vertex, target.model, verb),
        body: body(&written.body, VERTEX_VERSION, true)?,
        lost: written.lost,
    })
}

/// Reads an error of `invoke`: AWS's exceptions, or Anthropic's own.
pub fn read_error(status: u16, retry_after: Option<Duration>, exception: Option<&str>, body: &[u8]) -> Error {
    let own = Json::parse(body).is_ok_and(|json| json.get("error").is_some());
    if own && exception.is_none() {
        return Messages.read_error(status, retry_after, body);
    }
    error::read(status, retry_after, exception, body)
}

/// Reads `invoke-with-response-stream`: each message carries one event of another dialect's stream in base64.
pub struct Reader {
    frames: Frames,
    inner: Box<dyn ReadStream>,
    ended: bool,
}

impl Reader {
    /// `inner` reads what is carried.
    pub fn new(inner: Box<dyn ReadStream>) -> Self {
        Self { frames: Frames::default(), inner, ended: false }
    }

    /// For Anthropic's models.
    pub fn anthropic() -> Self {
        Self::new(Messages.stream_reader())
    }
}

/// The event that a message carries, as a server-sent one. `None`: it carries none.
fn carried(message: &Message<'_>) -> Result<Option<Vec<u8>>, Error> {
    if message.header(":event-type") != Some("chunk") {
        return Ok(None);
    }
    let json = Json::parse(message.payload).map_err(|e| Error::broken(e.to_string()))?;
    let Some(encoded) = json.get("bytes").and_then(Json::as_str) else { return Ok(None) };
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded);
    let decoded = decoded.map_err(|_| Error::broken("a message of the event stream has broken base64"))?;
    // One line: a line break in it would end the event.
    let mut event = b"data: ".to_vec();
    event.extend(decoded.into_iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }));
    event.extend_from_slice(b"\n\n");
    Ok(Some(event))
}

impl ReadStream for Reader {
    fn feed(&mut self, bytes: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        let (inner, ended) = (&mut self.inner, &mut self.ended);
        self.frames.feed(bytes, &mut |message| {
            if *ended {
                return Ok(());
            }
            if let Some(failed) = stream_read::failure(&message) {
                *ended = true;
                each(Event::Error(failed));
                return Ok(());
            }
            match carried(&message)? {
                Some(event) => inner.feed(&event, each),
                None => Ok(()),
            }
        })
    }

    fn end(&mut self, each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        if self.ended {
            return Ok(());
        }
        if !self.frames.is_complete() {
            return Err(Error::broken("the stream ended within a message"));
        }
        self.inner.end(each)
    }
}
