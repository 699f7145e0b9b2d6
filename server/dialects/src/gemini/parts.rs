//! What a message is made of.

use std::borrow::Cow;

use super::request::HINTS;
use super::wire::{camel, media_type_of, standard_base64};
use super::{id, thinking};
use crate::json::{Bad, Json, Object};
use crate::neutral::{Content, Dialect, Losses, Part, Request, Source};
use crate::rest::report;

/// The calls that were read up to now, to give them ids and their results the right ones.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// What makes ids differ between answers.
    pub answer: String,
    pub choice: u32,
    place: u32,
    /// Calls without a result: name and id.
    open: Vec<(String, String)>,
}

impl Calls {
    pub(super) fn of(answer: &str, choice: u32) -> Self {
        Self { answer: answer.to_owned(), choice, ..Self::default() }
    }

    /// The id of the next call.
    pub(super) fn next<'a>(&mut self, given: Option<Cow<'a, str>>, name: &str) -> Cow<'a, str> {
        let id = match given.filter(|id| !id.is_empty()) {
            Some(id) => id,
            None => Cow::Owned(id::make(&self.answer, self.choice, self.place, name)),
        };
        self.place = self.place.saturating_add(1);
        id
    }

    fn result_of<'a>(&mut self, given: Option<Cow<'a, str>>, name: &str) -> Cow<'a, str> {
        let given = given.filter(|id| !id.is_empty());
        // Results without ids answer calls of the same name in their order.
        let at = match &given {
            Some(id) => self.open.iter().position(|(_, open)| open == id),
            None => self.open.iter().position(|(open, _)| open == name),
        };
        let called = at.map(|at| self.open.remove(at).1);
        given.or(called.map(Cow::Owned)).unwrap_or_else(|| id::make(&self.answer, u32::MAX, self.place, name).into())
    }
}

pub(super) fn read<'a>(part: Json<'a>, calls: &mut Calls) -> Result<Part<'a>, Bad> {
    let mut object = camel(part.into_object()?);
    let signature = object.take_text("thoughtSignature")?;
    let thought = object.take_bool("thought")?.unwrap_or(false);
    let content = if let Some(text) = object.take_text("text")? {
        if thought { Content::Thinking(text) } else { Content::Text(text) }
    } else if let Some(blob) = object.take_object("inlineData")? {
        let mut blob = camel(blob);
        let title = blob.take_text("displayName")?;
        let media_type = blob.take_text("mimeType")?.unwrap_or("application/octet-stream".into());
        let data = standard_base64(blob.take_text("data")?.unwrap_or_default());
        media(Source::Data { media_type, data }, title)
    } else if let Some(file) = object.take_object("fileData")? {
        let mut file = camel(file);
        let title = file.take_text("displayName")?;
        let url = file.need_text("fileUri").map_err(|e| e.under("fileData"))?;
        media(Source::Url { url, media_type: file.take_text("mimeType")? }, title)
    } else if let Some(call) = object.take_object("functionCall")? {
        let mut call = camel(call);
        let name = call.need_text("name").map_err(|e| e.under("functionCall"))?;
        let id = calls.next(call.take_text("id")?, &name);
        calls.open.push((name.clone().into_owned(), id.clone().into_owned()));
        let arguments = call.take_object("args")?.unwrap_or_default().to_string();
        Content::ToolCall { id, name, arguments: arguments.into() }
    } else if let Some(result) = object.take_object("functionResponse")? {
        read_result(camel(result), calls)?
    } else {
        // Code, its results, Google's own tools: known here only.
        if thought {
            object.put("thought", true);
        }
        return Ok(Part { signature, ..Part::new(Content::Other(object.into())) });
    };
    Ok(Part { content, cache: None, signature, rest: object })
}

fn media<'a>(source: Source<'a>, title: Option<Cow<'a, str>>) -> Content<'a> {
    let kind = match &source {
        Source::Url { url, media_type } => media_type.as_deref().or_else(|| media_type_of(url)).unwrap_or_default(),
        Source::Data { media_type, .. } => media_type,
        Source::File { .. } | Source::Text(_) => "",
    };
    if kind.starts_with("image/") {
        Content::Image { source, detail: None }
    } else if kind.starts_with("audio/") {
        Content::Audio { source }
    } else if kind.starts_with("video/") {
        Content::Video { source }
    } else {
        Content::Document { source, title }
    }
}

