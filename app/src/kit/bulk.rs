//! Doing something with many rows at once. Works without JavaScript: the boxes are ticked one by one then, and the bar
//! is always there.

use leptos::prelude::*;

/// A button of the action bar.
#[derive(Clone, Copy, Debug)]
pub struct BulkAction {
    label: &'static str,
    /// Sent as `do`.
    verb: &'static str,
    /// Where it leads, and whether as a question first.
    confirm: Option<&'static str>,
}

impl BulkAction {
    /// Done at once: sent to the form's own address as `do=verb`.
    pub const fn new(label: &'static str, verb: &'static str) -> Self {
        Self { label, verb, confirm: None }
    }

    /// What can't be undone leads to a page that says what will break: a GET of `path` with the `ids`.
    pub const fn confirmed(label: &'static str, path: &'static str) -> Self {
        Self { label, verb: "", confirm: Some(path) }
    }
}

/// Around a [`super::DataTable`] whose `select` is `id`, and whose rows begin with [`SelectCell`]. The handler gets the
/// ticked rows as `ids`, the verb as `do`, and the page to come back to as `back`.
#[component]
pub fn BulkForm(
    id: &'static str,
    /// Where it is posted to.
    action: &'static str,
    /// The page to come back to.
    back: String,
    actions: Vec<BulkAction>,
    children: Children,
) -> impl IntoView {
    let buttons = actions
        .into_iter()
        .map(|action| match action.confirm {
            Some(path) => view! {
                <button class="button danger-quiet" type="submit" formmethod="get" formaction=path>{action.label}</button>
            }
            .into_any(),
            None => view! { <button class="button" type="submit" name="do" value=action.verb>{action.label}</button> }
                .into_any(),
        })
        .collect_view();
    // The rows have forms of their own, and a form can't be within another: the boxes name this one instead.
    view! {
        <div class="bulk" data-bulk="">
            {children()}
            <form class="bulk-bar" id=id method="post" action=action>
                <input type="hidden" name="back" value=back />
                <span class="bulk-words">
                    <span class="needs-js"><span data-selected="">"0"</span>" selected"</span>
                    <span class="no-js">"With the ticked rows:"</span>
                </span>
                {buttons}
            </form>
        </div>
    }
}

/// The first cell of a row.
#[component]
pub fn SelectCell(
    /// The bulk form's id.
    form: &'static str,
    #[prop(into)] id: String,
    /// What the row is called.
    #[prop(into)]
    name: String,
) -> impl IntoView {
    view! {
        <td class="select">
            <input type="checkbox" name="ids" value=id form=form aria-label=format!("Select {name}") autocomplete="off" />
        </td>
    }
}
