//! A provider's stream.

use std::borrow::Cow;

use crate::ReadStream;
use crate::gemini::array::Elements;
use crate::gemini::parts::{self, Calls};
use crate::gemini::wire::{camel, number};
use crate::gemini::{answer, error, finish, logprobs, usage};
use crate::json::{Bad, Json, Object};
use crate::neutral::{Content, Delta, Error, Event, Part, PartStart, Source, Usage};
use crate::sse::Events;

/// Reads both forms, server-sent events and a JSON array, and sees by the first byte which it is.
#[derive(Debug, Default)]
pub struct Reader {
    frames: Frames,
    state: State,
}

#[derive(Debug, Default)]
enum Frames {
    #[default]
    Unknown,
    Sse(Events),
    Array(Elements),
}

/// More candidates than any provider gives.
const MAX_CANDIDATES: usize = 128;

#[derive(Debug, Default)]
struct State {
    started: bool,
    id: String,
    usage: Option<Usage>,
    candidates: Vec<Candidate>,
    ended: bool,
}

#[derive(Debug)]
struct Candidate {
    index: u32,
    calls: Calls,
    has_calls: bool,
    /// The part that is open: its kind.
    open: Option<Open>,
    parts: u32,
    finished: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Text,
    Thinking,
    Audio,
}

impl ReadStream for Reader {
    fn feed(&mut self, bytes: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        if matches!(self.frames, Frames::Unknown) {
            match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
                None => return Ok(()),
                Some(b'[') => self.frames = Frames::Array(Elements::default()),
                Some(_) => self.frames = Frames::Sse(Events::default()),
            }
        }
        let state = &mut self.state;
        match &mut self.frames {
            Frames::Sse(events) => events.feed(bytes, &mut |_, data| state.chunk(data, each)),
            Frames::Array(elements) => elements.feed(bytes, &mut |data| state.chunk(data, each)),
            Frames::Unknown => Ok(()),
        }
    }

    fn end(&mut self, each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        let state = &mut self.state;
        if let Frames::Sse(events) = &mut self.frames {
            events.end(&mut |_, data| state.chunk(data, each))?;
        }
        if state.ended {
            return Ok(());
        }
        if matches!(&self.frames, Frames::Array(elements) if !elements.is_complete()) {
            return Err(Error::broken("the stream ended within an element"));
        }
        if state.candidates.is_empty() || state.candidates.iter().any(|candidate| !candidate.finished) {
            return Err(Error::broken("the stream ended without a finish reason"));
        }
        state.ended = true;
        each(Event::End);
        Ok(())
    }
}

impl State {
    fn chunk(&mut self, data: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        if self.ended || data.is_empty() || data == b"[DONE]" {
            return Ok(());
        }
        let broken = |bad: Bad| Error::broken(bad.to_string());
        let json = Json::parse(data).map_err(|e| Error::broken(e.to_string()))?;
        let mut object = camel(json.into_object().map_err(broken)?);
        if object.get("error").is_some() {
            self.ended = true;
            each(Event::Error(error::from_object(&object, None)));
            return Ok(());
        }
        self.pieces(&mut object, each).map_err(broken)
    }

    fn pieces(&mut self, object: &mut Object<'_>, each: &mut dyn FnMut(Event<'_>)) -> Result<(), Bad> {
        if !self.started {
            self.started = true;
            let id = object.take_text("responseId")?.unwrap_or_default();
            let model = object.take_text("modelVersion")?.unwrap_or_default();
            id.as_ref().clone_into(&mut self.id);
            each(Event::Start { id, model, created: None, service_tier: None });
        }
        for (at, candidate) in object.take_array("candidates")?.unwrap_or_default().into_iter().enumerate() {
            let candidate = candidate.into_object().map(camel).and_then(|candidate| self.candidate(candidate, each));
            candidate.map_err(|e| e.at("candidates", at))?;
        }
        if let Some(counts) = object.take_object("usageMetadata")? {
            let counted = usage::read(&counts);
            // Every event repeats it.
            if self.usage != Some(counted) && number(counts.get("totalTokenCount")) > 0 {
                self.usage = Some(counted);
                each(Event::Usage(counted));
            }
        }
        if self.candidates.is_empty()
            && let Some(blocked) = answer::blocked(object)
        {
            self.ended = true;
            each(Event::Error(blocked));
        }
        Ok(())
    }

    fn candidate(&mut self, mut object: Object<'_>, each: &mut dyn FnMut(Event<'_>)) -> Result<(), Bad> {
        let index = object.take_u64("index")?.and_then(|index| u32::try_from(index).ok()).unwrap_or(0);
        let at = match self.candidates.iter().position(|candidate| candidate.index == index) {
            Some(at) => at,
            None if self.candidates.len() < MAX_CANDIDATES => {
                let calls = Calls::of(&self.id, index);
                let fresh = Candidate { index, calls, has_calls: false, open: None, parts: 0, finished: false };
                self.candidates.push(fresh);
                self.candidates.len() - 1
            }
            None => return Err(Bad::new("index", "is one of too many")),
        };
        let candidate = &mut self.candidates[at];
        if candidate.finished {
            return Ok(());
        }
        if let Some(content) = object.take_object("content")? {
            for (at, part) in camel(content).take_array("parts")?.unwrap_or_default().into_iter().enumerate() {
                let part = parts::read(part, &mut candidate.calls).map_err(|e| e.at("parts", at))?;
                candidate.part(part, each);
            }
        }
        if let Some(result) = object.take("logprobsResult") {
            each(Event::Logprobs { choice: index, value: logprobs::read(&result) });
        }
        if let Some(word) = object.take_text("finishReason")? {
            candidate.close(each);
            candidate.finished = true;
            each(Event::Finish { choice: index, finish: finish::read(&word, candidate.has_calls) });
        }
        Ok(())
    }
}

