//! Whom to ask for more.

use leptos::prelude::*;
use tollgate_domain::ledger::AccountKind;

use crate::api::approvers;
use crate::kit::load;

/// A sentence that names those who can raise an account's limits, where the viewer may see the account.
#[component]
pub fn Approvers(kind: AccountKind, #[prop(into)] id: String) -> impl IntoView {
    load(approvers(kind, id), |people| {
        (!people.is_empty()).then(|| view! { <p>"It can be raised by " {people.join(", ")} "."</p> })
    })
}
