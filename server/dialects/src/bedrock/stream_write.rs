//! `ConverseStream`, written.

use super::{error, finish, frame, usage};
use crate::WriteStream;
use crate::json::{Json, Object};
use crate::neutral::{Delta, Event, PartStart, Usage};

/// Writes one message; Converse has no place for further choices.
#[derive(Debug, Default)]
pub struct Writer {
    usage: Option<Usage>,
    /// The last part of thoughts: whose signatures are said.
    thinking: Option<u32>,
    started: bool,
    finished: bool,
    ended: bool,
}

fn event(kind: &str, body: &Object<'_>, out: &mut Vec<u8>) {
    let headers = [(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")];
    frame::encode(&headers, &body.to_vec(), out);
}

impl WriteStream for Writer {
    fn write(&mut self, said: &Event<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        if !self.started && !matches!(said, Event::Error(_) | Event::Ping) {
            self.started = true;
            event("messageStart", &Object::new().with("role", "assistant"), out);
        }
        match said {
            Event::PartStart { choice: 0, part, start } => {
                let body = match start {
                    PartStart::ToolCall { id, name } => {
                        let call = Object::new().with("toolUseId", &**id).with("name", &**name);
                        Object::new().with("start", Object::new().with("toolUse", call))
                    }
                    PartStart::RedactedThinking(data) => {
                        let thought = Object::new().with("redactedContent", &**data);
                        delta(*part, Object::new().with("reasoningContent", thought), out);
                        return;
                    }
                    PartStart::Thinking => {
                        self.thinking = Some(*part);
                        return;
                    }
                    _ => return,
                };
                event("contentBlockStart", &body.with("contentBlockIndex", *part), out);
            }
            Event::Delta { choice: 0, part, delta: piece } => {
                let thought = |key: &'static str, text: &str| {
                    Object::new().with("reasoningContent", Object::new().with(key, text.to_owned()))
                };
                let body = match piece {
                    Delta::Text(text) | Delta::Refusal(text) => Object::new().with("text", text.as_ref().to_owned()),
                    Delta::Thinking(text) => thought("text", text),
                    // Google signs texts and calls too.
                    Delta::Signature(_) if self.thinking != Some(*part) => return,
                    Delta::Signature(text) => thought("signature", text),
                    Delta::Arguments(text) => {
                        Object::new().with("toolUse", Object::new().with("input", text.as_ref().to_owned()))
                    }
                    Delta::Audio(_) | Delta::Other(_) => return,
                };
                delta(*part, body, out);
            }
            Event::PartEnd { choice: 0, part } => {
                event("contentBlockStop", &Object::new().with("contentBlockIndex", *part), out);
            }
            Event::Finish { choice: 0, finish } if !self.finished => {
                self.finished = true;
                let mut body = Object::new().with("stopReason", finish::write(finish));
                if let crate::neutral::Finish::StopSequence(Some(which)) = finish {
                    let fields = Object::new().with("stop_sequence", &**which);
                    body.put("additionalModelResponseFields", fields);
                }
                event("messageStop", &body, out);
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Error(failed) => {
                self.ended = true;
                let name = error::name_of(failed.kind);
                // Members of the stream are called as the exceptions, with a small letter.
                let mut kind = name.to_owned();
                if let Some(first) = kind.get_mut(..1) {
                    first.make_ascii_lowercase();
                }
                let headers = [
                    (":exception-type", kind.as_str()),
                    (":content-type", "application/json"),
                    (":message-type", "exception"),
                ];
                frame::encode(&headers, &Object::new().with("message", failed.message.as_str()).to_vec(), out);
            }
            Event::End => {
                self.ended = true;
                let mut body = Object::new().with("usage", usage::write(&self.usage.unwrap_or_default()));
                body.put("metrics", Object::new().with("latencyMs", 0_u64));
                event("metadata", &body, out);
            }
            _ => {}
        }
    }
}

fn delta<'a>(part: u32, body: impl Into<Json<'a>>, out: &mut Vec<u8>) {
    event("contentBlockDelta", &Object::new().with("delta", body).with("contentBlockIndex", part), out);
}