impl Candidate {
    fn part(&mut self, part: Part<'_>, each: &mut dyn FnMut(Event<'_>)) {
        match part.content {
            Content::Text(text) => self.text(Open::Text, text, part.signature, each),
            Content::Thinking(text) => self.text(Open::Thinking, text, part.signature, each),
            Content::Audio { source: Source::Data { media_type, data } } => {
                self.open(Open::Audio, each);
                let piece = Object::new().with("mime_type", media_type).with("data", data);
                self.delta(Delta::Audio(piece.into()), each);
            }
            Content::ToolCall { id, name, arguments } => {
                self.has_calls = true;
                self.start(PartStart::ToolCall { id, name }, each);
                self.delta(Delta::Arguments(arguments), each);
                self.sign(part.signature, each);
                self.end_part(each);
            }
            Content::Image { source: Source::Data { media_type, data }, .. } => {
                self.start(PartStart::Image { media_type, data }, each);
                self.sign(part.signature, each);
                self.end_part(each);
            }
            Content::Other(value) => {
                self.start(PartStart::Other(value), each);
                self.sign(part.signature, each);
                self.end_part(each);
            }
            // Nothing else comes from a model; what comes is read as requests have it and has no event.
            _ => {}
        }
    }

    fn text(
        &mut self,
        kind: Open,
        text: Cow<'_, str>,
        signature: Option<Cow<'_, str>>,
        each: &mut dyn FnMut(Event<'_>),
    ) {
        if text.is_empty() && signature.is_none() {
            return;
        }
        self.open(kind, each);
        if !text.is_empty() {
            self.delta(if kind == Open::Text { Delta::Text(text) } else { Delta::Thinking(text) }, each);
        }
        if signature.is_some() {
            // A signed part is complete.
            self.sign(signature, each);
            self.close(each);
        }
    }

    fn open(&mut self, kind: Open, each: &mut dyn FnMut(Event<'_>)) {
        if self.open == Some(kind) {
            return;
        }
        let start = match kind {
            Open::Text => PartStart::Text,
            Open::Thinking => PartStart::Thinking,
            Open::Audio => PartStart::Audio,
        };
        self.start(start, each);
        self.open = Some(kind);
    }

    fn start(&mut self, start: PartStart<'_>, each: &mut dyn FnMut(Event<'_>)) {
        self.close(each);
        each(Event::PartStart { choice: self.index, part: self.parts, start });
    }

    fn delta(&self, delta: Delta<'_>, each: &mut dyn FnMut(Event<'_>)) {
        each(Event::Delta { choice: self.index, part: self.parts, delta });
    }

    fn sign(&self, signature: Option<Cow<'_, str>>, each: &mut dyn FnMut(Event<'_>)) {
        if let Some(signature) = signature {
            self.delta(Delta::Signature(signature), each);
        }
    }

    fn close(&mut self, each: &mut dyn FnMut(Event<'_>)) {
        if self.open.take().is_some() {
            self.end_part(each);
        }
    }

    fn end_part(&mut self, each: &mut dyn FnMut(Event<'_>)) {
        each(Event::PartEnd { choice: self.index, part: self.parts });
        self.parts = self.parts.saturating_add(1);
    }
}
