//! `ConverseStream`, read.

use super::frame::{Frames, Message};
use super::{error, finish, usage};
use crate::ReadStream;
use crate::json::{Bad, Json, Object};
use crate::neutral::{Delta, Error, Event, PartStart};

/// Reads the events of one message.
#[derive(Debug, Default)]
pub struct Reader {
    frames: Frames,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    started: bool,
    /// The block that is open: its number there, and its kind.
    open: Option<(u64, Kind)>,
    parts: u32,
    finished: bool,
    ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Redacted,
    Call,
    Other,
}

impl ReadStream for Reader {
    fn feed(&mut self, bytes: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        let state = &mut self.state;
        self.frames.feed(bytes, &mut |message| state.message(message, each))
    }

    fn end(&mut self, each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        if self.state.ended {
            return Ok(());
        }
        if !self.state.finished || !self.frames.is_complete() {
            return Err(Error::broken("the stream ended before its message did"));
        }
        self.state.ended = true;
        each(Event::End);
        Ok(())
    }
}

/// The error that a message of the stream is; `None`: it is none.
pub(super) fn failure(message: &Message<'_>) -> Option<Error> {
    let text = |json: Option<&Json<'_>>, key| {
        json.and_then(|json| json.get(key)).and_then(Json::as_str).unwrap_or_default().to_owned()
    };
    match message.header(":message-type") {
        Some("exception") => {
            let json = Json::parse(message.payload).ok();
            let said = text(json.as_ref(), "message");
            let status = json.as_ref().and_then(|json| json.get("originalStatusCode")).and_then(Json::as_u64);
            let status = status.and_then(|status| u16::try_from(status).ok());
            Some(error::named(message.header(":exception-type").unwrap_or_default(), &said, status))
        }
        Some("error") => {
            let said = message.header(":error-message").unwrap_or_default();
            Some(error::named(message.header(":error-code").unwrap_or_default(), said, None))
        }
        _ => None,
    }
}

impl State {
    fn message(&mut self, message: Message<'_>, each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        if self.ended {
            return Ok(());
        }
        if let Some(failed) = failure(&message) {
            self.ended = true;
            each(Event::Error(failed));
            return Ok(());
        }
        let Some(kind) = message.header(":event-type") else { return Ok(()) };
        let broken = |bad: Bad| Error::broken(format!("{kind}: {bad}"));
        let json = Json::parse(message.payload).map_err(|e| Error::broken(e.to_string()))?;
        let object = json.into_object().map_err(broken)?;
        self.event(kind, object, each).map_err(broken)
    }

    fn event(&mut self, kind: &str, mut object: Object<'_>, each: &mut dyn FnMut(Event<'_>)) -> Result<(), Bad> {
        if !self.started {
            self.started = true;
            each(Event::Start { id: "".into(), model: "".into(), created: None, service_tier: None });
        }
        match kind {
            "contentBlockStart" => {
                let index = object.take_u64("contentBlockIndex")?.unwrap_or_default();
                let mut start = object.take_object("start")?.unwrap_or_default();
                if let Some(mut call) = start.take_object("toolUse")? {
                    let (id, name) = (call.need_text("toolUseId")?, call.need_text("name")?);
                    self.open(index, Kind::Call, PartStart::ToolCall { id, name }, each);
                } else if !start.is_empty() {
                    self.open(index, Kind::Other, PartStart::Other(start.into()), each);
                }
            }
            "contentBlockDelta" => {
                let index = object.take_u64("contentBlockIndex")?.unwrap_or_default();
                let delta = object.take_object("delta")?.unwrap_or_default();
                self.delta(index, delta, each)?;
            }
            "contentBlockStop" => self.close(each),
            "messageStop" if !self.finished => {
                self.close(each);
                self.finished = true;
                let mut reason = finish::read(&object.need_text("stopReason")?);
                if let crate::neutral::Finish::StopSequence(which) = &mut reason {
                    let fields = object.take_object("additionalModelResponseFields")?;
                    let found = fields.and_then(|fields| Some(fields.get("stop_sequence")?.as_str()?.to_owned()));
                    *which = found.map(Into::into);
                }
                each(Event::Finish { choice: 0, finish: reason });
            }
            "metadata" => {
                if let Some(counts) = object.take_object("usage")? {
                    each(Event::Usage(usage::read(&counts)));
                }
                if self.finished {
                    self.ended = true;
                    each(Event::End);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn delta(&mut self, index: u64, mut delta: Object<'_>, each: &mut dyn FnMut(Event<'_>)) -> Result<(), Bad> {
        if self.finished {
            return Ok(());
        }
        if let Some(text) = delta.take_text("text")? {
            self.ensure(index, Kind::Text, PartStart::Text, each);
            self.say(Delta::Text(text), each);
        } else if let Some(mut call) = delta.take_object("toolUse")? {
            // A call begins with an event of its own; without one there is nothing to add to.
            if self.open == Some((index, Kind::Call)) {
                self.say(Delta::Arguments(call.take_text("input")?.unwrap_or_default()), each);
            }
        } else if let Some(mut thought) = delta.take_object("reasoningContent")? {
            if let Some(text) = thought.take_text("text")? {
                self.ensure(index, Kind::Thinking, PartStart::Thinking, each);
                self.say(Delta::Thinking(text), each);
            } else if let Some(signature) = thought.take_text("signature")? {
                self.ensure(index, Kind::Thinking, PartStart::Thinking, each);
                self.say(Delta::Signature(signature), each);
            } else if let Some(data) = thought.take_text("redactedContent")? {
                self.open(index, Kind::Redacted, PartStart::RedactedThinking(data), each);
            }
        } else if self.open.is_some_and(|(open, _)| open == index) && !delta.is_empty() {
            self.say(Delta::Other(delta.into()), each);
        }
        Ok(())
    }

    /// Texts and thoughts begin with their first piece.
    fn ensure(&mut self, index: u64, kind: Kind, start: PartStart<'_>, each: &mut dyn FnMut(Event<'_>)) {
        if self.open != Some((index, kind)) {
            self.open(index, kind, start, each);
        }
    }

    fn open(&mut self, index: u64, kind: Kind, start: PartStart<'_>, each: &mut dyn FnMut(Event<'_>)) {
        self.close(each);
        if self.finished {
            return;
        }
        self.open = Some((index, kind));
        each(Event::PartStart { choice: 0, part: self.parts, start });
    }

    fn say(&self, delta: Delta<'_>, each: &mut dyn FnMut(Event<'_>)) {
        each(Event::Delta { choice: 0, part: self.parts, delta });
    }

    fn close(&mut self, each: &mut dyn FnMut(Event<'_>)) {
        if self.open.take().is_some() {
            each(Event::PartEnd { choice: 0, part: self.parts });
            self.parts = self.parts.saturating_add(1);
        }
    }
}
