//! What something used, ever: on its own page and in lists.

use leptos::prelude::*;
use tollgate_domain::report::{Dimension, Totals};

use super::usage_of;
use crate::components::{Icon, IconName, Moment, Money, count_text};
use crate::kit::Fact;

/// A cell of a table.
#[component]
pub fn SpentCell(totals: Option<Totals>) -> impl IntoView {
    let spent = match totals {
        Some(totals) => view! { <Money value=totals.spent /> }.into_any(),
        None => view! { <span class="muted">"–"</span> }.into_any(),
    };
    view! { <td class="num">{spent}</td> }
}

/// Facts of a thing's page, with the way to its usage, told apart by `by` where that is not models.
#[component]
pub fn SpentFacts(totals: Option<Totals>, what: Dimension, id: String, by: Option<Dimension>) -> impl IntoView {
    totals.map(|totals| {
        let calls = match totals.calls {
            0 => " in no call".to_owned(),
            1 => " in 1 call".to_owned(),
            calls => format!(" in {} calls", count_text(calls)),
        };
        let last = totals.last_used_at.map(|at| view! { <Fact label="Last used"><Moment at /></Fact> });
        let usage = usage_of(what, &id, by);
        view! {
            <Fact label="Spend so far">
                <Money value=totals.spent />
                {calls}
                <a class="onward" href=usage>"Usage"<Icon name=IconName::ArrowRight /></a>
            </Fact>
            {last}
        }
    })
}
