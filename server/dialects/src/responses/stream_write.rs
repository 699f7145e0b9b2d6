//! A stream of events, written.
//!
//! The format repeats at the end of each piece what was said of it, and at the end of all the whole answer: so this
//! writer, unlike the others, holds the answer.

use crate::json::{Json, Object};
use crate::neutral::{Delta, Event, Finish, PartStart, Usage};
use crate::{Stamp, WriteStream};

use super::{REDACTED, answer};

/// What is held at most, in bytes: what comes after it is streamed, but not repeated at the end.
const MAX_HELD: usize = 32 * 1024 * 1024;

#[derive(Debug)]
pub struct Writer {
    id: String,
    model: String,
    fixed_model: bool,
    created: i64,
    started: bool,
    sequence: u64,
    held: usize,
    output: Vec<Json<'static>>,
    open: Option<Open>,
    usage: Option<Usage>,
    finish: Option<Finish<'static>>,
}

/// The item that is being written.
#[derive(Debug)]
struct Open {
    part: u32,
    id: String,
    kind: Kind,
    text: String,
    signature: Option<String>,
}

#[derive(Debug)]
enum Kind {
    Text,
    Refusal,
    Thinking,
    Redacted(String),
    Call { id: String, name: String },
}

impl Kind {
    /// The event of a piece, its end, and the name of what is repeated there.
    fn words(&self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Self::Text => Some(("response.output_text.delta", "response.output_text.done", "text")),
            Self::Refusal => Some(("response.refusal.delta", "response.refusal.done", "refusal")),
            Self::Thinking => {
                Some(("response.reasoning_summary_text.delta", "response.reasoning_summary_text.done", "text"))
            }
            Self::Call { .. } => {
                Some(("response.function_call_arguments.delta", "response.function_call_arguments.done", "arguments"))
            }
            Self::Redacted(_) => None,
        }
    }

    /// What in the item is counted, and the events of its beginning and end.
    fn place(&self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Self::Text | Self::Refusal => {
                Some(("content_index", "response.content_part.added", "response.content_part.done"))
            }
            Self::Thinking => {
                Some(("summary_index", "response.reasoning_summary_part.added", "response.reasoning_summary_part.done"))
            }
            Self::Call { .. } | Self::Redacted(_) => None,
        }
    }

    fn content<'r>(&self, text: &'r str) -> Object<'r> {
        match self {
            Self::Refusal => Object::new().with("type", "refusal").with("refusal", text),
            Self::Thinking => Object::new().with("type", "summary_text").with("text", text),
            _ => Object::new().with("type", "output_text").with("text", text).with("annotations", Vec::new()),
        }
    }
}

impl Open {
    fn item(&self, status: &'static str) -> Object<'_> {
        let done = status == "completed";
        let o = Object::with_capacity(6).with("id", &*self.id);
        match &self.kind {
            Kind::Text | Kind::Refusal => {
                let content = if done { vec![Json::Object(self.kind.content(&self.text))] } else { Vec::new() };
                o.with("type", "message").with("status", status).with("role", "assistant").with("content", content)
            }
            Kind::Thinking => {
                let said = done && !self.text.is_empty();
                let summary = if said { vec![Json::Object(self.kind.content(&self.text))] } else { Vec::new() };
                let mut o = o.with("type", "reasoning").with("summary", summary);
                o.put_some("encrypted_content", self.signature.as_deref());
                o
            }
            Kind::Redacted(data) => {
                let sealed = Json::Pieces(vec![REDACTED.into(), data.as_str().into()]);
                o.with("type", "reasoning").with("summary", Vec::new()).with("encrypted_content", sealed)
            }
            Kind::Call { id, name } => o
                .with("type", "function_call")
                .with("status", status)
                .with("arguments", if done { self.text.as_str() } else { "" })
                .with("call_id", id.as_str())
                .with("name", name.as_str()),
        }
    }
}

impl Writer {
    pub fn new(stamp: Stamp<'_>) -> Self {
        Self {
            id: answer::id(stamp.id),
            model: stamp.model.unwrap_or_default().to_owned(),
            fixed_model: stamp.model.is_some(),
            created: stamp.created,
            started: false,
            sequence: 0,
            held: 0,
            output: Vec::new(),
            open: None,
            usage: None,
            finish: None,
        }
    }

    fn put(sequence: &mut u64, kind: &'static str, fields: Object<'_>, out: &mut Vec<u8>) {
        let mut event = Object::with_capacity(8).with("type", kind).with("sequence_number", *sequence);
        *sequence += 1;
        for (key, value) in fields {
            event.put(key, value);
        }
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        event.write(out);
        out.extend_from_slice(b"\n\n");
    }

