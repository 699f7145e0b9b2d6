//! What providers send, what that is in usage, and what they bill for it: `data/usage-cases.txt`.

use std::collections::BTreeMap;

use tollgate_domain::price::{Cost, PriceBook};

use super::super::*;
use super::sums::picos;

const CASES: &str = include_str!("../../../data/usage-cases.txt");

#[derive(Debug, Default)]
struct Case {
    name: String,
    fields: BTreeMap<String, String>,
    answers: Vec<String>,
    events: Vec<String>,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (number, line) in CASES.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("== ") {
            assert!(cases.iter().all(|case| case.name != name), "{name} comes twice");
            cases.push(Case { name: name.to_owned(), ..Case::default() });
            continue;
        }
        let case = cases.last_mut().unwrap();
        let (field, value) = line.split_once(": ").unwrap_or_else(|| panic!("line {}: {line}", number + 1));
        match field {
            "answer" => case.answers.push(value.to_owned()),
            "event" => case.events.push(value.to_owned()),
            _ => {
                let before = case.fields.insert(field.to_owned(), value.to_owned());
                assert_eq!(before, None, "{}: {field} twice", case.name);
            }
        }
    }
    cases
}

impl Case {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_else(|| panic!("{}: no {name}", self.name))
    }

    fn shape(&self) -> Shape {
        match self.field("shape") {
            "chat" => Shape::Chat,
            "responses" => Shape::Responses,
            "images" => Shape::Images,
            "transcription" => Shape::Transcription,
            "speech" => Shape::Speech,
            "messages" => Shape::Messages,
            "gemini" => Shape::Gemini,
            "converse" => Shape::Converse,
            "invoke" => Shape::Invoke,
            "cohere" => Shape::Cohere,
            "ollama" => Shape::Ollama,
            other => panic!("{}: no shape {other}", self.name),
        }
    }

    /// The usage as `input=100 cache_read=40`; `none`.
    fn usage(&self) -> Option<Usage> {
        let text = self.field("usage");
        if text == "none" {
            return None;
        }
        let mut usage = Usage::default();
        for item in text.split_whitespace().filter(|item| *item != "zero") {
            let (name, count) = item.split_once('=').unwrap();
            let count: u64 = count.replace('_', "").parse().unwrap();
            match name {
                "input" => usage.input = count,
                "cache_read" => usage.cache_read = count,
                "cache_write" => usage.cache_write = count,
                "cache_write_1h" => usage.cache_write_1h = count,
                "audio_input" => usage.audio_input = count,
                "image_input" => usage.image_input = count,
                "output" => usage.output = count,
                "reasoning" => usage.reasoning = count,
                "audio_output" => usage.audio_output = count,
                "image_output" => usage.image_output = count,
                other => assert!(usage.units.set(other, count), "{}: no count {other}", self.name),
            }
        }
        Some(usage)
    }

    fn check(&self, report: &Report, what: &str) {
        let name = format!("{} ({what})", self.name);
        assert_eq!(report.usage, self.usage(), "{name}");
        let tier = self.fields.get("tier").map_or(ServiceTier::Standard, |tier| ServiceTier::parse(tier).unwrap());
        assert_eq!(report.tier, tier, "{name}");
        let expected: i64 = self.field("cost").replace('_', "").parse().unwrap();
        assert_eq!(self.cost(report).map_or(0, |cost| cost.total.0), expected, "{name}: {:?}", self.cost(report));
    }

    fn cost(&self, report: &Report) -> Option<Cost> {
        let (provider, model) = (self.field("provider"), self.field("model"));
        let usage = report.usage.as_ref()?;
        match PriceBook::embedded().find(provider, model).filter(|entry| !entry.sheet.is_empty()) {
            Some(entry) => Some(entry.sheet.cost(usage, report.tier).unwrap()),
            None => Some(Cost::stated(report.stated.unwrap_or_else(|| panic!("{}: no price", self.name)))),
        }
    }
}

#[test]
fn every_case_costs_what_the_provider_bills() {
    let cases = cases();
    assert!(cases.len() >= 48, "{}", cases.len());
    for case in &cases {
        assert!(!case.field("source").is_empty());
        // The sum is worked out by hand; this only checks the arithmetic.
        let sum = Nanos::from_picos_rounded_up(picos(case.field("sum"))).unwrap();
        assert_eq!(sum.0.to_string(), case.field("cost").replace('_', ""), "{}: the sum", case.name);
        let mut seen = false;
        for answer in &case.answers {
            seen = true;
            let report = if case.field("shape") == "speech" && !answer.contains("\"type\"") {
                Report { usage: spoken(answer.as_bytes()), ..Report::default() }
            } else {
                read(case.shape(), answer.as_bytes()).unwrap_or_else(|| panic!("{}: not read", case.name))
            };
            case.check(&report, "whole");
        }
        if !case.events.is_empty() {
            seen = true;
            let mut tally = Tally::new(case.shape());
            for event in &case.events {
                assert!(serde_json::from_str::<Value>(event).is_ok(), "{}: {event}", case.name);
                tally.event(event.as_bytes());
            }
            case.check(&tally.report(), "streamed");
        }
        assert!(seen, "{}: neither answer nor events", case.name);
    }
}

#[test]
fn every_shape_is_streamed_and_whole_alike() {
    // Those that are streamed at all; what a stream's events come to is what the whole answer says, for each.
    let both: Vec<_> = cases().into_iter().filter(|case| !case.answers.is_empty() && !case.events.is_empty()).collect();
    for shape in ["chat", "responses", "images", "transcription", "messages", "gemini", "converse", "cohere", "ollama"]
    {
        assert!(both.iter().any(|case| case.field("shape") == shape), "no case of {shape} has both");
    }
    for case in both {
        let whole = read(case.shape(), case.answers[0].as_bytes()).unwrap();
        let mut tally = Tally::new(case.shape());
        for event in &case.events {
            tally.event(event.as_bytes());
        }
        let streamed = tally.report();
        assert_eq!(case.cost(&streamed), case.cost(&whole), "{}", case.name);
        // However often an event comes.
        for event in case.events.iter().chain(&case.events) {
            tally.event(event.as_bytes());
        }
        assert_eq!(case.cost(&tally.report()), case.cost(&whole), "{}: repeated", case.name);
    }
}
