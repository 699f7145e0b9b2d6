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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::LONGEST_ID;

    #[test]
    fn what_is_given_out_is_taken_back() {
        let longest = "\u{1f980}".repeat(2 * LONGEST_ID);
        for id in ["x", "with_under_score", "12:name", "team:a:b", "é %20&=", longest.as_str()] {
            for at in [0, -5, i64::MAX, i64::MIN] {
                let cursor = Cursor { at, id: id.to_owned() };
                assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
            }
        }
    }

    #[test]
    fn what_is_no_cursor_is_none() {
        let endless = format!("1_{}", "x".repeat(LONGEST_CURSOR + 1));
        for text in ["", "_", "1_", "_x", "x_1", "1", "9999999999999999999999_x", "1_a\tb", "1_\0", endless.as_str()] {
            assert_eq!(Cursor::decode(text), None, "{text:?}");
        }
    }
}
