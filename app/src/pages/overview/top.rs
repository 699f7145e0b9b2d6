//! Who and what cost most.

use leptos::prelude::*;
use tollgate_domain::summary::{Overview, Period, Share};

use super::{percent, plots};
use crate::charts::{Palette, Sparkline};
use crate::components::{Count, Icon, IconName, Money};
use crate::pages::key_href;
use crate::pages::query::Query;

#[component]
pub fn TopModels(summary: Overview, period: Period, palette: Palette) -> impl IntoView {
    let rows = summary
        .top_models
        .iter()
        .map(|share| {
            let query = Query::default().with("model", Some(share.id.as_str())).with("period", Some(period.as_str()));
            let class = palette.of(&share.id).class();
            let trend = view! {
                <td class="trend"><Sparkline values=plots::model_costs(&summary, &share.id) class /></td>
            };
            let whole = summary.cost.0;
            view! { <Row share=share.clone() whole href=query.href("/ui/requests") trend=trend.into_any() /> }
        })
        .collect_view();
    let head = view! { <th scope="col" class="trend"><span class="visually-hidden">"Trend"</span></th> }.into_any();
    let empty = summary.top_models.is_empty();
    view! { <Top title="Top models" what="Model" all="/ui/models" head rows=rows.into_any() empty /> }
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
            view! { <Row share whole href trend=().into_any() /> }
        })
        .collect_view();
    view! { <Top title="Top keys" what="Key" all="/ui/keys" head=().into_any() rows=rows.into_any() empty /> }
}

#[component]
fn Top(
    title: &'static str,
    what: &'static str,
    all: &'static str,
    head: AnyView,
    rows: AnyView,
    empty: bool,
) -> impl IntoView {
    let table = if empty {
        view! { <p class="muted">"No calls in this period."</p> }.into_any()
    } else {
        view! {
            <div class="table-wrap" tabindex="0" role="region" aria-label=title>
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">{what}</th>
                            {head}
                            <th scope="col" class="num">"Calls"</th>
                            <th scope="col" class="num">"Errors"</th>
                            <th scope="col" class="num">"Spend"</th>
                            <th scope="col" class="num">"Share"</th>
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
fn Row(
    share: Share,
    /// The period's spend, of which the row is a share.
    whole: i64,
    href: String,
    trend: AnyView,
) -> impl IntoView {
    let share_text = percent(share.cost.0, whole);
    let title = share.label.clone();
    view! {
        <tr>
            <th scope="row" class="name"><a class="row-link" href=href title=title>{share.label}</a></th>
            {trend}
            <td class="num"><Count value=share.calls /></td>
            <td class="num"><Count value=share.errors /></td>
            <td class="num"><Money value=share.cost /></td>
            <td class="num">{share_text}</td>
        </tr>
    }
}
