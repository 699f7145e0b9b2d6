//! What a call needs that is not counted in tokens of a chat: what is set aside for it at most, and what it used where
//! the provider doesn't say.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use tollgate_dialects::form::Found;
use tollgate_dialects::usage::{Report, Shape, read, spoken};
use tollgate_domain::charge::Operation;
use tollgate_domain::ledger::Estimate;
use tollgate_domain::money::Picos;
use tollgate_domain::price::{Meter, PriceBook, PriceSheet, Rate, ServiceTier};
use tollgate_domain::usage::{Units, Usage};

use crate::ledger::{Answer, Size};
use crate::targets::{Price, Target};

/// No image has more tokens: the largest sizes at the highest quality have about 6,200.
const MOST_IMAGE_TOKENS: u64 = 8192;

/// An image in a prompt has no more tokens.
const MOST_INPUT_IMAGE_TOKENS: u64 = 8192;

/// Images that one call may ask for, where it can't be read how many it asks for.
const MOST_IMAGES: u64 = 10;

/// Speech that is stored at all clearly takes more bytes a second than this: eight kilobits.
const LEAST_BYTES_A_SECOND: u64 = 1000;

/// Models that count sound in tokens have no more of them in a second.
const MOST_TOKENS_A_SECOND: u64 = 50;

/// What is read aloud slowly, in characters a second.
const SLOWEST_SPEECH: u64 = 3;

/// What is read aloud, or was said, as a rule, in characters a second.
const LIKELY_SPEECH: u64 = 15;

/// OpenAI's uncompressed speech: 24,000 samples a second of two bytes.
const PCM_BYTES_A_SECOND: u64 = 48_000;

/// The longest transcript where the model doesn't say, in tokens.
const LONGEST_TRANSCRIPT: u64 = 16_384;

/// Documents that one search unit of a reranker has.
const DOCUMENTS_A_QUERY: u64 = 100;

/// Text has more bytes for each token than this, as a rule.
const LIKELY_BYTES_A_TOKEN: u64 = 4;

/// What is known of a call before it is made.
#[derive(Clone, Debug)]
pub struct Demand {
    pub operation: Operation,
    /// Bytes of text: no prompt has more tokens.
    text_bytes: u64,
    /// Images to be made.
    images: u64,
    /// Images that are sent.
    input_images: u64,
    size: Option<String>,
    quality: Option<String>,
    /// Text to be spoken.
    characters: u64,
    format: Option<String>,
    /// Sound that is sent, at most.
    seconds: u64,
    /// Search units.
    queries: u64,
}

#[derive(Default, Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    n: Option<&'a RawValue>,
    #[serde(borrow, default)]
    size: Option<&'a RawValue>,
    #[serde(borrow, default)]
    quality: Option<&'a RawValue>,
    #[serde(borrow, default)]
    response_format: Option<&'a RawValue>,
    #[serde(borrow, default)]
    documents: Option<&'a RawValue>,
}

fn text(raw: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(raw?.get()).ok()
}

/// How many images are asked for; what is no number is the provider's to refuse.
fn images(asked: Option<&str>) -> u64 {
    asked.map_or(1, |text| text.trim().parse().unwrap_or(MOST_IMAGES)).max(1)
}

impl Demand {
    /// Of a request in JSON.
    pub fn of_json(operation: Operation, body: &[u8]) -> Self {
        let fields: Fields<'_> = serde_json::from_slice(body).unwrap_or_default();
        let documents: Vec<serde::de::IgnoredAny> =
            fields.documents.and_then(|list| serde_json::from_str(list.get()).ok()).unwrap_or_default();
        let speech = if operation == Operation::Speech { spoken(body) } else { None };
        Self {
            operation,
            text_bytes: body.len() as u64,
            images: images(fields.n.map(RawValue::get).filter(|text| *text != "null")),
            input_images: 0,
            size: text(fields.size),
            quality: text(fields.quality),
            characters: speech.map_or(0, |usage| usage.units.input_characters),
            format: text(fields.response_format),
            seconds: 0,
            queries: (documents.len() as u64).div_ceil(DOCUMENTS_A_QUERY).max(1),
        }
    }

