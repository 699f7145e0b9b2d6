//! What an answer used, read from the provider's own words: one reader for each shape that they come in.
//!
//! A reader picks the members that matter out of an answer, or of each event of a streamed one, as JSON; what a stream's
//! events say is merged; and only then the counts are made of it. So a streamed answer counts what a whole one does.

mod anthropic;
mod bedrock;
mod cohere;
mod google;
mod json;
mod ollama;
mod openai;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};
use tollgate_domain::Nanos;
use tollgate_domain::money::Picos;
use tollgate_domain::price::ServiceTier;
use tollgate_domain::usage::Usage;

use json::Members;
pub use openai::spoken;

/// A longer id of an answer is cut, in characters.
const MAX_ID: usize = 128;

/// The shapes that usage comes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// OpenAI's chat completions, completions and embeddings, and everything that is compatible with them: Azure,
    /// DeepSeek, Groq, Mistral, Moonshot, `OpenRouter`, Perplexity, xAI, vLLM, rerankers and embedders that count tokens.
    #[default]
    Chat,
    /// OpenAI's responses.
    Responses,
    /// OpenAI's images.
    Images,
    /// OpenAI's transcriptions and translations.
    Transcription,
    /// OpenAI's speech, where it is streamed as events; see also [`spoken`].
    Speech,
    /// Anthropic's messages, wherever they are served.
    Messages,
    /// Gemini's `generateContent`, and Vertex AI's `predict`.
    Gemini,
    /// Bedrock's Converse.
    Converse,
    /// Bedrock's `InvokeModel` with models of Amazon, Meta and others in their own shapes.
    Invoke,
    /// Cohere's chat, embed and rerank, both versions.
    Cohere,
    /// Ollama's own API.
    Ollama,
}

/// What the ledger keeps of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// `None`: the provider said nothing. All zero is something else: the provider said zero.
    pub usage: Option<Usage>,
    pub tier: ServiceTier,
    pub id: Option<String>,
    /// What the provider says that it bills, rounded up.
    pub stated: Option<Nanos>,
}

/// What was picked out of an answer: `usage` and what else counts, `tier`, `id`.
type Picked = Map<String, Value>;

/// Reads an answer. `None` if it is not JSON of an answer's kind.
pub fn read(shape: Shape, json: &[u8]) -> Option<Report> {
    let text = std::str::from_utf8(json).ok()?;
    let mut tally = Tally::new(shape);
    if shape == Shape::Gemini && text.trim_ascii_start().starts_with('[') {
        // A stream that is not one of events is a list of them.
        let events: Vec<&serde_json::value::RawValue> = serde_json::from_str(text).ok()?;
        for event in events {
            tally.event(event.get().as_bytes());
        }
    } else {
        tally.take(text)?;
    }
    Some(tally.report())
}

/// Gathers what the events of a streamed answer say.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    shape: Shape,
    picked: Value,
}

impl Tally {
    pub fn new(shape: Shape) -> Self {
        Self { shape, picked: Value::Null }
    }

    /// Takes an event's data, as JSON. Whether it said anything about the usage.
    pub fn event(&mut self, data: &[u8]) -> bool {
        std::str::from_utf8(data).ok().and_then(|text| self.take(text)).unwrap_or(false)
    }

    /// `None`: it is no JSON object. Whether the usage was in it.
    fn take(&mut self, text: &str) -> Option<bool> {
        let members = Members::read(text)?;
        let mut picked = Picked::new();
        match self.shape {
            Shape::Chat => openai::pick_chat(&members, &mut picked),
            Shape::Responses => openai::pick_response(&members, &mut picked),
            Shape::Images => openai::pick_images(&members, &mut picked),
            Shape::Transcription | Shape::Speech => openai::pick_audio(&members, &mut picked),
            Shape::Messages => anthropic::pick(&members, &mut picked),
            Shape::Gemini => google::pick(&members, &mut picked),
            Shape::Converse => bedrock::pick_converse(&members, &mut picked),
            Shape::Invoke => bedrock::pick_invoke(&members, &mut picked),
            Shape::Cohere => cohere::pick(&members, &mut picked),
            Shape::Ollama => ollama::pick(&members, &mut picked),
        }
        let counted = picked.keys().any(|name| !matches!(name.as_str(), "id" | "tier" | "model"));
        if self.picked.is_null() {
            self.picked = Value::Object(picked);
        } else {
            json::merge(&mut self.picked, Value::Object(picked));
        }
        Some(counted)
    }

    /// What the events said until now.
    pub fn report(&self) -> Report {
        let picked = &self.picked;
        let usage = match self.shape {
            Shape::Chat => openai::chat(picked),
            Shape::Responses => openai::response(picked),
            Shape::Images => openai::images(picked),
            Shape::Transcription => openai::transcription(picked),
            Shape::Speech => openai::speech(picked),
            Shape::Messages => anthropic::usage(picked),
            Shape::Gemini => google::usage(picked),
            Shape::Converse => bedrock::converse(picked),
            Shape::Invoke => bedrock::invoke(picked),
            Shape::Cohere => cohere::usage(picked),
            Shape::Ollama => ollama::usage(picked),
        };
        let text = |name: &str| picked.get(name).and_then(Value::as_str);
        Report {
            usage: usage.map(within_wholes),
            tier: text("tier").map_or(ServiceTier::Standard, ServiceTier::from_wire),
            id: text("id").map(|id| id.chars().take(MAX_ID).collect()),
            stated: stated(&picked["usage"]["cost"]),
        }
    }
}

/// Takes over a text under another name.
fn keep_text(picked: &mut Picked, name: &str, text: Option<String>) {
    if let Some(text) = text {
        picked.insert(name.to_owned(), Value::String(text));
    }
}

fn keep(picked: &mut Picked, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        picked.insert(name.to_owned(), value);
    }
}

/// No part is larger than its whole: a provider that says so is believed the whole.
fn within_wholes(mut usage: Usage) -> Usage {
    usage.cache_read = usage.cache_read.min(usage.input);
    let mut rest = usage.input - usage.cache_read;
    for part in [&mut usage.cache_write_1h, &mut usage.cache_write] {
        *part = (*part).min(rest);
        rest -= *part;
    }
    usage.audio_input = usage.audio_input.min(usage.input);
    usage.image_input = usage.image_input.min(usage.input);
    let mut rest = usage.output;
    for part in [&mut usage.reasoning, &mut usage.audio_output, &mut usage.image_output] {
        *part = (*part).min(rest);
        rest -= *part;
    }
    let units = &mut usage.units;
    units.cache_read_audio = units.cache_read_audio.min(usage.cache_read);
    units.cache_read_image = units.cache_read_image.min(usage.cache_read - units.cache_read_audio);
    usage
}

/// Dollars that the provider says it bills: a number, or an object with the total in it.
fn stated(cost: &Value) -> Option<Nanos> {
    let number = match cost {
        Value::Number(number) => number,
        Value::Object(parts) => parts.get("total_cost")?.as_number()?,
        _ => return None,
    };
    let picos = Picos::from_decimal_rounded_up(&number.to_string()).ok().filter(|picos| picos.0 >= 0)?;
    Nanos::from_picos_rounded_up(i128::from(picos.0))
}
