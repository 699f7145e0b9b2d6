//! A stream of chunks, written.

use crate::chat;
use crate::json::{Json, Object};
use crate::neutral::{Delta, Event, Usage};
use crate::{Stamp, WriteStream};

#[derive(Debug)]
pub struct Writer {
    id: String,
    model: String,
    fixed_model: bool,
    created: i64,
    stream_usage: bool,
    usage: Option<Usage>,
}

impl Writer {
    pub fn new(stamp: Stamp<'_>) -> Self {
        Self {
            id: stamp.id.to_owned(),
            model: stamp.model.unwrap_or_default().to_owned(),
            fixed_model: stamp.model.is_some(),
            created: stamp.created,
            stream_usage: stamp.stream_usage,
            usage: None,
        }
    }

    fn chunk(&self, choices: Vec<Json<'_>>, usage: Option<&Usage>, out: &mut Vec<u8>) {
        let mut chunk = Object::with_capacity(6)
            .with("id", &*self.id)
            .with("object", "text_completion")
            .with("created", self.created)
            .with("choices", choices)
            .with("model", &*self.model);
        chunk.put_some("usage", usage.map(chat::usage::write));
        put(&chunk, out);
    }

    fn choice(&self, index: u32, text: &str, finish: Option<&'static str>, out: &mut Vec<u8>) {
        let choice = Object::with_capacity(4)
            .with("text", text)
            .with("index", index)
            .with("logprobs", Json::Null)
            .with("finish_reason", finish.map_or(Json::Null, Json::from));
        self.chunk(vec![Json::Object(choice)], None, out);
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
            Event::Start { id, model, created, .. } => {
                if !id.is_empty() {
                    self.id = id.clone().into_owned();
                }
                if !self.fixed_model {
                    self.model = model.clone().into_owned();
                }
                self.created = created.unwrap_or(self.created);
            }
            Event::Delta { choice, delta: Delta::Text(text) | Delta::Refusal(text), .. } => {
                self.choice(*choice, text, None, out);
            }
            Event::Finish { choice, finish } => {
                self.choice(*choice, "", Some(chat::answer::finish_word(finish)), out);
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            // A comment: readers of the format skip it.
            Event::Ping => out.extend_from_slice(b": ping\n\n"),
            Event::Error(error) => put(&chat::error_body(error), out),
            Event::End => {
                if let (true, Some(usage)) = (self.stream_usage, &self.usage) {
                    self.chunk(Vec::new(), Some(usage), out);
                }
                out.extend_from_slice(b"data: [DONE]\n\n");
            }
            Event::PartStart { .. } | Event::Delta { .. } | Event::PartEnd { .. } | Event::Logprobs { .. } => {}
        }
    }
}