    /// Of a form that was read as far as its file, or to its end (`whole`). `length`: the whole form's, in bytes.
    pub fn of_form(operation: Operation, found: &Found, whole: bool, length: u64) -> Self {
        let asked = found.get("n").filter(|text| !text.trim().is_empty());
        let images = if asked.is_some() || whole { images(asked) } else { MOST_IMAGES };
        let own = |name: &str| found.get(name).map(str::to_owned);
        let sound = matches!(operation, Operation::Transcription | Operation::AudioTranslation);
        Self {
            operation,
            // What comes after a file is not known: a field's length at most.
            text_bytes: if whole { found.text_bytes } else { found.text_bytes.saturating_add(length.min(64 * 1024)) },
            images,
            // Sixteen images and a mask are the most that is taken.
            input_images: if sound {
                0
            } else if whole {
                found.files
            } else {
                17
            },
            size: own("size"),
            quality: own("quality"),
            characters: 0,
            format: own("response_format"),
            seconds: if sound { length.div_ceil(LEAST_BYTES_A_SECOND) } else { 0 },
            queries: 0,
        }
    }

    /// Whether it is sound that is written down.
    pub fn is_heard(&self) -> bool {
        self.shape() == Shape::Transcription
    }

    /// The shape in which its answer tells what was used.
    pub fn shape(&self) -> Shape {
        match self.operation {
            Operation::ImageGeneration | Operation::ImageEdit | Operation::ImageVariation => Shape::Images,
            Operation::Transcription | Operation::AudioTranslation => Shape::Transcription,
            Operation::Speech => Shape::Speech,
            Operation::Rerank => Shape::Cohere,
            _ => Shape::Chat,
        }
    }

    /// A price for just this call: images whose price stands for a size and a quality, or for a pixel. `None`: the
    /// model's own holds, or there is none.
    pub fn own_price(&self, target: &Target, upstream_model: &Arc<str>) -> Option<Price> {
        let makes_images = self.shape() == Shape::Images;
        if !makes_images || target.price(upstream_model).is_some() {
            return None;
        }
        let size = self.size.as_deref().filter(|size| *size != "auto").unwrap_or("1024x1024");
        let (width, height) = size.split_once('x')?;
        let pixels = width.parse::<i64>().ok()?.checked_mul(height.parse().ok()?)?;
        let quality = self.quality.as_deref().filter(|quality| *quality != "auto").unwrap_or("standard");
        let provider = &*target.provider;
        let name = format!("{width}-x-{height}/{upstream_model}");
        let named = [format!("{quality}/{name}"), name];
        let book = PriceBook::embedded();
        let entry = named.iter().find_map(|name| book.find(provider, name).filter(|entry| !entry.sheet.is_empty()))?;
        let each = |meter: Meter| entry.sheet.rate(meter, ServiceTier::Standard, 0).map_or(0, |price| price.0);
        // In this table, what the prices of a model that makes images call the input is the image.
        let of_pixels = each(Meter::PerInputPixel).checked_add(each(Meter::PerOutputPixel))?.checked_mul(pixels)?;
        let price = of_pixels.checked_add(each(Meter::PerInputImage))?.checked_add(each(Meter::PerOutputImage))?;
        let rate = Rate { meter: Meter::PerOutputImage, tier: ServiceTier::Standard, above: 0, price: Picos(price) };
        let sheet = Arc::new(PriceSheet::new(vec![rate]));
        (price > 0).then(|| Price { sheet, source: entry.describe().into() })
    }

    /// What to reserve: the dearest that the call can become.
    pub fn size(&self, target: &Target, upstream_model: &Arc<str>) -> Size {
        let terms = target.terms(upstream_model);
        let price = self.own_price(target, upstream_model).or(terms.price);
        let most = self.most(terms.max_output);
        let estimate = price.and_then(|price| {
            let costs = most.iter().filter_map(|usage| price.sheet.cost(usage, ServiceTier::Standard).ok());
            let dearest = costs.map(|cost| cost.total.0).max()?;
            Some(Estimate { input: Picos::ZERO, output: Picos::ZERO, request: Picos(dearest.saturating_mul(1000)) })
        });
        Size {
            prompt_tokens: 0,
            likely_prompt_tokens: self.text_bytes / LIKELY_BYTES_A_TOKEN,
            answer: Answer::Nothing,
            answers: 1,
            estimate,
        }
    }

    /// Tokens of the answer, at most.
    pub fn longest(&self, max_output: Option<u64>) -> u64 {
        match self.operation {
            Operation::ImageGeneration | Operation::ImageEdit | Operation::ImageVariation => {
                self.images.saturating_mul(MOST_IMAGE_TOKENS)
            }
            Operation::Speech => self.spoken_at_most().saturating_mul(MOST_TOKENS_A_SECOND),
            Operation::Transcription | Operation::AudioTranslation => max_output.unwrap_or(LONGEST_TRANSCRIPT),
            _ => 0,
        }
    }

