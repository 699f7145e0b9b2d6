//! OpenAI's legacy completions: a prompt of text, and text that goes on from it.

mod answer;
mod stream_write;

use std::borrow::Cow;
use std::time::Duration;

use crate::json::{Bad, Json, Object};
use crate::neutral::{Answer, Content, Dialect, Error, Logprobs, Losses, Part, Request, Role};
use crate::rest::{put_inner, report};
use crate::{Codec, ReadStream, Stamp, Target, Url, WriteStream, Written, chat, errors};

pub use stream_write::Writer;

/// The codec of [`crate::neutral::Dialect::Completions`].
#[derive(Clone, Copy, Debug)]
pub struct Completions;

impl Codec for Completions {
    fn read_request<'a>(&self, body: &'a [u8], _url: Url<'a>) -> Result<Request<'a>, Error> {
        let object = Json::parse(body).map_err(|e| Bad::new("", e.to_string()))?.into_object()?;
        Ok(read(object)?)
    }

    fn write_request(&self, request: &Request<'_>, target: Target<'_>) -> Result<Written, Error> {
        Ok(write(request, target))
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

    /// That of chat completions knows these chunks too.
    fn stream_reader(&self) -> Box<dyn ReadStream> {
        Box::new(chat::Reader::default())
    }

    fn stream_writer(&self, stamp: Stamp<'_>) -> Box<dyn WriteStream> {
        Box::new(Writer::new(stamp))
    }
}

/// The prompt becomes what a user says; all else is as in chat completions.
fn read(mut o: Object<'_>) -> Result<Request<'_>, Bad> {
    let prompt = match o.take("prompt") {
        Some(Json::Text(text)) => text,
        Some(Json::Array(mut items)) if items.len() == 1 => match items.pop() {
            Some(Json::Text(text)) => text,
            _ => return Err(Bad::new("prompt", "must be text: prompts of tokens are for their own models")),
        },
        None => Cow::Borrowed(""),
        Some(_) => return Err(Bad::new("prompt", "must be one text")),
    };
    let logprobs = o.take_u64("logprobs")?;
    let message = Object::new().with("role", "user").with("content", prompt);
    o.put("messages", vec![Json::Object(message)]);
    let mut request = chat::read::read_object(o)?;
    request.from = Dialect::Completions;
    request.logprobs = logprobs.map(|top| Logprobs { top: Some(top) });
    Ok(request)
}

fn write(request: &Request<'_>, target: Target<'_>) -> Written {
    let mut lost = Losses::new(Dialect::Completions);
    let own = request.from == Dialect::Completions;
    let mut o = Object::with_capacity(16).with("model", target.model.to_owned());
    match request.messages.as_slice() {
        [message] if message.role == Role::User => match message.parts.as_slice() {
            [Part { content: Content::Text(text), .. }] => o.put("prompt", &**text),
            _ => lost.content("messages[0]"),
        },
        // A conversation is more than a text.
        _ => lost.content("messages"),
    }
    let s = &request.sampling;
    o.put_some("max_tokens", request.max_tokens);
    o.put_some("temperature", s.temperature);
    o.put_some("top_p", s.top_p);
    o.put_some("frequency_penalty", s.frequency_penalty);
    o.put_some("presence_penalty", s.presence_penalty);
    o.put_some("seed", s.seed);
    o.put_some("logit_bias", s.logit_bias.clone());
    if !request.stop.is_empty() {
        o.put("stop", request.stop.iter().map(|stop| Json::from(&**stop)).collect::<Vec<_>>());
    }
    o.put_some("n", request.n);
    o.put_some("logprobs", request.logprobs.map(|logprobs| logprobs.top.unwrap_or(0)));
    o.put_some("user", request.user.as_deref());
    if own {
        o.put_some("top_k", s.top_k);
        o.put_some("min_p", s.min_p);
    }
    for (is_set, field) in [
        (!own && s.top_k.is_some(), "top_k"),
        (!own && s.min_p.is_some(), "min_p"),
        (!request.tools.is_empty(), "tools"),
        (request.format.is_some(), "response_format"),
        (request.reasoning.is_some(), "reasoning"),
        (!request.modalities.is_empty(), "modalities"),
    ] {
        if is_set {
            lost.parameter(field);
        }
    }
    if !request.metadata.is_empty() {
        lost.hint("metadata");
    }
    if request.stream {
        o.put("stream", true);
        if request.stream_usage {
            let options = Object::new().with("include_usage", true);
            put_inner(&mut o, "stream_options", options, own.then_some(&request.rest));
        }
    }
    if own {
        o.fill(&request.rest);
    } else {
        report(&request.rest, "", chat::HINTS, &mut lost);
    }
    Written { path: "/completions".to_owned(), body: o.to_vec(), lost }
}
