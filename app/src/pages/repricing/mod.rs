//! Pricing charges anew after a price was corrected: what would change, and doing it.

mod report;

use leptos::prelude::*;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::repricing::{RepricingRun, RunState};

use crate::api::{RepricingView, get_repricing};
use crate::components::{Count, Moment, Money, Notice, PageHeader, Tone};
use crate::kit::{Allowed, Column, DataTable, Form, NoticeFromAddress, Said, column, load, query};
use report::Report;

pub const REPRICING: &str = "/ui/repricing";

/// What is typed, here and in the form that applies it.
pub const FIELDS: [&str; 8] = ["model", "deployment", "provider", "team", "key", "since", "until", "price"];

const SAID: &[Said] = &[
    Said::good("done", "The charges are priced anew. Reports and budgets count it from now on."),
    Said::good("running", "A part of the charges is priced anew. There is more to do: continue the run."),
];

const RUNS: [Column; 6] = [
    column("Begun"),
    column("State"),
    column("Charges").number(),
    column("Adjusted").number(),
    column("Difference").number(),
    column(""),
];

#[component]
pub fn RepricingPage() -> impl IntoView {
    let address = query();
    let asked = address.get("asked").is_some();
    let form = Form::of_context().unwrap_or_else(|| {
        Form::filled(FIELDS.into_iter().filter_map(|name| address.get(name).map(|value| (name, value))))
    });
    let question = get_repricing(asked.then(|| form.clone()));
    view! {
        <PageHeader
            title="Pricing anew"
            purpose="After a price was wrong: see what the calls would have cost at the right one, and have the difference booked."
        />
        <NoticeFromAddress own=SAID />
        {form.whole()}
        <Question form=form.clone() />
        {load(question, move |view| view! { <Answer view form /> })}
    }
}

#[component]
fn Question(form: Form) -> impl IntoView {
    view! {
        <form class="stack form" method="get" action=REPRICING>
            <input type="hidden" name="asked" value="1" />
            {form.text("model", "Model").help("What callers asked for.").view()}
            {form.text("deployment", "Deployment").help("A deployment's id.").view()}
            {form.text("provider", "Provider").view()}
            {form.text("team", "Team").help("A team's id.").view()}
            {form.text("key", "Key").help("A key's id, or master_key.").view()}
            {form.date("since", "From").view()}
            {form.date("until", "To").view()}
            {form
                .text("price", "The right price")
                .placeholder("input=2.5 output=10")
                .help("In dollars for a million tokens, of the model or deployment above. Without, what the configuration and the price book say now.")
                .view()}
            <div><button class="button" type="submit">"See what would change"</button></div>
        </form>
    }
}

#[component]
fn Answer(view: RepricingView, form: Form) -> impl IntoView {
    let RepricingView { runs, report } = view;
    let report = report.map(|report| match report {
        Err(problem) => view! { <Notice tone=Tone::Bad>{problem}</Notice> }.into_any(),
        Ok(report) => {
            let changes = report.changed.charges > 0;
            let fields = FIELDS
                .into_iter()
                .map(|name| view! { <input type="hidden" name=name value=form.typed(name) /> })
                .collect_view();
            view! {
                <Report report />
                {changes.then(|| view! {
                    <Allowed action=Action::Create resource=Resource::Settings>
                        <form class="stack form" method="post" action=REPRICING>
                            {fields}
                            <p class="note">
                                "Charges are never changed: each gets an adjusting entry of its own, which counts in the hour, the month and the budgets of the call."
                            </p>
                            <div><button class="button primary" type="submit">"Book the difference"</button></div>
                        </form>
                    </Allowed>
                })}
            }
            .into_any()
        }
    });
    view! { {report} <Runs runs /> }
}

#[component]
fn Runs(runs: Vec<RepricingRun>) -> impl IntoView {
    if runs.is_empty() {
        return ().into_any();
    }
    let rows = runs.into_iter().map(|run| view! { <Run run /> }).collect_view();
    view! {
        <section class="stack">
            <h2>"Runs"</h2>
            <DataTable label="Runs" columns=RUNS.to_vec()>{rows}</DataTable>
        </section>
    }
    .into_any()
}

#[component]
fn Run(run: RepricingRun) -> impl IntoView {
    let running = run.state == RunState::Running;
    let action = format!("{REPRICING}/{}/continue", run.id);
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    view! {
        <tr data-key=run.id.clone()>
            <th scope="row"><Moment at=run.created_at /></th>
            <td>{if running { "Not done" } else { "Done" }}</td>
            <td class="num"><Count value=count(run.charges) /></td>
            <td class="num"><Count value=count(run.adjusted) /></td>
            <td class="num"><Money value=run.difference /></td>
            <td>
                {running.then(|| view! {
                    <Allowed action=Action::Create resource=Resource::Settings>
                        <form method="post" action=action><button class="button" type="submit">"Continue"</button></form>
                    </Allowed>
                })}
            </td>
        </tr>
    }
}