    fn spoken_at_most(&self) -> u64 {
        self.characters.div_ceil(SLOWEST_SPEECH).max(1)
    }

    /// What it can become, in each way that it may be counted.
    fn most(&self, max_output: Option<u64>) -> [Usage; 3] {
        let output = self.longest(max_output);
        let pictured = self.input_images.saturating_mul(MOST_INPUT_IMAGE_TOKENS);
        let heard = self.seconds.saturating_mul(MOST_TOKENS_A_SECOND);
        let input = self.text_bytes.saturating_add(pictured).saturating_add(heard);
        let units = match self.operation {
            Operation::ImageGeneration | Operation::ImageEdit | Operation::ImageVariation => {
                Units { input_images: self.input_images, output_images: self.images, ..Units::default() }
            }
            Operation::Speech => {
                Units { input_characters: self.characters, output_seconds: self.spoken_at_most(), ..Units::default() }
            }
            Operation::Rerank => Units { queries: self.queries, ..Units::default() },
            _ => Units { input_seconds: self.seconds, ..Units::default() },
        };
        let (audio, image) = match self.shape() {
            Shape::Images => (0, output),
            Shape::Speech => (output, 0),
            _ => (0, 0),
        };
        let tokens = Usage { input, output, audio_output: audio, image_output: image, ..Usage::default() };
        [
            Usage { units, ..Usage::default() },
            Usage { units, ..tokens },
            Usage { units, audio_input: heard, image_input: pictured, ..tokens },
        ]
    }

    /// What an answer used that came as one. The second value: it is an estimate. `None`: the answer is not what such
    /// answers are.
    pub fn report(&self, answer: &[u8], is_json: bool) -> Option<(Report, bool)> {
        if !is_json {
            return Some((of(self.heard(answer)), true));
        }
        let mut report = read(self.shape(), answer)?;
        if report.usage.is_none() && self.operation == Operation::Rerank {
            report = read(Shape::Chat, answer)?;
        }
        if report.usage.is_some() {
            return Some((report, false));
        }
        let usage = match self.operation {
            Operation::Transcription | Operation::AudioTranslation => self.heard(answer),
            Operation::Rerank => {
                Usage { units: Units { queries: self.queries, ..Units::default() }, ..Usage::default() }
            }
            _ => Usage { input: self.text_bytes / LIKELY_BYTES_A_TOKEN, ..Usage::default() },
        };
        Some((Report { usage: Some(usage), ..report }, true))
    }

    /// What speech of so many bytes used. Characters are exact; seconds and tokens are an estimate.
    pub fn said(&self, bytes: u64, price: Option<&Price>) -> (Report, bool) {
        let has = |meter| price.is_some_and(|price| price.sheet.rate(meter, ServiceTier::Standard, 0).is_some());
        let characters = Units { input_characters: self.characters, ..Units::default() };
        if has(Meter::PerInputCharacter) {
            return (of(Usage { units: characters, ..Usage::default() }), false);
        }
        let seconds = match self.format.as_deref() {
            Some("pcm" | "wav") => bytes.div_ceil(PCM_BYTES_A_SECOND),
            _ => self.characters.div_ceil(LIKELY_SPEECH),
        };
        let units = Units { output_seconds: seconds.min(self.spoken_at_most()), ..characters };
        let input = self.characters.div_ceil(LIKELY_BYTES_A_TOKEN);
        let usage = if has(Meter::PerOutputSecond) {
            Usage { input, units, ..Usage::default() }
        } else {
            // OpenAI's have about twenty tokens a second.
            let output = units.output_seconds.saturating_mul(20);
            Usage { input, output, audio_output: output, units: characters, ..Usage::default() }
        };
        (of(usage), true)
    }

    /// The seconds that a transcript stands for: by the last moment that it names, or else by its length.
    fn heard(&self, transcript: &[u8]) -> Usage {
        let text = String::from_utf8_lossy(transcript);
        let by_length = (text.chars().count() as u64).div_ceil(LIKELY_SPEECH);
        let seconds = last_moment(&text).unwrap_or(by_length).clamp(1, self.seconds.max(1));
        Usage { units: Units { input_seconds: seconds, ..Units::default() }, ..Usage::default() }
    }
}

fn of(usage: Usage) -> Report {
    Report { usage: Some(usage), ..Report::default() }
}

