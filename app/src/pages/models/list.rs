//! The models: what can be called, who answers, what it costs, how it does.

use leptos::prelude::*;
use tollgate_domain::Timestamp;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::summary::ModelRow;

use super::health::HealthCell;
use super::price::{AllPrices, PriceCell};
use super::{MODELS, SAID, model_href, model_tabs};
use crate::api::{ModelItem, ModelsView, StoredModelView, list_models};
use crate::components::{Badge, CodeBlock, EmptyState, Icon, IconName, Notice, PageHeader, Tone, count_text};
use crate::kit::{Allowed, Column, DataTable, FilterBar, Filters, ListQuery, NoticeFromAddress, column, load, query};

const EXAMPLE: &str = "model_list:
  - model_name: gpt-4o
    litellm_params:
      model: openai/gpt-4o
      api_key: os.environ/OPENAI_API_KEY";

const COLUMNS: [Column; 7] = [
    column("Model"),
    column("Answered by"),
    column("Last hour"),
    column("Input, per million").number(),
    column("Output, per million").number(),
    column("All prices"),
    column("Tokens, at most").number(),
];

fn model_filters() -> Filters {
    Filters::new(MODELS).search("q", "Search models", "Model, provider or id").choice(
        "origin",
        "Configured",
        "Configured anywhere",
        [("file", "In the configuration"), ("database", "In the database")],
    )
}

#[component]
pub fn Models() -> impl IntoView {
    let list = model_filters().read(&query());
    view! {
        <PageHeader title="Models" purpose="What applications can call, who answers, what it costs, and how it has done in the last hour.">
            <Allowed action=Action::Create resource=Resource::Model>
                <a class="button primary" href="/ui/models/new" data-create="">
                    <Icon name=IconName::Add />
                    "Add model"
                </a>
            </Allowed>
        </PageHeader>
        <Allowed action=Action::Read resource=Resource::Credential>{model_tabs(MODELS)}</Allowed>
        <NoticeFromAddress own=SAID />
        <FilterBar list=list.clone() />
        {load(list_models(list.clone()), |view| view! { <ModelsContent view list /> })}
    }
}

/// The page below its header.
#[component]
pub fn ModelsContent(view: ModelsView, #[prop(optional, into)] list: Option<ListQuery>) -> impl IntoView {
    let ModelsView { rows, next, total, now, may_create } = view;
    if rows.is_empty() {
        return view! { <NoModels filtered=list.is_some_and(|list| list.is_filtered()) may_create /> }.into_any();
    }
    let simulated = rows.iter().any(|item| item.row.as_ref().is_some_and(|row| row.simulator)).then(|| {
        view! {
            <Notice tone=Tone::Info>
                "A simulated model asks no provider: its answers are canned and its costs are made-up money, there to try things out."
            </Notice>
        }
    });
    let shown = rows.len();
    let rows = rows.into_iter().map(|item| view! { <Item item now /> }).collect_view();
    let counted =
        (shown < total).then(|| format!("{} models match. ", count_text(i64::try_from(total).unwrap_or(i64::MAX))));
    view! {
        {simulated}
        <DataTable label="Models" columns=COLUMNS.to_vec() list next tall=true>{rows}</DataTable>
        <p class="note">
            {counted}
            "Prices are per million tokens at the standard tier. Models of the configuration file are changed there, followed by a restart; those of the database are changed here, at once."
        </p>
    }
    .into_any()
}

#[component]
fn NoModels(filtered: bool, may_create: bool) -> impl IntoView {
    if filtered {
        return view! {
            <EmptyState title="No model matches" text="Search looks at names, providers and ids of deployments.">
                <a class="button" href=MODELS>"Show all models"</a>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <EmptyState title="No model is configured" text="Add one here; or write it into config.yaml, in LiteLLM's form, and start again:">
            {may_create.then(|| view! { <a class="button primary" href="/ui/models/new">"Add the first model"</a> })}
            <CodeBlock label="config.yaml" code=EXAMPLE />
        </EmptyState>
    }
    .into_any()
}

#[component]
fn Item(item: ModelItem, now: Timestamp) -> impl IntoView {
    let ModelItem { row, stored } = item;
    match (row, stored) {
        (Some(row), _) => view! { <Row row now /> }.into_any(),
        (None, Some(stored)) => view! { <Uncalled stored /> }.into_any(),
        (None, None) => ().into_any(),
    }
}

/// One that the database keeps and that gets no calls.
#[component]
fn Uncalled(stored: StoredModelView) -> impl IntoView {
    let dash = || view! { <span class="muted">"–"</span> };
    let state = if stored.blocked {
        view! { <Badge tone=Tone::Bad icon=IconName::Blocked label="Blocked" title="It gets no calls until it is unblocked" /> }
            .into_any()
    } else {
        view! { <Badge tone=Tone::Bad label="Can't be called" title="It can't be called as it is written: test it to see why" /> }
            .into_any()
    };
    view! {
        <tr data-key=stored.id.clone()>
            <th scope="row">
                <a class="row-link" href=model_href(&stored.id)>{stored.model.clone()}</a>
                <span class="sub">"database"</span>
            </th>
            <td><span class="mono">{stored.param("model")}</span></td>
            <td>{state}</td>
            <td class="num">{dash()}</td>
            <td class="num">{dash()}</td>
            <td>{dash()}</td>
            <td class="num">{dash()}</td>
        </tr>
    }
}

#[component]
fn Row(row: ModelRow, now: Timestamp) -> impl IntoView {
    let name = view! { <a class="row-link" href=model_href(&row.deployment_id)>{row.model.clone()}</a> };
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
        <tr data-key=row.deployment_id.clone()>
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
pub fn AnsweredBy(row: ModelRow) -> impl IntoView {
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
