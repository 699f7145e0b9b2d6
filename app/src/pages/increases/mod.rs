//! The pages about requests for increases: more money for a while, asked and decided.

mod ask;
mod detail;
mod list;
mod new;

use tollgate_domain::increase::IncreaseState;
use tollgate_domain::ledger::AccountKind;

use crate::components::Tone;
use crate::kit::{Query, Said, segment};

pub use ask::Approvers;
pub use detail::IncreasePage;
pub use list::IncreaseList;
pub use new::NewIncreasePage;

pub const INCREASES: &str = "/ui/increases";

/// The page of one request.
pub fn increase_href(id: &str) -> String {
    format!("{INCREASES}/{}", segment(id))
}

/// The form that asks for more on an account.
pub fn ask_href(account: AccountKind, id: &str) -> String {
    Query::default().with("account", Some(account.as_str())).with("id", Some(id)).href(&format!("{INCREASES}/new"))
}

/// How a request went.
const SAID: &[Said] = &[
    Said::good("asked", "The request is sent. Whoever may raise the limit sees it on this page, and so do you."),
    Said::good("approved", "The increase is approved, and holds from the next call on."),
    Said::good("declined", "The request is denied. The limit stays as it was."),
    Said::good("withdrawn", "The request is withdrawn."),
];

fn state_text(state: IncreaseState) -> (Tone, &'static str) {
    match state {
        IncreaseState::Open => (Tone::Info, "Open"),
        IncreaseState::Approved => (Tone::Good, "Approved"),
        IncreaseState::Denied => (Tone::Bad, "Denied"),
        IncreaseState::Withdrawn => (Tone::Neutral, "Withdrawn"),
        IncreaseState::Expired => (Tone::Neutral, "Expired"),
    }
}

/// `key ci-runner`
fn account_text(kind: AccountKind, name: &str) -> String {
    format!("{} {name}", kind.as_str())
}
