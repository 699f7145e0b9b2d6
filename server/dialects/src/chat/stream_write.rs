//! A stream of chunks, written.

use crate::json::{Json, Object};
use crate::neutral::{Delta, Event, Finish, PartStart, Usage};
use crate::{Stamp, WriteStream};

use super::{answer, usage};

#[derive(Debug)]
pub struct Writer {
    id: String,
    model: String,
    fixed_model: bool,
    created: i64,
    service_tier: Option<String>,
    stream_usage: bool,
    usage: Option<Usage>,
    choices: Vec<Choice>,
}

#[derive(Debug)]
struct Choice {
    index: u32,
    /// The role was said.
    begun: bool,
    /// The parts that are calls, in the order of their numbers.
    calls: Vec<Call>,
    /// The last part of thoughts: whose signatures are said as such.
    thinking: Option<u32>,
}

#[derive(Debug)]
struct Call {
    part: u32,
    /// Something of its arguments was said.
    argued: bool,
}

impl Writer {
    pub fn new(stamp: Stamp<'_>) -> Self {
        Self {
            id: stamp.id.to_owned(),
            model: stamp.model.unwrap_or_default().to_owned(),
            fixed_model: stamp.model.is_some(),
            created: stamp.created,
            service_tier: None,
            stream_usage: stamp.stream_usage,
            usage: None,
            choices: Vec::new(),
        }
    }

    fn choice(&mut self, index: u32) -> &mut Choice {
        let at = if let Some(at) = self.choices.iter().position(|choice| choice.index == index) {
            at
        } else {
            self.choices.push(Choice { index, begun: false, calls: Vec::new(), thinking: None });
            self.choices.len() - 1
        };
        &mut self.choices[at]
    }

    fn head(&self) -> Object<'_> {
        let mut o = Object::with_capacity(7)
            .with("id", &*self.id)
            .with("object", "chat.completion.chunk")
            .with("created", self.created)
            .with("model", &*self.model);
        o.put_some("service_tier", self.service_tier.as_deref());
        o
    }

    fn chunk(
        &mut self,
        index: u32,
        mut delta: Object<'_>,
        finish: Option<&'static str>,
        logprobs: Option<Json<'_>>,
        out: &mut Vec<u8>,
    ) {
        if !std::mem::replace(&mut self.choice(index).begun, true) {
            let first = Object::new().with("role", "assistant").with("content", "");
            self.line(index, first, None, None, out);
            if delta.is_empty() && finish.is_none() && logprobs.is_none() {
                return;
            }
        }
        if finish.is_some() {
            delta = Object::new();
        }
        self.line(index, delta, finish, logprobs, out);
    }

    fn line(
        &self,
        index: u32,
        delta: Object<'_>,
        finish: Option<&'static str>,
        logprobs: Option<Json<'_>>,
        out: &mut Vec<u8>,
    ) {
        let mut choice = Object::with_capacity(4).with("index", index).with("delta", delta);
        choice.put_some("logprobs", logprobs);
        choice.put("finish_reason", finish.map_or(Json::Null, Json::from));
        let chunk = self.head().with("choices", vec![Json::Object(choice)]);
        put(&chunk, out);
    }
}

fn put(object: &Object<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"data: ");
    object.write(out);
    out.extend_from_slice(b"\n\n");
}

