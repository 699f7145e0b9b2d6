//! Before a budget is deleted: nobody may share it.

use leptos::prelude::*;

use super::budget_href;
use super::detail::SharedBy;
use crate::api::{BudgetView, get_budget};
use crate::components::{Notice, Tone};
use crate::kit::{ConfirmPage, Form, load_titled, path_id};

#[component]
pub fn DeleteBudgetPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    load_titled("Delete budget", "What breaks then.", get_budget(path_id()), move |view| {
        let BudgetView { budget, sharers, .. } = view;
        let href = budget_href(budget.id.as_str());
        let id = budget.id.to_string();
        let told = if sharers.is_empty() {
            view! { <p>"Nobody shares it, so nothing breaks."</p> }.into_any()
        } else {
            view! {
                <Notice tone=Tone::Warning>
                    "It can't be deleted while it is shared, for they would be left without any limit: " <SharedBy id sharers />
                </Notice>
            }
            .into_any()
        };
        view! {
            <ConfirmPage
                back=(href.clone(), "The budget")
                title=format!("Delete {}?", budget.name)
                action=format!("{href}/delete")
                verb="Delete budget"
                name=Some(budget.name)
                form
            >
                {told}
            </ConfirmPage>
        }
    })
}
