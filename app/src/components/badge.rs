//! Badges: a state in a word, with an icon so that the colour is never alone.

use leptos::prelude::*;
use tollgate_domain::charge::Outcome;
use tollgate_domain::key::KeyStatus;
use tollgate_domain::usage::Certainty;

use super::{Icon, IconName};

/// What a colour means. Nothing else is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Warning,
    Bad,
    Info,
    Neutral,
}

impl Tone {
    /// The class that sets the colour.
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
            Self::Info => "info",
            Self::Neutral => "neutral",
        }
    }

    pub fn icon(self) -> IconName {
        match self {
            Self::Good => IconName::Good,
            Self::Warning => IconName::Warning,
            Self::Bad => IconName::Bad,
            Self::Info => IconName::Info,
            Self::Neutral => IconName::Neutral,
        }
    }
}

#[component]
pub fn Badge(
    tone: Tone,
    #[prop(into)] label: String,
    /// On hover: what the state means.
    #[prop(optional, into)]
    title: Option<String>,
    /// Instead of the tone's own.
    #[prop(optional)]
    icon: Option<IconName>,
) -> impl IntoView {
    let class = format!("badge {}", tone.class());
    view! { <span class=class title=title><Icon name=icon.unwrap_or(tone.icon())/>{label}</span> }
}

#[component]
pub fn KeyStatusBadge(status: KeyStatus) -> impl IntoView {
    let (tone, icon, label) = match status {
        KeyStatus::Active => (Tone::Good, IconName::Good, "Active"),
        KeyStatus::Blocked => (Tone::Bad, IconName::Blocked, "Blocked"),
        KeyStatus::Expired => (Tone::Warning, IconName::Expired, "Expired"),
        KeyStatus::Deleted => (Tone::Neutral, IconName::Delete, "Deleted"),
    };
    view! { <Badge tone=tone label=label icon=icon/> }
}

/// How a request ended: its HTTP status, and in a word who said so. Without an outcome it never reached a provider.
#[component]
pub fn OutcomeBadge(outcome: Option<Outcome>, status: u16) -> impl IntoView {
    let (tone, icon, word, title) = match outcome {
        Some(Outcome::Success) => (Tone::Good, IconName::Good, "OK", "The provider answered to the end"),
        Some(Outcome::UpstreamError) => {
            (Tone::Bad, IconName::Bad, "Provider error", "The provider answered with an error")
        }
        Some(Outcome::UpstreamBroken) => {
            (Tone::Bad, IconName::Bad, "Broken answer", "No answer from the provider, or one that was cut off")
        }
        Some(Outcome::Timeout) => {
            (Tone::Bad, IconName::Expired, "Timeout", "The provider took longer than the deployment's limit")
        }
        Some(Outcome::Interrupted) => {
            (Tone::Warning, IconName::Warning, "Interrupted", "The gateway was stopped before the end")
        }
        None => (Tone::Warning, IconName::Blocked, "Refused", "Refused before any provider was asked"),
    };
    view! { <Badge tone=tone label=format!("{status} {word}") icon=icon title=title/> }
}

/// How sure an amount is.
#[component]
pub fn CertaintyBadge(certainty: Certainty) -> impl IntoView {
    let (tone, label, title) = match certainty {
        Certainty::Measured => (Tone::Neutral, "Measured", "The provider's own complete count, at a known price"),
        Certainty::Partial => (Tone::Warning, "Partial", "The call ended before the provider's final count"),
        Certainty::Estimated => (Tone::Warning, "Estimated", "The provider gave no count: an estimate"),
        Certainty::Unknown => (Tone::Warning, "Unknown", "No count from the provider, or no price for the model"),
    };
    let icon = if tone == Tone::Neutral { IconName::Check } else { IconName::Warning };
    view! { <Badge tone=tone label=label title=title icon=icon/> }
}