/// The end of the last line of subtitles: `00:00:00,000 --> 00:01:02,500`, in seconds, a begun one whole.
fn last_moment(text: &str) -> Option<u64> {
    let line = text.lines().rev().find(|line| line.contains("-->"))?;
    let (_, end) = line.split_once("-->")?;
    let end = end.split_whitespace().next()?;
    let (whole, rest) = end.split_once([',', '.']).unwrap_or((end, "0"));
    let seconds = whole.split(':').try_fold(0_u64, |sum, part| sum.checked_mul(60)?.checked_add(part.parse().ok()?))?;
    Some(seconds + u64::from(rest.parse::<u64>().ok()? > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subtitles_say_how_long_they_are() {
        assert_eq!(
            last_moment("1\n00:00:00,000 --> 00:00:02,000\nHi\n\n2\n00:00:02,000 --> 00:01:02,500\nyou\n"),
            Some(63)
        );
        assert_eq!(last_moment("WEBVTT\n\n00:00.000 --> 01:00.000 align:start\nHi --\n"), Some(60));
        assert_eq!(last_moment("nothing --> here"), None);
        assert_eq!(last_moment("99999999999999999999:00 --> 99999999999999999999:00"), None);
    }

    #[test]
    fn requests_say_what_they_need() {
        let image =
            Demand::of_json(Operation::ImageGeneration, br#"{"model":"m","prompt":"x","n":3,"size":"512x512"}"#);
        assert_eq!((image.images, image.size.as_deref()), (3, Some("512x512")));
        let odd = Demand::of_json(Operation::ImageGeneration, br#"{"model":"m","n":"many"}"#);
        assert_eq!(odd.images, MOST_IMAGES);
        let none = Demand::of_json(Operation::ImageGeneration, br#"{"model":"m","n":null}"#);
        assert_eq!(none.images, 1);
        let speech = Demand::of_json(Operation::Speech, r#"{"model":"m","input":"hällo"}"#.as_bytes());
        assert_eq!(speech.characters, 5);
        let documents = vec!["x"; 201];
        let body = serde_json::json!({"model": "m", "documents": documents}).to_string();
        assert_eq!(Demand::of_json(Operation::Rerank, body.as_bytes()).queries, 3);
    }

    #[test]
    fn what_is_reserved_is_never_less_than_what_is_charged() {
        let sheet = |rates: &[(Meter, i64)]| {
            let rate = |&(meter, price)| Rate { meter, tier: ServiceTier::Standard, above: 0, price: Picos(price) };
            PriceSheet::new(rates.iter().map(rate).collect())
        };
        let found = Found::default();
        let heard = Demand::of_form(Operation::Transcription, &found, true, 60_000);
        let answer = br#"{"text":"x","usage":{"type":"duration","seconds":60}}"#;
        let (report, estimated) = heard.report(answer, true).unwrap();
        assert!(!estimated);
        let seconds = sheet(&[(Meter::PerInputSecond, 100_000_000)]);
        let cost = |usage: &Usage| seconds.cost(usage, ServiceTier::Standard).unwrap().total;
        let most = heard
            .most(None)
            .iter()
            .filter_map(|usage| seconds.cost(usage, ServiceTier::Standard).ok())
            .map(|c| c.total)
            .max();
        assert_eq!(cost(&report.usage.unwrap()).0, 6_000_000);
        assert!(most.unwrap() >= cost(&report.usage.unwrap()));
        // Without a count, what is estimated stays within.
        let long = "word ".repeat(100_000);
        let (report, estimated) = heard.report(long.as_bytes(), false).unwrap();
        assert!(estimated);
        assert_eq!(report.usage.unwrap().units.input_seconds, 60);
    }

    #[test]
    fn speech_is_counted_by_what_it_is_sold_by() {
        let speech =
            Demand::of_json(Operation::Speech, br#"{"model":"m","input":"0123456789012345","response_format":"pcm"}"#);
        let price = |meter| Price {
            sheet: Arc::new(PriceSheet::new(vec![Rate {
                meter,
                tier: ServiceTier::Standard,
                above: 0,
                price: Picos(1),
            }])),
            source: "s".into(),
        };
        let (report, estimated) = speech.said(96_000, Some(&price(Meter::PerInputCharacter)));
        assert_eq!((report.usage.unwrap().units.input_characters, estimated), (16, false));
        let (report, estimated) = speech.said(96_001, Some(&price(Meter::PerOutputSecond)));
        assert_eq!((report.usage.unwrap().units.output_seconds, estimated), (3, true));
        let (report, _) = speech.said(96_000, Some(&price(Meter::AudioOutput)));
        assert_eq!(report.usage.unwrap().audio_output, 40);
    }
}
