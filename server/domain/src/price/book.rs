//! The price book: what every known model costs, with source and date.
//!
//! The book is the text of `data/prices.tsv`, one model a line in the byte order of the names. It is searched where it
//! lies: nothing is parsed at start, and memory is used for the pages that a search touches and the entry it finds.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::{Meter, PriceSheet, Rate, ServiceTier};
use crate::money::Picos;

/// What is known of a model besides its prices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// `chat`, `embedding`, `image_generation`, …; empty where it is not known.
    pub mode: String,
    pub max_input_tokens: Option<u64>,
    pub max_output_tokens: Option<u64>,
}

/// One model at one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceEntry {
    /// As the source names it: `gpt-4o`, `azure/gpt-4o`.
    pub name: String,
    pub provider: String,
    /// Empty where the model is known and its prices are not.
    pub sheet: PriceSheet,
    pub capabilities: Capabilities,
    /// Where the prices were read: a page's address, or the table they were taken from.
    pub source: String,
    /// The day from which they are known to hold: `2026-11-20`.
    pub as_of: String,
}

impl PriceEntry {
    /// For people: `price book: gpt-4o at openai (https://…, 2026-11-20)`.
    pub fn describe(&self) -> String {
        format!("price book: {} at {} ({}, {})", self.name, self.provider, self.source, self.as_of)
    }
}

/// Why a text is not a price book.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// The line's number, from 1.
    #[error("line {0} is not a price entry")]
    Line(usize),
    #[error("line {0} is not after the one before it in byte order")]
    Order(usize),
    #[error("the heading names no table or no day")]
    Heading,
}

/// All entries, found by provider and model.
#[derive(Clone, Debug)]
pub struct PriceBook {
    text: Cow<'static, str>,
    /// Where the heading ends and the entries begin.
    body: usize,
    /// Where the prices come from that name no source of their own.
    table: String,
    as_of: String,
}

