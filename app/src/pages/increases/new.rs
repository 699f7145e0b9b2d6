//! Asking for an increase.

use leptos::prelude::*;
use tollgate_domain::ledger::AccountKind;

use super::{Approvers, INCREASES};
use crate::components::{EmptyState, PageHeader};
use crate::kit::{Crumb, Form, NewForm, query};

#[component]
pub fn NewIncreasePage() -> impl IntoView {
    let asked = query();
    let form = Form::of_context().unwrap_or_else(|| {
        let of = |name: &str| asked.get(name).unwrap_or_default();
        Form::filled([("account", of("account")), ("id", of("id"))])
    });
    let (account, id) = (form.typed("account"), form.typed("id"));
    let body = if account.is_empty() || id.is_empty() {
        view! {
            <EmptyState title="Which limit?" text="Open the page of the key, team or person whose limit is in the way, or of the call that was refused, and ask there." />
        }
        .into_any()
    } else {
        let whom = AccountKind::parse(&account).map(|kind| view! { <Approvers kind id=id.clone() /> });
        view! {
            {whom}
            <NewForm action="/ui/increases/create" verb="Send request" list=INCREASES form=form.clone()>
                <p>{format!("For the {account} ")}<span class="mono">{id.clone()}</span></p>
                <input type="hidden" name="account" value=account.clone() />
                <input type="hidden" name="id" value=id.clone() />
                {form.dollars("amount", "How much more").required().help("Added to the limit while it lasts.").view()}
                {form.date("until", "Until the end of").help("In UTC. Left empty: the end of the budget's window, or 30 days where it has none.").view()}
                {form.lines("reason", "What it is needed for").required().help("Whoever decides reads it.").view()}
            </NewForm>
        }
        .into_any()
    };
    view! {
        <Crumb href=INCREASES label="Requests for increases" />
        <PageHeader title="Request an increase" purpose="Whoever may raise this limit is asked; the increase ends by itself." />
        {body}
    }
}
