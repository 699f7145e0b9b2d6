//! The models: what can be called, who answers, what it costs, how it does.

mod health;
mod price;

use leptos::prelude::*;
use tollgate_domain::Timestamp;
use tollgate_domain::summary::ModelRow;

use crate::api::{ModelsView, list_models};
use crate::components::{Badge, CodeBlock, EmptyState, IconName, Notice, PageHeader, Tone, count_text};
use crate::kit::{Query, load};
use health::HealthCell;
use price::{AllPrices, PriceCell};

const EXAMPLE: &str = "model_list:
  - model_name: gpt-4o
    litellm_params:
      model: openai/gpt-4o
      api_key: os.environ/OPENAI_API_KEY";

#[component]
pub fn Models() -> impl IntoView {
    view! {
        <PageHeader title="Models" purpose="What applications can call, who answers, what it costs, and how it has done in the last hour." />
        {load(list_models(), |view| view! { <ModelsContent view /> })}
    }
}

/// The page below its header.
#[component]
pub fn ModelsContent(view: ModelsView) -> impl IntoView {
    if view.rows.is_empty() {
        return view! {
            <EmptyState title="No model is configured" text="Models are configured in config.yaml, in LiteLLM's form. Add one and start again:">
                <CodeBlock label="config.yaml" code=EXAMPLE />
            </EmptyState>
        }
        .into_any();
    }
    let simulated = view.rows.iter().any(|row| row.simulator).then(|| {
        view! {
            <Notice tone=Tone::Info>
                "A simulated model asks no provider: its answers are canned and its costs are made-up money, there to try things out."
            </Notice>
        }
    });
    let now = view.now;
    let rows = view.rows.into_iter().map(|row| view! { <Row row now /> }).collect_view();
    view! {
        {simulated}
        <div class="table-wrap" tabindex="0" role="region" aria-label="Models">
            <table class="table tall-rows">
                <thead>
                    <tr>
                        <th scope="col">"Model"</th>
                        <th scope="col">"Answered by"</th>
                        <th scope="col">"Last hour"</th>
                        <th scope="col" class="num">"Input, per million"</th>
                        <th scope="col" class="num">"Output, per million"</th>
                        <th scope="col">"All prices"</th>
                        <th scope="col" class="num">"Tokens, at most"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <p class="note">
            "Prices are per million tokens at the standard tier. Models come from the configuration: to change them, change it and start again."
        </p>
    }
    .into_any()
}

#[component]
fn Row(row: ModelRow, now: Timestamp) -> impl IntoView {
    let href = Query::default().with("model", Some(row.model.as_str())).href("/ui/requests");
    // A pattern is no name of a request's model.
    let name = if row.model.contains('*') {
        view! { <strong>{row.model.clone()}</strong> }.into_any()
    } else {
        view! { <a class="row-link" href=href title="Its requests">{row.model.clone()}</a> }.into_any()
    };
    let aliases = (!row.aliases.is_empty())
        .then(|| view! { <span class="sub">{format!("Also called {}", row.aliases.join(", "))}</span> });
    // What it is for, and where it is configured.
    let facts = match &row.mode {
        Some(mode) => format!("{}, {}", mode.replace('_', " "), row.origin),
        None => row.origin.clone(),
    };
    let limit = |which: &str, tokens: Option<u64>| match tokens {
        Some(tokens) => format!("{} {which}", count_text(i64::try_from(tokens).unwrap_or(i64::MAX))),
        None => "–".to_owned(),
    };
    let output_limit =
        row.max_output_tokens.map(|tokens| view! { <span class="sub">{limit("out", Some(tokens))}</span> });
    view! {
        <tr>
            <th scope="row">
                {name}
                <span class="sub" title=format!("Deployment {}", row.deployment_id)>{facts}</span>
                {aliases}
            </th>
            <td><AnsweredBy row=row.clone() /></td>
            <td><HealthCell health=row.health.clone() now /></td>
            <PriceCell row=row.clone() />
            <td><AllPrices row=row.clone() /></td>
            <td class="num">
                {limit("in", row.max_input_tokens)}
                {output_limit}
            </td>
        </tr>
    }
}

#[component]
fn AnsweredBy(row: ModelRow) -> impl IntoView {
    if row.simulator {
        return view! {
            <Badge
                tone=Tone::Info
                icon=IconName::Playground
                label="Simulated"
                title="The built-in simulator: no provider is asked, and no real money is spent"
            />
        }
        .into_any();
    }
    let no_key = (!row.has_api_key).then(|| {
        view! {
            " "
            <Badge tone=Tone::Warning label="No API key" title="Calls go out without a credential; most providers refuse that" />
        }
    });
    view! {
        <span title=row.base_url>{row.provider}</span>
        {no_key}
        <span class="sub mono">{row.upstream_model}</span>
    }
    .into_any()
}