/// A result is an object on this side and mostly text on others: `{"output":"text"}` is that text, an object of another
/// form is its JSON.
fn read_result<'a>(mut result: Object<'a>, calls: &mut Calls) -> Result<Content<'a>, Bad> {
    let name = result.need_text("name").map_err(|e| e.under("functionResponse"))?;
    let id = calls.result_of(result.take_text("id")?, &name);
    let mut response = result.take_object("response")?.unwrap_or_default();
    let single = (response.len() == 1).then(|| response.iter().next().map(|(key, _)| key.to_owned())).flatten();
    let is_error = single.as_deref() == Some("error");
    let text: Cow<'a, str> = match single.as_deref() {
        Some(key @ ("output" | "error")) => match response.take(key) {
            Some(Json::Text(text)) => text,
            Some(value) => Object::new().with(key.to_owned(), value).to_string().into(),
            None => Cow::Borrowed(""),
        },
        _ => response.to_string().into(),
    };
    let mut parts = vec![Part::text(text)];
    for part in result.take_array("parts")?.unwrap_or_default() {
        parts.push(read(part, &mut Calls::default())?);
    }
    Ok(Content::ToolResult { id, name: Some(name), parts, is_error })
}

/// Writes the parts of one message; calls and results need the request around them.
pub(super) struct Writer<'r, 'a> {
    pub from: Dialect,
    pub model: &'r str,
    /// Names of the calls by id, for results that don't say it.
    pub names: Vec<(&'r str, &'r str)>,
    pub losses: &'r mut Losses,
    pub marker: std::marker::PhantomData<&'a ()>,
}

impl<'r, 'a> Writer<'r, 'a> {
    pub(super) fn new(request: &'r Request<'a>, model: &'r str, losses: &'r mut Losses) -> Self {
        let calls = request.messages.iter().flat_map(|message| &message.parts);
        let names = calls.filter_map(|part| match &part.content {
            Content::ToolCall { id, name, .. } => Some((id.as_ref(), name.as_ref())),
            _ => None,
        });
        Self { from: request.from, model, names: names.collect(), losses, marker: std::marker::PhantomData }
    }

    pub(super) fn message(&mut self, parts: &[Part<'a>], path: &str) -> Vec<Json<'a>> {
        let mut out: Vec<Json<'a>> = Vec::with_capacity(parts.len());
        let mut unsigned = self.from != Dialect::Gemini && thinking::needs_signatures(self.model);
        for (at, part) in parts.iter().enumerate() {
            let Some(mut object) = self.part(part, &|| format!("{path}.content[{at}]")) else { continue };
            if matches!(part.content, Content::ToolCall { .. }) {
                // The first of parallel calls carries the signature of all.
                if unsigned && part.signature.is_none() {
                    object.put("thoughtSignature", thinking::NO_SIGNATURE);
                }
                unsigned = false;
            }
            out.push(object.into());
        }
        out
    }

    fn part(&mut self, part: &Part<'a>, path: &dyn Fn() -> String) -> Option<Object<'a>> {
        let own = self.from == Dialect::Gemini;
        if part.cache.is_some() {
            self.losses.hint(format!("{}.cache_control", path()));
        }
        let mut object = match &part.content {
            Content::Text(text) | Content::Refusal(text) => Object::new().with("text", text.clone()),
            Content::Thinking(text) if own => Object::new().with("text", text.clone()).with("thought", true),
            // Google wants its signatures back, not its thoughts; others' signatures it refuses.
            Content::Thinking(_) | Content::RedactedThinking(_) => {
                self.losses.hint(path());
                return None;
            }
            Content::Image { source, detail } => {
                if detail.as_deref().is_some_and(|detail| detail != "auto") {
                    self.losses.hint(format!("{}.detail", path()));
                }
                self.source(source, None, path)?
            }
            Content::Document { source, title } => self.source(source, title.as_ref(), path)?,
            Content::Audio { source } | Content::Video { source } => self.source(source, None, path)?,
            Content::ToolCall { id, name, arguments } => {
                let mut call = Object::new();
                call.put_some("id", id::own(id));
                call.put("name", name.clone());
                call.put("args", arguments_of(arguments));
                Object::new().with("functionCall", call)
            }
            Content::ToolResult { id, name, parts, is_error } => self.result(id, name.as_ref(), parts, *is_error, path),
            Content::Other(Json::Object(value)) if own => value.clone(),
            Content::Other(_) => {
                self.losses.content(path());
                return None;
            }
        };
        if let Some(signature) = &part.signature {
            object.put("thoughtSignature", signature.clone());
        }
        if own {
            object.fill(&part.rest);
        } else if !part.rest.is_empty() {
            report(&part.rest, &path(), HINTS, self.losses);
        }
        Some(object)
    }

    fn source(
        &mut self,
        source: &Source<'a>,
        title: Option<&Cow<'a, str>>,
        path: &dyn Fn() -> String,
    ) -> Option<Object<'a>> {
        Some(match source {
            // Amazon's store is closed to Google.
            Source::Url { url, .. } if url.starts_with("s3://") => {
                self.losses.content(path());
                return None;
            }
            Source::Url { url, media_type } => {
                let mut file = Object::new();
                file.put_some("mimeType", media_type.clone().or_else(|| media_type_of(url).map(Cow::Borrowed)));
                file.put("fileUri", url.clone());
                Object::new().with("fileData", file)
            }
            Source::Data { media_type, data } => {
                let blob = Object::new().with("mimeType", media_type.clone()).with("data", data.clone());
                Object::new().with("inlineData", blob)
            }
            Source::Text(text) => match title {
                Some(title) => Object::new().with("text", format!("{title}\n\n{text}")),
                None => Object::new().with("text", text.clone()),
            },
            Source::File { .. } => {
                self.losses.content(path());
                return None;
            }
        })
    }

    fn result(
        &mut self,
        id: &Cow<'a, str>,
        name: Option<&Cow<'a, str>>,
        parts: &[Part<'a>],
        is_error: bool,
        path: &dyn Fn() -> String,
    ) -> Object<'a> {
        let named = || self.names.iter().rev().find(|(call, _)| call == id).map(|(_, name)| (*name).to_owned().into());
        let name: Cow<'a, str> = name.cloned().or_else(named).unwrap_or_else(|| id.clone());
        let mut text = String::new();
        let mut more: Vec<Json<'a>> = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            if let Content::Text(piece) = &part.content {
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(piece);
            } else {
                let object = self.part(part, &|| format!("{}.content[{at}]", path()));
                more.extend(object.map(Json::from));
            }
        }
        let mut out = Object::new();
        out.put_some("id", id::own(id));
        out.put("name", name);
        out.put("response", response_of(text, is_error));
        out.put_some("parts", (!more.is_empty()).then_some(more));
        Object::new().with("functionResponse", out)
    }
}