impl PriceBook {
    /// The book that is built into the program.
    pub fn embedded() -> &'static Self {
        static BOOK: LazyLock<PriceBook> =
            LazyLock::new(|| PriceBook::unchecked(Cow::Borrowed(include_str!("../../data/prices.tsv"))));
        &BOOK
    }

    /// A book from a text in the form of `data/prices.tsv`, every line of it checked.
    pub fn parse(text: String) -> Result<Self, BookError> {
        let book = Self::unchecked(Cow::Owned(text));
        if book.table.is_empty() || book.as_of.is_empty() {
            return Err(BookError::Heading);
        }
        let heading = book.text[..book.body].lines().count();
        let mut before = None;
        for (i, line) in book.text[book.body..].lines().enumerate() {
            let number = heading + i + 1;
            let name = name_of(line);
            book.entry(line).ok_or(BookError::Line(number))?;
            if before.is_some_and(|before| before >= name) {
                return Err(BookError::Order(number));
            }
            before = Some(name);
        }
        Ok(book)
    }

    fn unchecked(text: Cow<'static, str>) -> Self {
        let mut body = 0;
        let (mut table, mut as_of) = (String::new(), String::new());
        for line in text.split_inclusive('\n').take_while(|line| line.starts_with('#')) {
            body += line.len();
            if let Some(value) = line.strip_prefix("# table: ") {
                value.trim_end().clone_into(&mut table);
            } else if let Some(value) = line.strip_prefix("# as-of: ") {
                value.trim_end().clone_into(&mut as_of);
            }
        }
        Self { text, body, table, as_of }
    }

    /// The entry for `model` at `provider`: under the name `provider/model`, or under the bare name where the source
    /// lists it for that provider. `model` may be a full name of the source (`azure/gpt-4o`). Names are compared as
    /// they are: no case folding, no guessing of dated variants.
    pub fn find(&self, provider: &str, model: &str) -> Option<PriceEntry> {
        self.find_name(&format!("{provider}/{model}"))
            .or_else(|| self.find_name(model).filter(|entry| entry.provider == provider))
    }

    /// The entry for a name without a provider beside it: the source's own (`gpt-4o`, `azure/gpt-4o`), or
    /// `provider/model` where the source leaves the provider out (`openai/gpt-4o`).
    pub fn find_full(&self, name: &str) -> Option<PriceEntry> {
        self.find_name(name).or_else(|| name.split_once('/').and_then(|(provider, model)| self.find(provider, model)))
    }

    /// The entry with exactly this name in the source: `gpt-4o`, `groq/openai/gpt-oss-20b`.
    pub fn find_name(&self, name: &str) -> Option<PriceEntry> {
        let body = self.text.get(self.body..)?;
        let bytes = body.as_bytes();
        let (mut low, mut high) = (0, body.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let start = bytes[low..middle].iter().rposition(|&b| b == b'\n').map_or(low, |at| low + at + 1);
            let end = bytes[middle..high].iter().position(|&b| b == b'\n').map_or(high, |at| middle + at);
            let line = body.get(start..end)?;
            match name_of(line).cmp(name) {
                std::cmp::Ordering::Equal => return self.entry(line),
                std::cmp::Ordering::Less => low = end + 1,
                std::cmp::Ordering::Greater => high = start,
            }
        }
        None
    }

    /// Every entry, by name in byte order.
    pub fn iter(&self) -> impl Iterator<Item = PriceEntry> + '_ {
        self.lines().filter_map(|line| self.entry(line))
    }

    pub fn len(&self) -> usize {
        self.lines().count()
    }

    pub fn is_empty(&self) -> bool {
        self.lines().next().is_none()
    }

    /// The names of all providers in the book, sorted.
    pub fn providers(&self) -> Vec<&str> {
        self.lines().filter_map(|line| line.split('\t').nth(1)).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The table that the book was made from, and its day: `LiteLLM 1.109.1 price table, 2026-11-12`.
    pub fn describe(&self) -> String {
        format!("{}, {}", self.table, self.as_of)
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.get(self.body..).unwrap_or_default().lines()
    }

    fn entry(&self, line: &str) -> Option<PriceEntry> {
        let mut fields = line.split('\t');
        let mut next = || fields.next().filter(|field| !field.is_empty());
        let entry = PriceEntry {
            name: next()?.to_owned(),
            provider: next()?.to_owned(),
            capabilities: Capabilities {
                mode: known(next()?).unwrap_or_default().to_owned(),
                max_input_tokens: number(next()?).ok()?,
                max_output_tokens: number(next()?).ok()?,
            },
            sheet: sheet(next()?)?,
            source: known(next()?).unwrap_or(&self.table).to_owned(),
            as_of: next().unwrap_or(&self.as_of).to_owned(),
        };
        fields.next().is_none().then_some(entry)
    }
}

fn name_of(line: &str) -> &str {
    line.split('\t').next().unwrap_or_default()
}

fn known(field: &str) -> Option<&str> {
    Some(field).filter(|&field| field != "-")
}

fn number(field: &str) -> Result<Option<u64>, std::num::ParseIntError> {
    known(field).map(str::parse).transpose()
}

/// Reads `input=2500000 output/batch>200000=5000000`.
fn sheet(field: &str) -> Option<PriceSheet> {
    let Some(field) = known(field) else { return Some(PriceSheet::default()) };
    let rates = field.split(' ').map(|item| {
        let (key, price) = item.split_once('=')?;
        let (key, above) = key.split_once('>').unwrap_or((key, "0"));
        let (meter, tier) = key
            .split_once('/')
            .map_or((key, Some(ServiceTier::Standard)), |(meter, tier)| (meter, ServiceTier::parse(tier)));
        let price = price.parse().ok().filter(|price| *price >= 0)?;
        Some(Rate { meter: Meter::parse(meter)?, tier: tier?, above: above.parse().ok()?, price: Picos(price) })
    });
    rates.collect::<Option<_>>().map(PriceSheet::new)
}

#[cfg(test)]
mod tests;
