//! A stream for a caller.

use crate::gemini::parts::arguments_of;
use crate::gemini::{error, finish, id, logprobs, usage};
use crate::json::{Json, Object};
use crate::neutral::{Delta, Event, PartStart, Usage};
use crate::{Stamp, WriteStream};

/// How events are framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Server-sent events: `?alt=sse`.
    Sse,
    /// One JSON array.
    Array,
}

/// A tool call's arguments are an object on this side: they are held until they are complete, up to here.
const MAX_ARGUMENTS: usize = 16 * 1024 * 1024;

/// More open parts or choices than this are not kept.
const MAX_OPEN: usize = 1024;

#[derive(Debug)]
pub struct Writer {
    form: Form,
    /// Instead of the provider's.
    model: Option<String>,
    own_id: String,
    id: String,
    upstream_model: String,
    calls: Vec<Call>,
    /// Parts of thoughts, to mark their signatures.
    thinking: Vec<(u32, u32)>,
    finishes: Vec<(u32, &'static str)>,
    usage: Option<Usage>,
    begun: bool,
    ended: bool,
}

#[derive(Debug)]
struct Call {
    choice: u32,
    part: u32,
    id: String,
    name: String,
    arguments: String,
    signature: Option<String>,
}

impl Writer {
    pub fn new(stamp: Stamp<'_>, form: Form) -> Self {
        Self {
            form,
            model: stamp.model.map(str::to_owned),
            own_id: stamp.id.to_owned(),
            id: String::new(),
            upstream_model: String::new(),
            calls: Vec::new(),
            thinking: Vec::new(),
            finishes: Vec::new(),
            usage: None,
            begun: false,
            ended: false,
        }
    }

    fn frame(&mut self, chunk: &Object<'_>, out: &mut Vec<u8>) {
        match (self.form, self.begun) {
            (Form::Sse, _) => out.extend_from_slice(b"data: "),
            (Form::Array, false) => out.push(b'['),
            (Form::Array, true) => out.extend_from_slice(b",\r\n"),
        }
        self.begun = true;
        chunk.write(out);
        if self.form == Form::Sse {
            out.extend_from_slice(b"\r\n\r\n");
        }
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        self.ended = true;
        if self.form == Form::Array {
            out.extend_from_slice(if self.begun { b"]" } else { b"[]" });
        }
    }