fn response_of(text: String, is_error: bool) -> Object<'static> {
    match Json::parse(text.as_bytes()).map(Json::into_owned) {
        Ok(Json::Object(object)) if !is_error => object,
        _ => Object::new().with(if is_error { "error" } else { "output" }, text),
    }
}

/// Arguments are an object; what a model wrote that is none is kept as text.
pub(super) fn arguments_of(arguments: &str) -> Object<'static> {
    if arguments.trim().is_empty() {
        return Object::new();
    }
    match Json::parse(arguments.as_bytes()).map(Json::into_owned) {
        Ok(Json::Object(object)) => object,
        _ => Object::new().with("arguments", arguments.to_owned()),
    }
}

/// A part of an answer. `None`: it means nothing on this side.
pub(super) fn write_answer_part<'a>(part: &Part<'a>, own: bool) -> Option<Object<'a>> {
    let blob = |media_type: &Cow<'a, str>, data: &Cow<'a, str>| {
        Object::new().with("inlineData", Object::new().with("mimeType", media_type.clone()).with("data", data.clone()))
    };
    let mut object = match &part.content {
        Content::Text(text) | Content::Refusal(text) => Object::new().with("text", text.clone()),
        Content::Thinking(text) => Object::new().with("text", text.clone()).with("thought", true),
        Content::Image { source: Source::Data { media_type, data }, .. }
        | Content::Audio { source: Source::Data { media_type, data } }
        | Content::Video { source: Source::Data { media_type, data } }
        | Content::Document { source: Source::Data { media_type, data }, .. } => blob(media_type, data),
        Content::Image { source: Source::Url { url, media_type }, .. } => {
            let mut file = Object::new();
            file.put_some("mimeType", media_type.clone());
            Object::new().with("fileData", file.with("fileUri", url.clone()))
        }
        Content::ToolCall { id, name, arguments } => {
            let mut call = Object::new();
            call.put_some("id", id::own(id));
            Object::new().with("functionCall", call.with("name", name.clone()).with("args", arguments_of(arguments)))
        }
        Content::Other(Json::Object(value)) if own => value.clone(),
        _ => return None,
    };
    if let Some(signature) = part.signature.as_ref().filter(|signature| !signature.is_empty()) {
        object.put("thoughtSignature", signature.clone());
    }
    if own {
        object.fill(&part.rest);
    }
    Some(object)
}
