//! What the provider is sent, and the way between a caller's dialect and a provider's where they differ.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use tollgate_dialects::gemini::{self, Door, Form};
use tollgate_dialects::json::{Json, Object};
use tollgate_dialects::neutral::{self, Dialect, Event};
use tollgate_dialects::usage::Shape;
use tollgate_dialects::{Codec, ReadStream, Stamp, Target as Wanted, Url, WriteStream, bedrock, codec};
use tollgate_domain::Timestamp;
use tollgate_domain::charge::Operation;
use tollgate_domain::model::Wire;

use super::Named;
use super::admit::Admitted;
use crate::openai::error::CallError;
use crate::openai::request::{self, AnswerLimit, InUrl};
use crate::targets::Target;

/// What an operation's callers speak; `None`: nothing that is translated.
pub fn front(operation: Operation) -> Option<Dialect> {
    match operation {
        Operation::ChatCompletion => Some(Dialect::Chat),
        Operation::Completion => Some(Dialect::Completions),
        Operation::Messages => Some(Dialect::Messages),
        Operation::Responses => Some(Dialect::Responses),
        Operation::GenerateContent => Some(Dialect::Gemini),
        _ => None,
    }
}

/// What a server is spoken to in, if not in the caller's dialect.
fn back(wire: Wire) -> (Dialect, Operation) {
    match wire {
        Wire::OpenAi | Wire::Azure => (Dialect::Chat, Operation::ChatCompletion),
        Wire::Anthropic => (Dialect::Messages, Operation::Messages),
        Wire::Gemini => (Dialect::Gemini, Operation::GenerateContent),
        Wire::Bedrock => (Dialect::Converse, Operation::Other),
    }
}

/// In what shape an answer tells what was used.
fn shape(dialect: Dialect) -> Shape {
    match dialect {
        Dialect::Chat | Dialect::Completions => Shape::Chat,
        Dialect::Messages => Shape::Messages,
        Dialect::Responses => Shape::Responses,
        Dialect::Gemini => Shape::Gemini,
        Dialect::Converse => Shape::Converse,
    }
}

/// A request for the provider, and what its answer will be.
pub struct Prepared {
    /// What the provider is asked for, in its own terms.
    pub operation: Operation,
    /// Below the server's address; `None`: the operation's own.
    pub path: Option<String>,
    pub pieces: Vec<Bytes>,
    pub shape: Shape,
    /// The caller did not ask for a stream's usage, and the provider is asked for it.
    pub hide_usage: bool,
    /// `None`: the answer passes as it is.
    pub way: Option<Way>,
}

impl Prepared {
    /// The client's own bytes but for what has to change, or a translation of them. `told`: how long an answer may be
    /// whose caller named no limit, in tokens.
    pub fn of(
        operation: Operation,
        admitted: &Admitted,
        told: Option<u64>,
        drop_params: bool,
    ) -> Result<Self, CallError> {
        let url = admitted.url.as_ref();
        // Whoever did not ask for events gets a list, and only a translation knows how to end one.
        let lists = url.is_some_and(|url| url.stream && !url.events);
        if !admitted.target.speaks(operation) || lists {
            return Self::translated(operation, admitted, told, drop_params);
        }
        if let Some(url) = url {
            return Ok(Self::generate_content(url, admitted, told));
        }
        let can_hide = matches!(operation, Operation::ChatCompletion | Operation::Completion);
        let hide_usage = can_hide && admitted.peek.stream && !admitted.peek.include_usage;
        let limit = told.map(|tokens| AnswerLimit { field: limit_field(operation, &admitted.target.provider), tokens });
        let pieces = request::rewrite(&admitted.body, &admitted.peek, &admitted.upstream_model, hide_usage, limit);
        let shape = front(operation).map_or(Shape::Chat, shape);
        let path = admitted.target.path(operation, &admitted.upstream_model);
        Ok(Self { operation, path, pieces, shape, hide_usage, way: None })
    }

    /// Google's own callers: the model is in the path, and the limit in an object of the body.
    fn generate_content(url: &InUrl, admitted: &Admitted, told: Option<u64>) -> Self {
        let verb =
            if url.stream { gemini::path::Verb::StreamGenerateContent } else { gemini::path::Verb::GenerateContent };
        let path = gemini::path::write(Door::GeminiApi, &admitted.upstream_model, verb);
        let body = told.and_then(|tokens| limited(&admitted.body, tokens)).unwrap_or_else(|| admitted.body.clone());
        Self {
            operation: Operation::GenerateContent,
            path: Some(path),
            pieces: vec![body],
            shape: Shape::Gemini,
            hide_usage: false,
            way: None,
        }
    }

