//! The providers that can be named, from the table `data/providers.yaml`, and what differs where one speaks OpenAI's
//! dialect with an accent.

mod load;
pub mod quirks;

use std::sync::LazyLock;

pub use load::{Mistake, load};
pub use quirks::Quirk;

/// A provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// As in `provider/model`.
    pub name: String,
    /// As people call it.
    pub title: String,
    /// As in the price book.
    pub price_name: String,
    /// Without a slash at the end; `{words}` in braces are the account's own. `None`: an address must be given.
    pub base_url: Option<String>,
    /// Environment variables that may hold the key; the first one that is set counts.
    pub keys: Vec<String>,
    /// Environment variables that may hold another base address.
    pub bases: Vec<String>,
    /// Put after a base address that was given without a path.
    pub path: Option<String>,
    /// Mostly needs no key.
    pub keyless: bool,
    pub speaks: Speaks,
    pub auth: Auth,
    /// What of OpenAI's interface there is.
    pub serves: Vec<Serves>,
    /// OpenAI's parameters that have another name there.
    pub rename: Vec<(String, String)>,
    /// OpenAI's parameters that it refuses.
    pub drop: Vec<String>,
    pub quirks: Vec<Quirk>,
    /// Its documentation.
    pub docs: String,
}

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text)
            }
        }
    };
}
pub(crate) use words;

words! {
    /// How it is spoken to.
    Speaks {
        OpenAi = "openai",
        Anthropic = "anthropic",
        /// The Gemini API.
        Gemini = "gemini",
        /// Vertex AI: Gemini's dialect and Anthropic's behind one door.
        Vertex = "vertex",
        /// Amazon Bedrock's Converse.
        Converse = "converse",
        /// OpenAI's dialect with deployments in the path.
        Azure = "azure",
        /// OpenAI's dialect with a project in the body.
        Watsonx = "watsonx",
        /// Predictions that are made, waited for and collected.
        Replicate = "replicate",
        /// A dialect that is passed through and not translated.
        Own = "own",
    }
}

words! {
    /// What of OpenAI's interface there is.
    Serves {
        Chat = "chat",
        Responses = "responses",
        Completions = "completions",
        Embeddings = "embeddings",
        Images = "images",
        Speech = "speech",
        Transcriptions = "transcriptions",
        Moderations = "moderations",
        Rerank = "rerank",
        Batches = "batches",
        Files = "files",
        Realtime = "realtime",
    }
}

/// How a call says whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `authorization: Bearer …`, or with another word before the key.
    Authorization(&'static str),
    /// The key alone, in a header of this name.
    Header(String),
    /// AWS's signature, or a bearer key where the provider has such.
    SigV4,
    /// Google's access tokens.
    Google,
    /// IBM's access tokens, for a key.
    Ibm,
    /// Oracle's signature.
    Oci,
    /// A login of the provider's own.
    OAuth,
}

static TABLE: LazyLock<Vec<Provider>> = LazyLock::new(|| {
    // The table is a part of the program, and a test reads it with every mistake reported.
    load(include_str!("../data/providers.yaml")).unwrap_or_default()
});

/// All of them, by name.
pub fn all() -> &'static [Provider] {
    &TABLE
}

pub fn find(name: &str) -> Option<&'static Provider> {
    TABLE.binary_search_by(|provider| provider.name.as_str().cmp(name)).ok().map(|at| &TABLE[at])
}

#[cfg(test)]
mod tests;
