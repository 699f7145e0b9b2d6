//! The price book: what every known model costs, with source and date.

use std::collections::HashMap;

use super::PriceSheet;

/// What is known of a model besides its prices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// `chat`, `embedding`, `image_generation`, …
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
    pub sheet: PriceSheet,
    pub capabilities: Capabilities,
    /// Where the prices were read: a page's address, or the table they were taken from.
    pub source: String,
    /// The day from which they are known to hold: `2026-11-20`.
    pub as_of: String,
}

/// All entries, found by provider and model.
#[derive(Debug, Default)]
pub struct PriceBook {
    entries: HashMap<String, PriceEntry>,
}

impl PriceBook {
    /// The book that is built into the program.
    pub fn embedded() -> &'static Self {
        static BOOK: std::sync::LazyLock<PriceBook> = std::sync::LazyLock::new(PriceBook::default);
        &BOOK
    }

    /// The entry for `model` at `provider`; `model` may be a full name of the source (`azure/gpt-4o`).
    pub fn find(&self, provider: &str, model: &str) -> Option<&PriceEntry> {
        self.entries.get(&format!("{provider}/{model}")).or_else(|| self.entries.get(model))
    }
}