    fn translated(
        operation: Operation,
        admitted: &Admitted,
        told: Option<u64>,
        drop_params: bool,
    ) -> Result<Self, CallError> {
        let target = &admitted.target;
        let (dialect, asked) = back(target.wire());
        let both = front(operation).and_then(codec).zip(codec(dialect));
        let (front, back) = both.ok_or_else(|| CallError::not_spoken(&admitted.model, &target.provider))?;
        // What is the gateway's own business is no part of any dialect.
        let body = match &admitted.url {
            Some(_) => admitted.body.clone(),
            None => whole(request::rewrite(&admitted.body, &admitted.peek, &admitted.peek.model, false, None)),
        };
        let url = admitted.url.as_ref();
        let place = Url { model: url.map(|url| &*url.model), stream: url.map(|url| url.stream) };
        let mut request = front.read_request(&body, place).map_err(bad)?;
        request.max_tokens = request.max_tokens.or(told);
        let written = back.write_request(&request, wanted(target, &admitted.upstream_model)).map_err(bad)?;
        if let Some(lost) = written.lost.refusal(drop_params) {
            let help = "`drop_params: true` in the gateway's configuration leaves such fields out.";
            let help = if lost.weight == neutral::Weight::Parameter { help } else { "" };
            return Err(CallError::untranslatable(
                format!("{lost}. {help}").trim().to_owned(),
                Some(lost.field.clone()),
            ));
        }
        let way = Way {
            front,
            back,
            bedrock: target.wire() == Wire::Bedrock,
            id: id_prefix(operation),
            model: Arc::clone(&admitted.model),
            stream_usage: request.stream_usage,
            list: url.is_some_and(|url| !url.events),
        };
        let pieces = vec![Bytes::from(written.body)];
        let shape = shape(dialect);
        let path = target.path(asked, &admitted.upstream_model).unwrap_or(written.path);
        Ok(Self { operation: asked, path: Some(path), pieces, shape, hide_usage: false, way: Some(way) })
    }
}

fn bad(error: neutral::Error) -> CallError {
    CallError::untranslatable(error.message, error.param)
}

/// What a target's writer should know of it.
pub fn wanted<'a>(target: &Target, upstream_model: &'a Arc<str>) -> Wanted<'a> {
    let mut wanted = Wanted::new(upstream_model);
    wanted.max_output = target.terms(upstream_model).max_output;
    // Others than OpenAI's own servers know the older name of the answer's limit only.
    wanted.old_max_tokens = !matches!(&*target.provider, "openai" | "azure");
    wanted
}

/// How the provider is told how long an answer may be.
fn limit_field(operation: Operation, provider: &str) -> &'static str {
    match operation {
        // OpenAI's newer models refuse the older name; others know only that one.
        Operation::ChatCompletion if matches!(provider, "openai" | "azure") => "max_completion_tokens",
        Operation::Responses => "max_output_tokens",
        _ => "max_tokens",
    }
}

/// Google's request with a limit for its answer. `None`: it is no object, which the provider says better.
fn limited(body: &[u8], tokens: u64) -> Option<Bytes> {
    let mut object = Json::parse(body).ok()?.into_object().ok()?;
    let name = if object.get("generation_config").is_some() { "generation_config" } else { "generationConfig" };
    let mut config = object.take_object(name).ok()?.unwrap_or_default();
    config.take("maxOutputTokens");
    config.take("max_output_tokens");
    config.put("maxOutputTokens", tokens);
    object.put(name, config);
    Some(Bytes::from(Object::to_vec(&object)))
}

fn whole(mut pieces: Vec<Bytes>) -> Bytes {
    if pieces.len() == 1 { pieces.swap_remove(0) } else { Bytes::from(pieces.concat()) }
}

/// What ids of answers begin with, where the provider gives none.
fn id_prefix(operation: Operation) -> &'static str {
    match operation {
        Operation::ChatCompletion => "chatcmpl-",
        Operation::Completion => "cmpl-",
        Operation::Messages => "msg_",
        Operation::Responses => "resp_",
        _ => "",
    }
}

