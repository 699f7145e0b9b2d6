//! What the pages of records have in common: their last facts, and the frame of their forms.

use leptos::prelude::*;
use tollgate_domain::record::Meta;

use super::{Fact, Form};
use crate::components::{Icon, IconName, Moment};

/// When and by whom, and the way to all that was done to it; goes into [`super::Facts`].
#[component]
pub fn History(meta: Meta, created_by: String, updated_by: String, log: String) -> impl IntoView {
    view! {
        <Fact label="Created"><Moment at=meta.created_at />" by "{created_by}</Fact>
        <Fact label="Last changed">
            <Moment at=meta.updated_at />" by "{updated_by}
            <a class="onward" href=log>"All that was done to it"<Icon name=IconName::ArrowRight /></a>
        </Fact>
    }
}

/// The form that changes a thing, on its page: open where something in it needs another look. The children are its
/// fields.
#[component]
pub fn ChangeForm(
    /// The page of the thing.
    href: String,
    /// What can be changed by it.
    summary: &'static str,
    /// The thing's version.
    version: i64,
    /// Whether it was sent and not accepted.
    open: bool,
    form: Form,
    children: Children,
) -> impl IntoView {
    let action = format!("{href}/update");
    view! {
        <details class="card edit" id="edit" open=open>
            <summary>{summary}</summary>
            <form class="stack form" method="post" action=action data-guard="">
                {form.whole()}
                {form.version_field(version)}
                {children()}
                <div class="cluster">
                    <button class="button primary" type="submit">"Save changes"</button>
                    <a class="button quiet" href=href>"Cancel"</a>
                </div>
            </form>
        </details>
    }
}

/// The form that makes something. The children are its fields.
#[component]
pub fn NewForm(
    action: &'static str,
    /// What the button says.
    verb: &'static str,
    /// The list to go back to.
    list: &'static str,
    form: Form,
    children: Children,
) -> impl IntoView {
    view! {
        <form class="stack form" method="post" action=action data-guard="">
            {form.whole()}
            {children()}
            <div class="cluster">
                <button class="button primary" type="submit">{verb}</button>
                <a class="button quiet" href=list>"Cancel"</a>
            </div>
        </form>
    }
}
