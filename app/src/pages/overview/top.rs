//! Who and what cost most.

use leptos::prelude::*;
use tollgate_domain::summary::{Overview, Period, Share};

use super::{percent, plots};
use crate::charts::{Palette, Sparkline};
use crate::components::{Count, Icon, IconName, Money};
use crate::kit::Query;
use crate::pages::key_href;

#[component]
pub fn TopModels(summary: Overview, period: Period, palette: Palette, simulated: Vec<String>) -> impl IntoView {
    let rows = summary
        .top_models
        .iter()
        .map(|share| {
            let query = Query::default().with("model", Some(share.id.as_str())).with("period", Some(period.as_str()));
            let class = palette.of(&share.id).class();
            let trend = view! {
                <td class="trend"><Sparkline values=plots::model_costs(&summary, &share.id) class /></td>
            };
            let mut share = share.clone();
            if simulated.contains(&share.id) {
                share.label.push_str(" (simulated)");
            }
            view! { <Row share href=query.href("/ui/requests") middle=trend.into_any() last=().into_any() /> }
        })
        .collect_view();
    let middle = view! { <th scope="col" class="trend"><span class="visually-hidden">"Trend"</span></th> }.into_any();
    let empty = summary.top_models.is_empty();
    let head = Head { what: "Model", middle, last: ().into_any() };
    view! { <Top title="Top models" all="/ui/models" head rows=rows.into_any() empty /> }
}

#[component]
pub fn TopKeys(summary: Overview, period: Period) -> impl IntoView {
    let whole = summary.cost.0;
    let empty = summary.top_keys.is_empty();
    let rows = summary
        .top_keys
        .into_iter()
        .map(|share| {
            // The master key has no page of its own.
            let requests =
                || Query::default().with("key", Some(share.id.as_str())).with("period", Some(period.as_str()));
            let href = if share.id == "master_key" { requests().href("/ui/requests") } else { key_href(&share.id) };
            let part = view! { <td class="num">{percent(share.cost.0, whole)}</td> };
            view! { <Row share href middle=().into_any() last=part.into_any() /> }
        })
        .collect_view();
    let last = view! { <th scope="col" class="num">"Share"</th> }.into_any();
    let head = Head { what: "Key", middle: ().into_any(), last };
    view! { <Top title="Top keys" all="/ui/keys" head rows=rows.into_any() empty /> }
}

/// The head's cells that differ.
struct Head {
    what: &'static str,
    /// After the name.
    middle: AnyView,
    /// After the spend.
    last: AnyView,
}

#[component]
fn Top(title: &'static str, all: &'static str, head: Head, rows: AnyView, empty: bool) -> impl IntoView {
    let table = if empty {
        view! { <p class="muted">"No calls in this period."</p> }.into_any()
    } else {
        view! {
            <div class="table-wrap" tabindex="0" role="region" aria-label=title>
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">{head.what}</th>
                            {head.middle}
                            <th scope="col" class="num">"Calls"</th>
                            <th scope="col" class="num">"Errors"</th>
                            <th scope="col" class="num">"Spend"</th>
                            {head.last}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="stack tight">
            <div class="section-header">
                <h2>{title}</h2>
                <a href=all>"All of them"<Icon name=IconName::ArrowRight /></a>
            </div>
            {table}
        </section>
    }
    .into_any()
}

#[component]
fn Row(share: Share, href: String, middle: AnyView, last: AnyView) -> impl IntoView {
    let label = share.label;
    view! {
        <tr>
            <th scope="row" class="name"><a class="row-link" href=href title=label.clone()>{label.clone()}</a></th>
            {middle}
            <td class="num"><Count value=share.calls /></td>
            <td class="num"><Count value=share.errors /></td>
            <td class="num"><Money value=share.cost /></td>
            {last}
        </tr>
    }
}