/// A call's way back, from the provider's dialect to the caller's.
pub struct Way {
    front: &'static dyn Codec,
    back: &'static dyn Codec,
    bedrock: bool,
    id: &'static str,
    /// As the caller knows it.
    model: Arc<str>,
    stream_usage: bool,
    /// A stream is one JSON array.
    list: bool,
}

impl Way {
    /// A whole answer, for the caller. An error says why the provider's can't be read.
    pub fn answer(&self, body: &[u8], named: &Named) -> Result<Vec<u8>, String> {
        let answer = self.back.read_answer(body).map_err(|error| error.to_string())?;
        let id = format!("{}{}", self.id, named.id);
        Ok(self.front.write_answer(&answer, self.stamp(&id, named.at)))
    }

    /// For an answer that comes in pieces.
    pub fn stream(&self, named: &Named) -> Stream {
        let id = format!("{}{}", self.id, named.id);
        let stamp = self.stamp(&id, named.at);
        let writer: Box<dyn WriteStream> =
            if self.list { Box::new(gemini::Writer::new(stamp, Form::Array)) } else { self.front.stream_writer(stamp) };
        Stream { reader: self.back.stream_reader(), writer, costs: self.stream_usage }
    }

    /// What a stream is called in the answer's head.
    pub fn stream_type(&self) -> &'static str {
        if self.list { "application/json" } else { "text/event-stream; charset=utf-8" }
    }

    /// What an error means to a caller in OpenAI's words, which all others are made of: a status, and a body.
    pub fn error(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> (StatusCode, Bytes) {
        let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        let wait = text(header::RETRY_AFTER).and_then(|seconds| seconds.parse().ok());
        let wait = wait.map(std::time::Duration::from_secs);
        let error = if self.bedrock {
            let name = text(header::HeaderName::from_static("x-amzn-errortype"));
            bedrock::read_error(status.as_u16(), wait, name, body)
        } else {
            self.back.read_error(status.as_u16(), wait, body)
        };
        let (code, body) = tollgate_dialects::chat::Chat.write_error(&error);
        (StatusCode::from_u16(code).unwrap_or(status), Bytes::from(body))
    }

    fn stamp<'a>(&'a self, id: &'a str, at: Timestamp) -> Stamp<'a> {
        let created = at.0.div_euclid(Timestamp::MICROS_PER_SECOND);
        Stamp { id, created, model: Some(&self.model), stream_usage: self.stream_usage }
    }
}

/// A stream on its way between the dialects. Holds one event of it.
pub struct Stream {
    reader: Box<dyn ReadStream>,
    writer: Box<dyn WriteStream>,
    /// The caller wants to be told what was used.
    pub costs: bool,
}

impl Stream {
    /// Takes what came from the provider, and gives what it comes to for the caller. Fails if it can't be read: the
    /// stream is over, and what came before the failure is given along.
    pub fn pass(&mut self, piece: &[u8]) -> (Bytes, Result<(), String>) {
        let mut out = Vec::new();
        let writer = &mut self.writer;
        let read = self.reader.feed(piece, &mut |event: Event<'_>| writer.write(&event, &mut out));
        (Bytes::from(out), read.map_err(|error| error.to_string()))
    }

    /// The provider's connection ended.
    pub fn end(&mut self) -> (Bytes, Result<(), String>) {
        let mut out = Vec::new();
        let writer = &mut self.writer;
        let read = self.reader.end(&mut |event: Event<'_>| writer.write(&event, &mut out));
        (Bytes::from(out), read.map_err(|error| error.to_string()))
    }

    /// Tells the caller that the stream can't go on.
    pub fn break_off(&mut self, message: &str, kind: neutral::ErrorKind) -> Bytes {
        let mut out = Vec::new();
        self.writer.write(&Event::Error(neutral::Error::new(kind, message)), &mut out);
        Bytes::from(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn googles_requests_are_given_a_limit() {
        let with = |body: &str| String::from_utf8(limited(body.as_bytes(), 9).unwrap().to_vec()).unwrap();
        assert_eq!(with(r#"{"contents":[]}"#), r#"{"contents":[],"generationConfig":{"maxOutputTokens":9}}"#);
        assert_eq!(
            with(r#"{"generation_config":{"top_k":1,"max_output_tokens":null}}"#),
            r#"{"generation_config":{"top_k":1,"maxOutputTokens":9}}"#
        );
        assert_eq!(limited(b"[]", 9), None);
    }
}
