//! Pages of a list: keyset cursors, so that page 1,000 costs what page 1 costs.

use serde::{Deserialize, Serialize};

/// In bytes: two names and two ids of the longest kind fit.
const LONGEST_CURSOR: usize = 8192;

/// Where a page begins: after the row with this sort value and id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub at: i64,
    pub id: String,
}

impl Cursor {
    /// A text for a URL.
    pub fn encode(&self) -> String {
        format!("{}_{}", self.at, self.id)
    }

    pub fn decode(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('_')?;
        // Lists by name have the name and the id, a line each.
        let fits = !id.is_empty() && id.len() <= LONGEST_CURSOR && !id.chars().any(|c| c.is_control() && c != '\n');
        fits.then_some(Self { at: at.parse().ok()?, id: id.to_owned() })
    }
}

/// One page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}