impl WriteStream for Writer {
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { id, model, created, service_tier } => {
                if !id.is_empty() {
                    self.id = id.clone().into_owned();
                }
                if !self.fixed_model {
                    self.model = model.clone().into_owned();
                }
                self.created = created.unwrap_or(self.created);
                self.service_tier = service_tier.as_deref().map(str::to_owned);
                self.chunk(0, Object::new(), None, None, out);
            }
            Event::PartStart { choice, part, start } => {
                let delta = match start {
                    PartStart::ToolCall { id, name } => {
                        let calls = &mut self.choice(*choice).calls;
                        calls.push(Call { part: *part, argued: false });
                        let function = Object::with_capacity(2).with("name", &**name).with("arguments", "");
                        let call = Object::with_capacity(4)
                            .with("index", calls.len() as u64 - 1)
                            .with("id", &**id)
                            .with("type", "function")
                            .with("function", function);
                        Object::new().with("tool_calls", vec![Json::Object(call)])
                    }
                    PartStart::RedactedThinking(data) => {
                        let block = Object::new().with("type", "redacted_thinking").with("data", &**data);
                        Object::new().with("thinking_blocks", vec![Json::Object(block)])
                    }
                    PartStart::Image { media_type, data } => {
                        let url =
                            Json::Pieces(["data:", media_type, ";base64,", data].into_iter().map(Into::into).collect());
                        let image =
                            Object::new().with("type", "image_url").with("image_url", Object::new().with("url", url));
                        Object::new().with("images", vec![Json::Object(image)])
                    }
                    PartStart::Thinking => {
                        self.choice(*choice).thinking = Some(*part);
                        return;
                    }
                    PartStart::Text | PartStart::Refusal | PartStart::Audio | PartStart::Other(_) => return,
                };
                self.chunk(*choice, delta, None, None, out);
            }
            Event::Delta { choice, part, delta } => {
                let Choice { calls, thinking, .. } = self.choice(*choice);
                let call = calls.iter().rposition(|call| call.part == *part);
                let one = |object| vec![Json::Object(object)];
                let delta = match delta {
                    Delta::Text(text) => Object::new().with("content", &**text),
                    Delta::Refusal(text) => Object::new().with("refusal", &**text),
                    Delta::Thinking(text) => Object::new().with("reasoning_content", &**text),
                    Delta::Audio(value) => Object::new().with("audio", value.clone()),
                    Delta::Arguments(text) => {
                        let Some(call) = call.filter(|_| !text.is_empty()) else { return };
                        calls[call].argued = true;
                        let call = Object::with_capacity(2)
                            .with("index", call as u64)
                            .with("function", Object::new().with("arguments", &**text));
                        Object::new().with("tool_calls", one(call))
                    }
                    Delta::Signature(signature) => match call {
                        // Google signs texts too.
                        None if *thinking != Some(*part) => return,
                        None => {
                            let block = Object::with_capacity(3)
                                .with("type", "thinking")
                                .with("thinking", "")
                                .with("signature", &**signature);
                            Object::new().with("thinking_blocks", one(block))
                        }
                        Some(call) => {
                            let google = Object::new().with("thought_signature", &**signature);
                            let call = Object::with_capacity(2)
                                .with("index", call as u64)
                                .with("extra_content", Object::new().with("google", google));
                            Object::new().with("tool_calls", one(call))
                        }
                    },
                    Delta::Other(_) => return,
                };
                self.chunk(*choice, delta, None, None, out);
            }
            Event::Logprobs { choice, value } => {
                self.chunk(*choice, Object::new(), None, Some(value.clone()), out);
            }
            Event::Finish { choice, finish } => {
                let word = match finish {
                    Finish::Stop if !self.choice(*choice).calls.is_empty() => "tool_calls",
                    finish => answer::finish_word(finish),
                };
                self.chunk(*choice, Object::new(), Some(word), None, out);
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::PartEnd { choice, part } => {
                let calls = &mut self.choice(*choice).calls;
                let call = calls.iter().rposition(|call| call.part == *part && !call.argued);
                // Anthropic says nothing where a tool has no arguments; callers of this dialect parse what was said.
                if let Some(call) = call {
                    calls[call].argued = true;
                    let call = Object::with_capacity(2)
                        .with("index", call as u64)
                        .with("function", Object::new().with("arguments", "{}"));
                    let delta = Object::new().with("tool_calls", vec![Json::Object(call)]);
                    self.chunk(*choice, delta, None, None, out);
                }
            }
            // A comment: readers of the format skip it.
            Event::Ping => out.extend_from_slice(b": ping\n\n"),
            Event::Error(error) => put(&super::error_body(error), out),
            Event::End => {
                if let (true, Some(usage)) = (self.stream_usage, self.usage) {
                    let last = self.head().with("choices", Vec::new()).with("usage", usage::write(&usage));
                    put(&last, out);
                }
                out.extend_from_slice(b"data: [DONE]\n\n");
            }
        }
    }
}