    fn response(&self, status: &'static str, error: Json<'static>, details: Json<'static>) -> Object<'_> {
        let mut o = answer::frame(self.id.clone(), self.created, &self.model, status);
        o.put("error", error);
        o.put("incomplete_details", details);
        o.put("output", self.output.clone());
        o.put("usage", self.usage.as_ref().map_or(Json::Null, |usage| answer::write_usage(usage).into()));
        answer::defaults(&mut o);
        o
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        for kind in ["response.created", "response.in_progress"] {
            let mut sequence = self.sequence;
            let response = self.response("in_progress", Json::Null, Json::Null);
            Self::put(&mut sequence, kind, Object::new().with("response", response), out);
            self.sequence = sequence;
        }
    }

    fn start(&mut self, part: u32, start: &PartStart<'_>, out: &mut Vec<u8>) {
        self.stop(out);
        let kind = match start {
            PartStart::Text => Kind::Text,
            PartStart::Refusal => Kind::Refusal,
            PartStart::Thinking => Kind::Thinking,
            PartStart::RedactedThinking(data) => Kind::Redacted((**data).to_owned()),
            PartStart::ToolCall { id, name } => Kind::Call { id: (**id).to_owned(), name: (**name).to_owned() },
            PartStart::Image { .. } | PartStart::Audio | PartStart::Other(_) => return,
        };
        let word = match kind {
            Kind::Text | Kind::Refusal => "msg",
            Kind::Thinking | Kind::Redacted(_) => "rs",
            Kind::Call { .. } => "fc",
        };
        let place = self.output.len();
        let id = format!("{word}_{}_{place}", self.id.trim_start_matches("resp_"));
        let open = Open { part, id, kind, text: String::new(), signature: None };
        let fields = Object::with_capacity(2).with("output_index", place as u64).with("item", open.item("in_progress"));
        Self::put(&mut self.sequence, "response.output_item.added", fields, out);
        if let Some((index, added, _)) = open.kind.place() {
            let fields = Object::with_capacity(4)
                .with("item_id", &*open.id)
                .with("output_index", place as u64)
                .with(index, 0_u64)
                .with("part", open.kind.content(""));
            Self::put(&mut self.sequence, added, fields, out);
        }
        self.open = Some(open);
    }

    fn delta(&mut self, part: u32, delta: &Delta<'_>, out: &mut Vec<u8>) {
        let Some(open) = self.open.as_mut().filter(|open| open.part == part) else { return };
        let text = match delta {
            Delta::Text(text) | Delta::Refusal(text) | Delta::Thinking(text) | Delta::Arguments(text) => text,
            Delta::Signature(text) => {
                // On thoughts; on other parts there is no place for it.
                if let Kind::Thinking = open.kind {
                    open.signature = Some((**text).to_owned());
                }
                return;
            }
            Delta::Audio(_) | Delta::Other(_) => return,
        };
        let Some((word, _, _)) = open.kind.words() else { return };
        if self.held + text.len() <= MAX_HELD {
            self.held += text.len();
            open.text.push_str(text);
        }
        let mut fields =
            Object::with_capacity(4).with("item_id", &*open.id).with("output_index", self.output.len() as u64);
        if let Some((index, _, _)) = open.kind.place() {
            fields.put(index, 0_u64);
        }
        fields.put("delta", &**text);
        if let Kind::Text = open.kind {
            fields.put("logprobs", Vec::new());
        }
        Self::put(&mut self.sequence, word, fields, out);
    }

    fn stop(&mut self, out: &mut Vec<u8>) {
        let Some(mut open) = self.open.take() else { return };
        // Callers parse what was said.
        if matches!(open.kind, Kind::Call { .. }) && open.text.is_empty() {
            open.text.push_str("{}");
        }
        let place = self.output.len() as u64;
        let base = || Object::with_capacity(5).with("item_id", &*open.id).with("output_index", place);
        if let Some((_, done, key)) = open.kind.words() {
            let mut fields = base();
            if let Some((index, _, _)) = open.kind.place() {
                fields.put(index, 0_u64);
            }
            if let Kind::Call { name, .. } = &open.kind {
                fields.put("name", name.as_str());
            }
            fields.put(key, open.text.as_str());
            if let Kind::Text = open.kind {
                fields.put("logprobs", Vec::new());
            }
            Self::put(&mut self.sequence, done, fields, out);
        }
        if let Some((index, _, done)) = open.kind.place() {
            let fields = base().with(index, 0_u64).with("part", open.kind.content(&open.text));
            Self::put(&mut self.sequence, done, fields, out);
        }
        let item = open.item("completed").into_owned();
        let fields = Object::with_capacity(2).with("output_index", place).with("item", item.clone());
        Self::put(&mut self.sequence, "response.output_item.done", fields, out);
        self.output.push(Json::Object(item));
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.stop(out);
        let (status, details) = answer::status(self.finish.as_ref());
        let kind = if status == "completed" { "response.completed" } else { "response.incomplete" };
        let mut sequence = self.sequence;
        let response = self.response(status, Json::Null, details);
        Self::put(&mut sequence, kind, Object::new().with("response", response), out);
        self.sequence = sequence;
    }
}

impl WriteStream for Writer {
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if let Event::Start { id, model, created, .. } = event {
            if !id.is_empty() {
                self.id = answer::id(id);
            }
            if !self.fixed_model {
                self.model = model.clone().into_owned();
            }
            self.created = created.unwrap_or(self.created);
        }
        self.begin(out);
        match event {
            // Callers of this dialect ask for one answer.
            Event::PartStart { choice: 0, part, start } => self.start(*part, start, out),
            Event::Delta { choice: 0, part, delta } => self.delta(*part, delta, out),
            Event::PartEnd { choice: 0, part } => {
                if self.open.as_ref().is_some_and(|open| open.part == *part) {
                    self.stop(out);
                }
            }
            Event::Finish { choice: 0, finish } => self.finish = Some(finish.clone().into_owned()),
            Event::Usage(usage) => self.usage = Some(*usage),
            // A comment: readers of the format skip it.
            Event::Ping => out.extend_from_slice(b": ping\n\n"),
            Event::Error(error) => {
                let fields = Object::with_capacity(3)
                    .with("code", error.code.clone().map_or(Json::Null, Json::from))
                    .with("message", &*error.message)
                    .with("param", error.param.clone().map_or(Json::Null, Json::from));
                Self::put(&mut self.sequence, "error", fields, out);
            }
            Event::End => self.end(out),
            Event::Start { .. }
            | Event::PartStart { .. }
            | Event::Delta { .. }
            | Event::PartEnd { .. }
            | Event::Logprobs { .. }
            | Event::Finish { .. } => {}
        }
    }
}
