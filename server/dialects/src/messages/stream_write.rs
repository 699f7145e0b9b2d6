//! A stream of events, written.

use crate::json::{Json, Object};
use crate::neutral::{Delta, Event, Finish, PartStart, Usage};
use crate::{Stamp, WriteStream};

use super::{answer, usage};

#[derive(Debug)]
pub struct Writer {
    id: String,
    model: String,
    fixed_model: bool,
    /// `message_start` was not written yet: usage may still come for it.
    starting: bool,
    usage: Usage,
    finish: Option<Finish<'static>>,
    /// The part that is being written, and whether anything of it can be.
    open: Option<(u32, bool)>,
    /// The last part of thoughts: whose signatures are said.
    thinking: Option<u32>,
    blocks: u64,
    has_calls: bool,
}

impl Writer {
    pub fn new(stamp: Stamp<'_>) -> Self {
        Self {
            id: stamp.id.to_owned(),
            model: stamp.model.unwrap_or_default().to_owned(),
            fixed_model: stamp.model.is_some(),
            starting: false,
            usage: Usage::default(),
            finish: None,
            open: None,
            thinking: None,
            blocks: 0,
            has_calls: false,
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::take(&mut self.starting) {
            return;
        }
        let message = Object::with_capacity(8)
            .with("id", &*self.id)
            .with("type", "message")
            .with("role", "assistant")
            .with("model", &*self.model)
            .with("content", Vec::new())
            .with("stop_reason", Json::Null)
            .with("stop_sequence", Json::Null)
            .with("usage", usage::write(&self.usage));
        put("message_start", &Object::new().with("type", "message_start").with("message", message), out);
    }

    fn start(&mut self, part: u32, start: &PartStart<'_>, out: &mut Vec<u8>) {
        self.stop(out);
        let block = match start {
            PartStart::Text | PartStart::Refusal => Object::new().with("type", "text").with("text", ""),
            PartStart::Thinking => {
                Object::with_capacity(3).with("type", "thinking").with("thinking", "").with("signature", "")
            }
            PartStart::RedactedThinking(data) => {
                Object::with_capacity(2).with("type", "redacted_thinking").with("data", &**data)
            }
            PartStart::ToolCall { id, name } => {
                self.has_calls = true;
                Object::with_capacity(4)
                    .with("type", "tool_use")
                    .with("id", &**id)
                    .with("name", &**name)
                    .with("input", Object::new())
            }
            // A block of Anthropic's own: nobody else's parts have this form.
            PartStart::Other(Json::Object(block)) if block.get("type").is_some() => block.clone(),
            PartStart::Other(_) | PartStart::Image { .. } | PartStart::Audio => {
                self.open = Some((part, false));
                return;
            }
        };
        self.open = Some((part, true));
        if matches!(start, PartStart::Thinking) {
            self.thinking = Some(part);
        }
        let event = Object::with_capacity(3)
            .with("type", "content_block_start")
            .with("index", self.blocks)
            .with("content_block", block);
        put("content_block_start", &event, out);
    }

    fn delta(&self, part: u32, delta: &Delta<'_>, out: &mut Vec<u8>) {
        // Whatever comes late for a block that is closed would break the reader.
        if self.open != Some((part, true)) {
            return;
        }
        let inner = Object::with_capacity(2);
        let inner = match delta {
            Delta::Text(text) | Delta::Refusal(text) => inner.with("type", "text_delta").with("text", &**text),
            Delta::Thinking(text) => inner.with("type", "thinking_delta").with("thinking", &**text),
            // Google signs texts and calls too.
            Delta::Signature(_) if self.thinking != Some(part) => return,
            Delta::Signature(text) => inner.with("type", "signature_delta").with("signature", &**text),
            Delta::Arguments(text) => inner.with("type", "input_json_delta").with("partial_json", &**text),
            Delta::Other(Json::Object(value)) if value.get("type").is_some() => value.clone(),
            Delta::Other(_) | Delta::Audio(_) => return,
        };
        let event = Object::with_capacity(3)
            .with("type", "content_block_delta")
            .with("index", self.blocks)
            .with("delta", inner);
        put("content_block_delta", &event, out);
    }

    fn stop(&mut self, out: &mut Vec<u8>) {
        if let Some((_, true)) = self.open.take() {
            let event = Object::with_capacity(2).with("type", "content_block_stop").with("index", self.blocks);
            put("content_block_stop", &event, out);
            self.blocks += 1;
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.stop(out);
        let (reason, sequence) = match &self.finish {
            Some(Finish::Stop) | None if self.has_calls => ("tool_use", None),
            Some(finish) => answer::finish_word(finish, true),
            None => ("end_turn", None),
        };
        let delta = Object::with_capacity(2)
            .with("stop_reason", reason)
            .with("stop_sequence", sequence.map_or(Json::Null, Json::from));
        let event = Object::with_capacity(3)
            .with("type", "message_delta")
            .with("delta", delta)
            .with("usage", usage::write(&self.usage));
        put("message_delta", &event, out);
        put("message_stop", &Object::new().with("type", "message_stop"), out);
    }
}

fn put(name: &str, object: &Object<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    object.write(out);
    out.extend_from_slice(b"\n\n");
}

impl WriteStream for Writer {
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if let Event::Usage(usage) = event {
            self.usage = *usage;
        }
        if !matches!(event, Event::Start { .. }) {
            self.begin(out);
        }
        match event {
            Event::Start { id, model, .. } => {
                if !id.is_empty() {
                    self.id = id.clone().into_owned();
                }
                if !self.fixed_model {
                    self.model = model.clone().into_owned();
                }
                self.starting = true;
            }
            // Callers of this dialect ask for one answer.
            Event::PartStart { choice: 0, part, start } => self.start(*part, start, out),
            Event::Delta { choice: 0, part, delta } => self.delta(*part, delta, out),
            Event::PartEnd { choice: 0, part } if self.open.is_some_and(|(open, _)| open == *part) => self.stop(out),
            Event::Finish { choice: 0, finish } => self.finish = Some(finish.clone().into_owned()),
            Event::Ping => put("ping", &Object::new().with("type", "ping"), out),
            Event::Error(error) => put("error", &super::error_body(error), out),
            Event::End => self.end(out),
            Event::PartStart { .. }
            | Event::Delta { .. }
            | Event::PartEnd { .. }
            | Event::Logprobs { .. }
            | Event::Finish { .. }
            | Event::Usage(_) => {}
        }
    }
}
