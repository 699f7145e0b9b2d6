//! What several kinds of records show alike: their models, and the budget that they share.

use leptos::prelude::*;
use tollgate_domain::limits::Limits;
use tollgate_domain::model::ModelPattern;

use super::{BudgetCell, Choices, Fact, segment};

/// Models as texts, for forms.
pub fn pattern_texts(models: &[ModelPattern]) -> Vec<String> {
    models.iter().map(|model| model.as_str().to_owned()).collect()
}

/// The first models in a cell; all of them on hover.
#[component]
pub fn ModelsCell(models: Vec<ModelPattern>, none: &'static str) -> impl IntoView {
    const SHOWN: usize = 2;
    if models.is_empty() {
        return view! { <span class="muted">{none}</span> }.into_any();
    }
    let texts = pattern_texts(&models);
    let more = texts.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let shown = texts.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    view! { <span class="models" title=texts.join(", ")><span class="clip">{shown}</span>{more}</span> }.into_any()
}

/// All models among facts.
#[component]
pub fn ModelsFact(models: Vec<ModelPattern>, none: &'static str) -> impl IntoView {
    let shown = if models.is_empty() {
        none.into_any()
    } else {
        let items =
            pattern_texts(&models).into_iter().map(|model| view! { <li class="mono">{model}</li> }).collect_view();
        view! { <ul class="inline-list">{items}</ul> }.into_any()
    };
    view! { <Fact label="Models">{shown}</Fact> }
}

fn href(budget: &str) -> String {
    format!("/ui/budgets/{}", segment(budget))
}

/// The budget that holds in a cell: a shared one by its name, or one of its own.
#[component]
pub fn SharedBudgetCell(budget: Option<String>, limits: Limits, budgets: Choices) -> impl IntoView {
    match budget {
        Some(id) => {
            let name = budgets.label(&id).to_owned();
            view! { <a class="clip" href=href(&id)>{name}</a> }.into_any()
        }
        None => view! { <BudgetCell limits /> }.into_any(),
    }
}

/// The shared budget among facts, where there is one.
#[component]
pub fn SharedBudgetFact(budget: Option<String>, budgets: Choices) -> impl IntoView {
    budget.map(|id| {
        let name = budgets.label(&id).to_owned();
        view! { <Fact label="Shared budget"><a href=href(&id)>{name}</a></Fact> }
    })
}
