//! What a page says after a form was sent. The address carries only which of these it is, never a text: anybody can
//! make a link.

use axum::response::{IntoResponse as _, Redirect, Response};
use leptos::prelude::*;
use tollgate_control::ControlError;

use super::{Query, query};
use crate::components::{Notice as Message, Tone};

/// How a form went: a name for the address, and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    pub name: &'static str,
    pub tone: Tone,
    pub text: &'static str,
}

impl Said {
    pub const fn good(name: &'static str, text: &'static str) -> Self {
        Self { name, tone: Tone::Good, text }
    }

    pub const fn bad(name: &'static str, text: &'static str) -> Self {
        Self { name, tone: Tone::Bad, text }
    }
}

/// What goes for everything.
const COMMON: [Said; 9] = [
    Said::good("created", "It is created."),
    Said::good("updated", "The changes are saved and hold from the next call on."),
    Said::good("deleted", "It is deleted."),
    Said::bad("nothing", "Nothing was changed: no row was ticked."),
    Said::bad("denied", "Nothing was changed: your role does not allow it. Ask an administrator."),
    Said::bad("not_found", "Nothing was changed: it does not exist, or it was deleted meanwhile."),
    Said::bad("conflict", "Nothing was changed: somebody else changed it meanwhile. Look at it again."),
    Said::bad("unavailable", "Nothing was changed: the database does not answer. Try again in a few seconds."),
    Said::bad("failed", "The change failed inside the server; its log says why. Look at it before you try again."),
];

/// The message that the address asks for, if any. `own` are the page's own ones, which come before the common ones.
#[component]
pub fn NoticeFromAddress(#[prop(optional)] own: &'static [Said]) -> impl IntoView {
    said(&query(), own).map(|said| view! { <Message tone=said.tone>{said.text}</Message> })
}

/// What an address says.
pub fn said(address: &Query, own: &[Said]) -> Option<Said> {
    let name = address.get("notice")?;
    own.iter().chain(&COMMON).find(|said| said.name == name).copied()
}

/// The name of why nothing was changed. What went wrong inside is logged.
pub fn refusal(error: &ControlError) -> &'static str {
    match error {
        ControlError::Denied { .. } => "denied",
        ControlError::NotFound { .. } => "not_found",
        ControlError::Conflict { .. } => "conflict",
        ControlError::Unavailable => "unavailable",
        ControlError::Invalid { .. } | ControlError::Internal(_) => {
            leptos::logging::error!("a form of the dashboard failed: {error:?}");
            "failed"
        }
    }
}

/// To a page of this dashboard, which then says how it went.
pub fn redirect_with(path: &str, notice: &str) -> Response {
    let mark = if path.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{path}{mark}notice={notice}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_one_text_and_nothing_else_is_said() {
        let own = [Said::good("deleted", "The key is deleted.")];
        let told = |address: &str| said(&Query::parse(address), &own).map(|said| said.text);
        assert_eq!(told("notice=deleted"), Some("The key is deleted."));
        assert_eq!(told("notice=created"), Some("It is created."));
        assert_eq!(told("notice=%3Cb%3Ehello"), None);
        assert_eq!(told(""), None);
    }
}
