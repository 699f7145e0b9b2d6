//! A stream of chunks, read.

use crate::counted::counted;
use crate::json::{Bad, Json, Object};
use crate::neutral::{Delta, Error, ErrorKind, Event, Finish, PartStart};
use crate::sse::Events;
use crate::usage::Shape;
use crate::{ReadStream, errors};

use super::answer;

/// More answers at once than OpenAI gives.
const MAX_CHOICES: usize = 256;
/// More calls in one answer than any model makes.
const MAX_CALLS: usize = 4096;

#[derive(Debug, Default)]
pub struct Reader {
    events: Events,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    started: bool,
    done: bool,
    choices: Vec<Choice>,
}

#[derive(Debug)]
struct Choice {
    index: u32,
    /// The part that is being written.
    open: Option<(Kind, u32)>,
    parts: u32,
    calls: Vec<Call>,
    finished: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Refusal,
    Audio,
    Call,
}

#[derive(Debug)]
struct Call {
    /// Its number in the chunks.
    index: u64,
    id: String,
    part: u32,
}

type Each<'e> = &'e mut dyn FnMut(Event<'_>);

impl ReadStream for Reader {
    fn feed(&mut self, bytes: &[u8], each: Each<'_>) -> Result<(), Error> {
        let state = &mut self.state;
        self.events.feed(bytes, &mut |_, data| state.take(data, each))
    }

    fn end(&mut self, each: Each<'_>) -> Result<(), Error> {
        let state = &mut self.state;
        self.events.end(&mut |_, data| state.take(data, each))?;
        if state.done {
            return Ok(());
        }
        // Some servers forget the last line.
        if !state.choices.is_empty() && state.choices.iter().all(|choice| choice.finished) {
            state.done = true;
            each(Event::End);
            return Ok(());
        }
        Err(Error::new(ErrorKind::Network, "the provider's stream broke off"))
    }
}

impl State {
    fn take(&mut self, data: &[u8], each: Each<'_>) -> Result<(), Error> {
        let trimmed = data.trim_ascii();
        if self.done || trimmed.is_empty() {
            return Ok(());
        }
        if trimmed == b"[DONE]" {
            if !self.started {
                return Err(Error::broken("the provider's stream is empty"));
            }
            self.done = true;
            for choice in &mut self.choices {
                choice.close(each);
            }
            each(Event::End);
            return Ok(());
        }
        let broken = |e: Bad| Error::broken(format!("a chunk of the stream: {e}"));
        let chunk = Json::parse(data).map_err(|e| Error::broken(e.to_string()))?;
        self.chunk(chunk.into_object().map_err(broken)?, each).map_err(|e| match e {
            Failure::Bad(bad) => broken(bad),
            Failure::Error(error) => error,
        })
    }

    fn chunk(&mut self, mut o: Object<'_>, each: Each<'_>) -> Result<(), Failure> {
        if o.get("error").is_some_and(|error| !error.is_null()) {
            self.done = true;
            each(Event::Error(errors::from_object(&mut o, None)));
            return Ok(());
        }
        let choices = o.take_array("choices")?.unwrap_or_default();
        let counts = o.take_object("usage")?;
        // Azure's first chunk says what its filters think of the prompt, and nothing of the answer.
        if !self.started && (!choices.is_empty() || counts.is_some()) {
            self.started = true;
            each(Event::Start {
                id: o.take_text("id")?.unwrap_or_default(),
                model: o.take_text("model")?.unwrap_or_default(),
                created: o.take_i64("created")?,
                service_tier: o.take_text("service_tier")?,
            });
        }
        for choice in choices {
            self.choice(choice.into_object()?, each)?;
        }
        if let Some(usage) = counts.and_then(|counts| counted(Shape::Chat, counts)) {
            each(Event::Usage(usage));
        }
        Ok(())
    }

    fn choice(&mut self, mut c: Object<'_>, each: Each<'_>) -> Result<(), Failure> {
        let index = c.take_u64("index")?.unwrap_or(0);
        let index = u32::try_from(index).map_err(|_| Bad::new("index", "is too large"))?;
        let at = match self.choices.iter().position(|choice| choice.index == index) {
            Some(at) => at,
            None if self.choices.len() == MAX_CHOICES => {
                return Err(Error::broken("too many choices in a stream").into());
            }
            None => {
                self.choices.push(Choice { index, open: None, parts: 0, calls: Vec::new(), finished: false });
                self.choices.len() - 1
            }
        };
        let choice = &mut self.choices[at];
        if let Some(delta) = c.take_object("delta")? {
            choice.delta(delta, each)?;
        }
        // The older form, of completions.
        if let Some(text) = c.take_text("text")?.filter(|text| !text.is_empty()) {
            let part = choice.open(Kind::Text, PartStart::Text, each);
            each(Event::Delta { choice: index, part, delta: Delta::Text(text) });
        }
        if let Some(value) = c.take("logprobs") {
            each(Event::Logprobs { choice: index, value });
        }
        if let Some(word) = c.take_text("finish_reason")?.filter(|word| !word.is_empty()) {
            choice.close(each);
            if !std::mem::replace(&mut choice.finished, true) {
                let finish = match answer::finish(word) {
                    // Called by name, OpenAI's models say `stop`.
                    Finish::Stop if !choice.calls.is_empty() => Finish::ToolCalls,
                    finish => finish,
                };
                each(Event::Finish { choice: index, finish });
            }
        }
        Ok(())
    }
}

impl Choice {
    fn delta(&mut self, mut d: Object<'_>, each: Each<'_>) -> Result<(), Failure> {
        let thought = match d.take("reasoning_content") {
            Some(value) => Some(value),
            None => d.take("reasoning"),
        };
        let choice = self.index;
        if let Some(Json::Text(text)) = thought.filter(|text| text.as_str().is_some_and(|text| !text.is_empty())) {
            let part = self.open(Kind::Thinking, PartStart::Thinking, each);
            each(Event::Delta { choice, part, delta: Delta::Thinking(text) });
        }
        for block in d.take_array("thinking_blocks")?.unwrap_or_default() {
            let mut block = block.into_object()?;
            if block.get("type").and_then(Json::as_str) == Some("redacted_thinking") {
                let start = PartStart::RedactedThinking(block.take_text("data")?.unwrap_or_default());
                self.close(each);
                let part = self.parts;
                self.parts += 1;
                each(Event::PartStart { choice, part, start });
                each(Event::PartEnd { choice, part });
            } else if let Some(signature) = block.take_text("signature")?.filter(|text| !text.is_empty()) {
                let part = self.open(Kind::Thinking, PartStart::Thinking, each);
                each(Event::Delta { choice, part, delta: Delta::Signature(signature) });
                // What follows is another thought.
                self.close(each);
            }
        }
        if let Some(Json::Text(text)) = d.take("content").filter(|text| text.as_str() != Some("")) {
            let part = self.open(Kind::Text, PartStart::Text, each);
            each(Event::Delta { choice, part, delta: Delta::Text(text) });
        }
        if let Some(text) = d.take_text("refusal")?.filter(|text| !text.is_empty()) {
            let part = self.open(Kind::Refusal, PartStart::Refusal, each);
            each(Event::Delta { choice, part, delta: Delta::Refusal(text) });
        }
        if let Some(audio) = d.take("audio") {
            let part = self.open(Kind::Audio, PartStart::Audio, each);
            each(Event::Delta { choice, part, delta: Delta::Audio(audio) });
        }
        for call in d.take_array("tool_calls")?.unwrap_or_default() {
            self.call(call.into_object()?, each)?;
        }
        Ok(())
    }

    fn call(&mut self, mut call: Object<'_>, each: Each<'_>) -> Result<(), Failure> {
        let choice = self.index;
        let mut function = call.take_object("function")?.unwrap_or_default();
        let name = function.take_text("name")?.filter(|name| !name.is_empty());
        let id = call.take_text("id")?.unwrap_or_default();
        let index = call.take_u64("index")?;
        // The last one of this number: servers that number all calls 0 tell them apart by their ids.
        let known = match index {
            Some(index) => self.calls.iter().rev().find(|call| call.index == index),
            None if name.is_some() => None,
            None => self.calls.last(),
        };
        let part = match known {
            Some(known) if name.is_none() || id.is_empty() || known.id == id => known.part,
            _ => {
                if self.calls.len() == MAX_CALLS {
                    return Err(Error::broken("too many tool calls in a stream").into());
                }
                self.close(each);
                let part = self.parts;
                self.parts += 1;
                let index = index.unwrap_or(self.calls.len() as u64);
                self.calls.push(Call { index, id: id.clone().into_owned(), part });
                self.open = Some((Kind::Call, part));
                each(Event::PartStart {
                    choice,
                    part,
                    start: PartStart::ToolCall { id, name: name.unwrap_or_default() },
                });
                part
            }
        };
        let signature = match call.get("extra_content").and_then(|e| e.get("google")?.get("thought_signature")) {
            Some(Json::Text(text)) => Some(text.clone()),
            _ => None,
        };
        if let Some(signature) = signature {
            each(Event::Delta { choice, part, delta: Delta::Signature(signature) });
        }
        let arguments = match function.take("arguments") {
            Some(Json::Text(text)) => text,
            Some(other @ Json::Object(_)) => other.to_string().into(),
            _ => return Ok(()),
        };
        if !arguments.is_empty() {
            each(Event::Delta { choice, part, delta: Delta::Arguments(arguments) });
        }
        Ok(())
    }

    fn open(&mut self, kind: Kind, start: PartStart<'_>, each: Each<'_>) -> u32 {
        match self.open {
            Some((open, part)) if open == kind => part,
            _ => {
                self.close(each);
                let part = self.parts;
                self.parts += 1;
                self.open = Some((kind, part));
                each(Event::PartStart { choice: self.index, part, start });
                part
            }
        }
    }

    fn close(&mut self, each: Each<'_>) {
        if let Some((_, part)) = self.open.take() {
            each(Event::PartEnd { choice: self.index, part });
        }
    }
}

enum Failure {
    Bad(Bad),
    Error(Error),
}

impl From<Bad> for Failure {
    fn from(bad: Bad) -> Self {
        Self::Bad(bad)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}
