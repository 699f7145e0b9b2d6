//! What the page says after a form was sent. The address carries only which of these it is, never a text: anybody can
//! make a link.

use leptos::prelude::*;
use tollgate_domain::key::KeyStatus;

use crate::components::{Notice as Message, Tone};
use crate::kit::{Query, query};

/// How a change of a key went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    Blocked,
    Unblocked,
    Deleted,
    Updated,
    NotConfirmed,
    Denied,
    NotFound,
    Unavailable,
    Failed,
}

impl Notice {
    pub const ALL: [Self; 9] = [
        Self::Blocked,
        Self::Unblocked,
        Self::Deleted,
        Self::Updated,
        Self::NotConfirmed,
        Self::Denied,
        Self::NotFound,
        Self::Unavailable,
        Self::Failed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Unblocked => "unblocked",
            Self::Deleted => "deleted",
            Self::Updated => "updated",
            Self::NotConfirmed => "not_confirmed",
            Self::Denied => "denied",
            Self::NotFound => "not_found",
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.as_str() == text)
    }

    /// The notice that the address asks for, if any.
    pub fn of(query: &Query) -> Option<Self> {
        query.get("notice").and_then(|text| Self::parse(&text))
    }

    /// Whether this tells that a key has this status.
    pub fn says(self, status: KeyStatus) -> bool {
        matches!((self, status), (Self::Blocked, KeyStatus::Blocked) | (Self::Deleted, KeyStatus::Deleted))
    }

    fn tone(self) -> Tone {
        match self {
            Self::Blocked | Self::Unblocked | Self::Deleted | Self::Updated => Tone::Good,
            Self::NotConfirmed | Self::Denied | Self::NotFound | Self::Unavailable | Self::Failed => Tone::Bad,
        }
    }

    pub fn text(self) -> &'static str {
        match self {
            Self::Blocked => "The key is blocked. Calls with it are refused from now on, until it is unblocked.",
            Self::Unblocked => "The key is no longer blocked.",
            Self::Deleted => {
                "The key is deleted. Calls with it are refused; what it did stays on record. It can't be brought back."
            }
            Self::Updated => "The changes are saved and hold from the next call on.",
            Self::NotConfirmed => "Nothing was deleted: what you typed is not the key's name.",
            Self::Denied => "Nothing was changed: your role does not allow it. Ask an administrator.",
            Self::NotFound => "Nothing was changed: the key does not exist, or it was deleted meanwhile.",
            Self::Unavailable => "Nothing was changed: the database does not answer. Try again in a few seconds.",
            Self::Failed => {
                "The change failed inside the server; its log says why. Look at the key before you try again."
            }
        }
    }
}

/// The message that the address asks for, if any.
#[component]
pub fn NoticeFromAddress() -> impl IntoView {
    Notice::of(&query()).map(|notice| view! { <Message tone=notice.tone()>{notice.text()}</Message> })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_one_notice() {
        for notice in Notice::ALL {
            assert_eq!(Notice::parse(notice.as_str()), Some(notice));
        }
        assert_eq!(Notice::parse("<b>anything</b>"), None);
    }
}