    fn envelope<'a>(&self, chunk: Object<'a>) -> Object<'a> {
        let mut chunk = chunk;
        if let Some(usage) = &self.usage {
            chunk.put("usageMetadata", usage::write(usage));
        }
        let model = self.model.as_ref().unwrap_or(&self.upstream_model);
        if !model.is_empty() {
            chunk.put("modelVersion", model.clone());
        }
        let id = if self.id.is_empty() { &self.own_id } else { &self.id };
        if !id.is_empty() {
            chunk.put("responseId", id.clone());
        }
        chunk
    }

    fn part(&mut self, choice: u32, part: Object<'_>, out: &mut Vec<u8>) {
        let content = Object::new().with("parts", vec![part.into()]).with("role", "model");
        self.candidate(Object::new().with("content", content).with("index", choice), out);
    }

    fn candidate(&mut self, candidate: Object<'_>, out: &mut Vec<u8>) {
        let chunk = self.envelope(Object::new().with("candidates", vec![candidate.into()]));
        self.frame(&chunk, out);
    }

    fn start(&mut self, choice: u32, part: u32, start: &PartStart<'_>, out: &mut Vec<u8>) {
        match start {
            PartStart::ToolCall { id, name } if self.calls.len() < MAX_OPEN => self.calls.push(Call {
                choice,
                part,
                id: id.as_ref().to_owned(),
                name: name.as_ref().to_owned(),
                arguments: String::new(),
                signature: None,
            }),
            PartStart::Thinking if self.thinking.len() < MAX_OPEN => self.thinking.push((choice, part)),
            PartStart::Image { media_type, data } => {
                let blob = Object::new().with("mimeType", media_type.as_ref()).with("data", data.as_ref());
                self.part(choice, Object::new().with("inlineData", blob), out);
            }
            _ => {}
        }
    }

    fn delta(&mut self, choice: u32, part: u32, delta: &Delta<'_>, out: &mut Vec<u8>) {
        let call = self.calls.iter_mut().find(|call| (call.choice, call.part) == (choice, part));
        let thought = self.thinking.contains(&(choice, part));
        match delta {
            Delta::Text(text) | Delta::Refusal(text) => {
                if !text.is_empty() {
                    self.part(choice, Object::new().with("text", text.as_ref()), out);
                }
            }
            Delta::Thinking(text) => {
                if !text.is_empty() {
                    self.part(choice, Object::new().with("text", text.as_ref()).with("thought", true), out);
                }
            }
            Delta::Arguments(piece) => {
                if let Some(call) = call.filter(|call| call.arguments.len() + piece.len() <= MAX_ARGUMENTS) {
                    call.arguments.push_str(piece);
                }
            }
            Delta::Signature(signature) => {
                if let Some(call) = call {
                    call.signature = Some(signature.as_ref().to_owned());
                    return;
                }
                let mut piece = Object::new().with("text", "");
                if thought {
                    piece.put("thought", true);
                }
                self.part(choice, piece.with("thoughtSignature", signature.as_ref()), out);
            }
            Delta::Audio(value) => {
                if let Some(data) = value.get("data").and_then(Json::as_str) {
                    let kind =
                        value.get("mime_type").and_then(Json::as_str).unwrap_or("audio/L16;codec=pcm;rate=24000");
                    let blob = Object::new().with("mimeType", kind).with("data", data);
                    self.part(choice, Object::new().with("inlineData", blob), out);
                } else if let Some(text) = value.get("transcript").and_then(Json::as_str) {
                    self.part(choice, Object::new().with("text", text), out);
                }
            }
            Delta::Other(_) => {}
        }
    }

    fn end_part(&mut self, choice: u32, part: u32, out: &mut Vec<u8>) {
        self.thinking.retain(|open| *open != (choice, part));
        let Some(at) = self.calls.iter().position(|call| (call.choice, call.part) == (choice, part)) else { return };
        let call = self.calls.remove(at);
        let mut written = Object::new();
        written.put_some("id", id::own(&call.id.into()));
        let written = written.with("name", call.name).with("args", arguments_of(&call.arguments));
        let mut piece = Object::new().with("functionCall", written);
        piece.put_some("thoughtSignature", call.signature.filter(|signature| !signature.is_empty()));
        self.part(choice, piece, out);
    }

    /// The last event: reasons and counts together, as Google has them.
    fn finish(&mut self, out: &mut Vec<u8>) {
        let finishes = std::mem::take(&mut self.finishes);
        if finishes.is_empty() {
            if self.usage.is_some() {
                let chunk = self.envelope(Object::new());
                self.frame(&chunk, out);
            }
            return;
        }
        let candidates = finishes.into_iter().map(|(choice, word)| -> Json<'static> {
            let content =
                Object::new().with("parts", vec![Object::new().with("text", "").into()]).with("role", "model");
            Object::new().with("content", content).with("finishReason", word).with("index", choice).into()
        });
        let chunk = self.envelope(Object::new().with("candidates", candidates.collect::<Vec<_>>()));
        self.frame(&chunk, out);
    }
}

impl WriteStream for Writer {
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            Event::Start { id, model, .. } => {
                id.as_ref().clone_into(&mut self.id);
                model.as_ref().clone_into(&mut self.upstream_model);
            }
            Event::PartStart { choice, part, start } => self.start(*choice, *part, start, out),
            Event::Delta { choice, part, delta } => self.delta(*choice, *part, delta, out),
            Event::PartEnd { choice, part } => self.end_part(*choice, *part, out),
            Event::Logprobs { choice, value } => {
                if let Some(result) = logprobs::write(value) {
                    self.candidate(Object::new().with("index", *choice).with("logprobsResult", result), out);
                }
            }
            Event::Finish { choice, finish } => {
                if self.finishes.len() < MAX_OPEN {
                    self.finishes.push((*choice, finish::write(finish)));
                }
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            // Google's streams have no word for it.
            Event::Ping => {}
            Event::Error(failed) => {
                let (_, body) = error::write(failed);
                self.frame(&body, out);
                self.close(out);
            }
            Event::End => {
                self.finish(out);
                self.close(out);
            }
        }
    }
}
