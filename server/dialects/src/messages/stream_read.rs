//! A stream of events, read.

use crate::errors;
use crate::json::{Bad, Json, Object};
use crate::neutral::{Delta, Event, PartStart};
use crate::sse::{Hear, Typed};
use crate::usage::{Shape, Tally};

use super::answer;

pub type Reader = Typed<State>;

#[derive(Debug)]
pub struct State {
    started: bool,
    done: bool,
    /// The block that is being written: its number in the events, and ours.
    open: Option<(u64, u32)>,
    parts: u32,
    /// What was counted: later events say only what changed.
    tally: Tally,
    finished: bool,
}

impl Default for State {
    fn default() -> Self {
        Self { started: false, done: false, open: None, parts: 0, tally: Tally::new(Shape::Messages), finished: false }
    }
}

type Each<'e> = &'e mut dyn FnMut(Event<'_>);

impl Hear for State {
    fn is_done(&self) -> bool {
        self.done
    }

    fn hear(&mut self, mut o: Object<'_>, data: &[u8], each: Each<'_>) -> Result<(), Bad> {
        match &*o.need_text("type")? {
            "message_start" => {
                let mut message = o.take_object("message")?.unwrap_or_default();
                if std::mem::replace(&mut self.started, true) {
                    return Err(Bad::new("type", "a second `message_start`"));
                }
                each(Event::Start {
                    id: message.take_text("id")?.unwrap_or_default(),
                    model: message.take_text("model")?.unwrap_or_default(),
                    created: None,
                    service_tier: None,
                });
                self.count(data, each);
            }
            // Whoever leaves out the beginning is no server of this dialect.
            _ if !self.started && o.get("error").is_none() => return Err(Bad::new("type", "no `message_start`")),
            "content_block_start" => self.start(o, each)?,
            "content_block_delta" => self.delta(o, each)?,
            "content_block_stop" => self.close(each),
            "message_delta" => {
                self.close(each);
                let mut delta = o.take_object("delta")?.unwrap_or_default();
                let sequence = delta.take_text("stop_sequence")?;
                if let Some(word) = delta.take_text("stop_reason")?
                    && !std::mem::replace(&mut self.finished, true)
                {
                    each(Event::Finish { choice: 0, finish: answer::finish(word, sequence) });
                }
                self.count(data, each);
            }
            "message_stop" => {
                self.close(each);
                self.done = true;
                each(Event::End);
            }
            "ping" => each(Event::Ping),
            "error" => {
                self.done = true;
                each(Event::Error(errors::from_object(&mut o, None)));
            }
            // New ones may come: Anthropic asks to skip them.
            _ => {}
        }
        Ok(())
    }
}

impl State {
    fn start(&mut self, mut o: Object<'_>, each: Each<'_>) -> Result<(), Bad> {
        self.close(each);
        let index = o.take_u64("index")?.ok_or_else(|| Bad::new("index", "is missing"))?;
        let mut block = o.take_object("content_block")?.ok_or_else(|| Bad::new("content_block", "is missing"))?;
        let part = self.parts;
        self.parts = part.saturating_add(1);
        self.open = Some((index, part));
        let mut first = None;
        let start = match block.get("type").and_then(Json::as_str) {
            Some("text") => {
                first = block.take_text("text")?.map(Delta::Text);
                PartStart::Text
            }
            Some("thinking") => {
                first = block.take_text("thinking")?.map(Delta::Thinking);
                PartStart::Thinking
            }
            Some("redacted_thinking") => PartStart::RedactedThinking(block.take_text("data")?.unwrap_or_default()),
            Some("tool_use") => {
                // Empty, but for servers that send the whole call at once.
                if let Some(Json::Object(input)) = block.take("input")
                    && !input.is_empty()
                {
                    first = Some(Delta::Arguments(input.to_string().into()));
                }
                PartStart::ToolCall { id: block.need_text("id")?, name: block.need_text("name")? }
            }
            _ => PartStart::Other(Json::Object(block)),
        };
        each(Event::PartStart { choice: 0, part, start });
        match first {
            Some(Delta::Text(text) | Delta::Thinking(text)) if text.is_empty() => {}
            Some(delta) => each(Event::Delta { choice: 0, part, delta }),
            None => {}
        }
        Ok(())
    }

    fn delta(&mut self, mut o: Object<'_>, each: Each<'_>) -> Result<(), Bad> {
        let index = o.take_u64("index")?.ok_or_else(|| Bad::new("index", "is missing"))?;
        let part = match self.open {
            Some((open, part)) if open == index => part,
            _ => return Err(Bad::new("index", format!("{index} is no open block"))),
        };
        let mut delta = o.take_object("delta")?.ok_or_else(|| Bad::new("delta", "is missing"))?;
        let delta = match delta.get("type").and_then(Json::as_str) {
            Some("text_delta") => Delta::Text(delta.need_text("text")?),
            Some("thinking_delta") => Delta::Thinking(delta.need_text("thinking")?),
            Some("signature_delta") => Delta::Signature(delta.need_text("signature")?),
            Some("input_json_delta") => Delta::Arguments(delta.need_text("partial_json")?),
            _ => Delta::Other(Json::Object(delta)),
        };
        // Anthropic begins the arguments of a call with nothing.
        if delta != Delta::Arguments("".into()) {
            each(Event::Delta { choice: 0, part, delta });
        }
        Ok(())
    }

    fn count(&mut self, data: &[u8], each: Each<'_>) {
        if self.tally.event(data)
            && let Some(usage) = self.tally.report().usage
        {
            each(Event::Usage(usage));
        }
    }

    fn close(&mut self, each: Each<'_>) {
        if let Some((_, part)) = self.open.take() {
            each(Event::PartEnd { choice: 0, part });
        }
    }
}
