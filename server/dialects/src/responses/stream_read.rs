//! A stream of events, read.

use crate::counted::counted;
use crate::errors;
use crate::json::{Bad, Json, Object};
use crate::neutral::{Content, Delta, Event, Finish, PartStart};
use crate::sse::{Hear, Typed};
use crate::usage::Shape;

use super::answer;
use super::items_read::read_reasoning;

/// More items in one answer than any model makes.
const MAX_ITEMS: usize = 4096;

pub type Reader = Typed<State>;

#[derive(Debug, Default)]
pub struct State {
    started: bool,
    done: bool,
    parts: u32,
    open: Option<u32>,
    /// The part of each item and of its content: `output_index`, `content_index`.
    places: Vec<(u64, u64, u32)>,
    /// The reasoning item whose thoughts came, and the number of the last one.
    thought: Option<(u64, u64)>,
    calls: bool,
}

type Each<'e> = &'e mut dyn FnMut(Event<'_>);

impl Hear for State {
    fn is_done(&self) -> bool {
        self.done
    }

    fn hear(&mut self, mut o: Object<'_>, _data: &[u8], each: Each<'_>) -> Result<(), Bad> {
        let kind = o.need_text("type")?;
        let failed = kind == "error" || kind == "response.failed" || kind == "response.cancelled";
        if !self.started && kind != "response.created" && kind != "response.queued" && !failed {
            return Err(Bad::new("type", "no `response.created`"));
        }
        match &*kind {
            "response.created" | "response.queued" => {
                let mut response = o.take_object("response")?.unwrap_or_default();
                if !std::mem::replace(&mut self.started, true) {
                    each(Event::Start {
                        id: response.take_text("id")?.unwrap_or_default(),
                        model: response.take_text("model")?.unwrap_or_default(),
                        created: response.take("created_at").and_then(|at| answer::seconds(&at)),
                        service_tier: response.take_text("service_tier")?,
                    });
                }
            }
            "response.output_item.added" => self.item(o, each)?,
            "response.content_part.added" => {
                let part = o.take_object("part")?.unwrap_or_default();
                let start = match part.get("type").and_then(Json::as_str) {
                    Some("output_text") => PartStart::Text,
                    Some("refusal") => PartStart::Refusal,
                    _ => return Ok(()),
                };
                let place = (index(&o, "output_index")?, index(&o, "content_index")?);
                self.start(place, start, each)?;
            }
            "response.output_text.delta" => {
                let text = o.need_text("delta")?;
                self.content(&o, PartStart::Text, Delta::Text(text), each)?;
            }
            "response.refusal.delta" => {
                let text = o.need_text("delta")?;
                self.content(&o, PartStart::Refusal, Delta::Refusal(text), each)?;
            }
            "response.function_call_arguments.delta" => {
                let text = o.need_text("delta")?;
                let part = self.part((index(&o, "output_index")?, 0))?;
                each(Event::Delta { choice: 0, part, delta: Delta::Arguments(text) });
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                let key = if o.get("summary_index").is_some() { "summary_index" } else { "content_index" };
                let text = o.need_text("delta")?;
                self.thought((index(&o, "output_index")?, index(&o, key)?), text, each)?;
            }
            "response.content_part.done" => self.close(each),
            "response.output_item.done" => self.item_done(o, each)?,
            "response.completed" | "response.incomplete" => {
                let mut response = o.take_object("response")?.unwrap_or_default();
                self.close(each);
                let finish = answer::finish(&response, self.calls).unwrap_or(Finish::Stop);
                each(Event::Finish { choice: 0, finish });
                if let Some(usage) = response.take_object("usage")?.and_then(|usage| counted(Shape::Responses, usage)) {
                    each(Event::Usage(usage));
                }
                self.done = true;
                each(Event::End);
            }
            _ if failed => {
                self.done = true;
                let mut inner = o.take_object("response")?.unwrap_or(o);
                each(Event::Error(errors::from_object(&mut inner, None)));
            }
            // Progress of OpenAI's own tools, the ends of what was said before, and what may be new.
            _ => {}
        }
        Ok(())
    }
}

impl State {
    fn item(&mut self, mut o: Object<'_>, each: Each<'_>) -> Result<(), Bad> {
        let mut item = o.take_object("item")?.ok_or_else(|| Bad::new("item", "is missing"))?;
        if item.get("type").and_then(Json::as_str) == Some("function_call") {
            self.calls = true;
            let start = PartStart::ToolCall { id: item.need_text("call_id")?, name: item.need_text("name")? };
            self.start((index(&o, "output_index")?, 0), start, each)?;
        }
        Ok(())
    }

    fn item_done(&mut self, mut o: Object<'_>, each: Each<'_>) -> Result<(), Bad> {
        let output = index(&o, "output_index")?;
        let item = o.take_object("item")?.ok_or_else(|| Bad::new("item", "is missing"))?;
        match item.get("type").and_then(Json::as_str) {
            Some("message" | "function_call") => self.close(each),
            Some("reasoning") => {
                let mut part = read_reasoning(item)?;
                if let Content::RedactedThinking(data) = part.content {
                    self.start((output, 0), PartStart::RedactedThinking(data), each)?;
                } else if let Some(signature) = part.signature.take() {
                    let part = match self.thought {
                        Some((of, _)) if of == output => self.part((output, 0))?,
                        _ => self.start((output, 0), PartStart::Thinking, each)?,
                    };
                    each(Event::Delta { choice: 0, part, delta: Delta::Signature(signature) });
                }
                self.close(each);
            }
            _ => {
                self.start((output, 0), PartStart::Other(Json::Object(item)), each)?;
                self.close(each);
            }
        }
        Ok(())
    }

    fn content(&mut self, o: &Object<'_>, start: PartStart<'_>, delta: Delta<'_>, each: Each<'_>) -> Result<(), Bad> {
        let place = (index(o, "output_index")?, index(o, "content_index")?);
        // Compatible servers leave out that a part begins.
        let part = match self.part(place) {
            Ok(part) => part,
            Err(_) => self.start(place, start, each)?,
        };
        each(Event::Delta { choice: 0, part, delta });
        Ok(())
    }

    fn thought(
        &mut self,
        (output, number): (u64, u64),
        text: std::borrow::Cow<'_, str>,
        each: Each<'_>,
    ) -> Result<(), Bad> {
        let (part, next) = match self.thought {
            Some((of, before)) if of == output => (self.part((output, 0))?, before != number),
            _ => (self.start((output, 0), PartStart::Thinking, each)?, false),
        };
        self.thought = Some((output, number));
        if next {
            each(Event::Delta { choice: 0, part, delta: Delta::Thinking("\n\n".into()) });
        }
        each(Event::Delta { choice: 0, part, delta: Delta::Thinking(text) });
        Ok(())
    }

    fn part(&self, (output, content): (u64, u64)) -> Result<u32, Bad> {
        let found = self.places.iter().rev().find(|(o, c, _)| (*o, *c) == (output, content));
        found.map(|(_, _, part)| *part).ok_or_else(|| Bad::new("output_index", format!("no item {output} was begun")))
    }

    fn start(&mut self, (output, content): (u64, u64), start: PartStart<'_>, each: Each<'_>) -> Result<u32, Bad> {
        if self.places.len() == MAX_ITEMS {
            return Err(Bad::new("output_index", "too many items"));
        }
        self.close(each);
        let part = self.parts;
        self.parts += 1;
        self.open = Some(part);
        self.places.push((output, content, part));
        each(Event::PartStart { choice: 0, part, start });
        Ok(part)
    }

    fn close(&mut self, each: Each<'_>) {
        if let Some(part) = self.open.take() {
            each(Event::PartEnd { choice: 0, part });
        }
    }
}

fn index(o: &Object<'_>, key: &str) -> Result<u64, Bad> {
    o.get(key).and_then(Json::as_u64).ok_or_else(|| Bad::new(key, "must be a whole number"))
}
