//! Finding anything by what it is called: what the command palette asks.

#[cfg(feature = "ssr")]
mod sources;

use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

use crate::ServerError;

/// Something that can be gone to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// What it is, in a word: `Page`, `Key`.
    pub kind: String,
    pub label: String,
    /// A few quiet words that tell it from others of the same label. May be empty.
    pub note: String,
    /// Its page in this dashboard.
    pub href: String,
}

impl Hit {
    pub fn new(
        kind: impl Into<String>,
        label: impl Into<String>,
        note: impl Into<String>,
        href: impl Into<String>,
    ) -> Self {
        Self { kind: kind.into(), label: label.into(), note: note.into(), href: href.into() }
    }

    /// Whether every word of a search is in what it is called.
    pub fn matches(&self, search: &str) -> bool {
        let text = format!("{} {} {}", self.kind, self.label, self.note).to_lowercase();
        search.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

/// Whatever the viewer may see that is called so, best first, a few of each kind.
#[server(prefix = "/ui/api", endpoint = "search", input = Json)]
pub async fn search(text: String) -> Result<Vec<Hit>, ServerError> {
    let found = async {
        let (control, op) = crate::server::op_context().await?;
        sources::search(&control, &op, &text).await
    };
    found.await.inspect_err(|error| {
        // Or else every error is the server's own.
        if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
            response.set_status(error.status());
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_be_found() {
        let hit = Hit::new("Key", "Team blue", "sk-...abcd", "/ui/keys/1");
        for search in ["", "team", "BLUE te", "key abcd"] {
            assert!(hit.matches(search), "{search}");
        }
        assert!(!hit.matches("team red"));
    }
}
