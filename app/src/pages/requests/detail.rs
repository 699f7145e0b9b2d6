//! One request's whole story.

use leptos::prelude::*;
use tollgate_domain::charge::Outcome;
use tollgate_domain::summary::RequestDetail;

use super::REQUESTS;
use super::breakdown::Breakdown;
use super::refusals::{Reason, account_of};
use super::table::Key;
use super::timing::Timing;
use super::words;
use crate::api::get_request;
use crate::components::{CertaintyBadge, CopyField, Count, Icon, IconName, Moment, Notice, OutcomeBadge, Tone};
use crate::kit::{DetailPage, Fact, Facts, OptionalFact, Query, load_titled, path_param};
use crate::pages::{Approvers, ask_href};

const PURPOSE: &str = "One request from its arrival to its cost.";

#[component]
pub fn RequestDetailPage() -> impl IntoView {
    load_titled("Request", PURPOSE, get_request(path_param("id")), |detail| view! { <Story detail /> })
}

#[component]
fn Story(detail: RequestDetail) -> impl IntoView {
    let refused = detail.row.outcome.is_none();
    let title = match &detail.row.model {
        Some(model) => format!("{} with {model}", words::operation(detail.row.operation)),
        None => words::operation(detail.row.operation).to_owned(),
    };
    let body = if refused {
        view! { <Refused detail=detail.clone() /> }.into_any()
    } else {
        view! { <Answered detail=detail.clone() /> }.into_any()
    };
    let (outcome, status) = (detail.row.outcome, detail.row.status);
    let badge = move || view! { <OutcomeBadge outcome status /> };
    view! {
        <DetailPage list=(REQUESTS, "Requests") title purpose=PURPOSE actions=badge>
            {body}
            <RequestFacts detail=detail.clone() />
            <Ids detail />
        </DetailPage>
    }
}

#[component]
fn Refused(detail: RequestDetail) -> impl IntoView {
    let reason = Reason::of(&detail);
    let (outcome, advice) = (words::outcome(&detail), reason.advice());
    let account = detail.row.error.as_deref().filter(|_| reason == Reason::OverBudget).and_then(account_of);
    let ask = account.map(|(kind, id)| {
        let href = ask_href(kind, &id);
        view! { <Approvers kind id /> <p><a class="button" href=href>"Request an increase"</a></p> }
    });
    view! {
        <Notice tone=Tone::Warning>
            <p><strong>{outcome}</strong></p>
            <p>{advice}</p>
            {ask}
        </Notice>
        <Error text=detail.row.error />
    }
}

#[component]
fn Answered(detail: RequestDetail) -> impl IntoView {
    let tone = if detail.row.outcome == Some(Outcome::Success) { Tone::Good } else { Tone::Bad };
    let timing = detail.row.duration_us.map(|duration_us| {
        view! {
            <section class="stack">
                <h2>"Time"</h2>
                <Timing duration_us first_byte_us=detail.row.first_byte_us />
            </section>
        }
    });
    view! {
        <p class=format!("outcome {}", tone.class())>
            <Icon name=tone.icon() />
            {words::outcome(&detail)}
        </p>
        <Error text=detail.row.error.clone() />
        <div class="grid-2">{timing} <Tokens detail=detail.clone() /></div>
        <Cost detail />
    }
}

#[component]
fn Error(text: Option<String>) -> impl IntoView {
    text.map(|text| {
        view! {
            <section class="stack">
                <h2>"Error"</h2>
                <p class="mono error-text">{text}</p>
            </section>
        }
    })
}

#[component]
fn Tokens(detail: RequestDetail) -> impl IntoView {
    let rows = words::tokens(&detail.usage)
        .into_iter()
        .map(|(name, count, part)| {
            let name = if part { format!("of these {name}") } else { name.to_owned() };
            let class = part.then_some("part");
            let value = i64::try_from(count).unwrap_or(i64::MAX);
            view! {
                <tr class=class>
                    <th scope="row">{name}</th>
                    <td class="num"><Count value /></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="stack">
            <h2>"Tokens"</h2>
            <table class="table small">
                <thead class="visually-hidden">
                    <tr>
                        <th scope="col">"Kind"</th>
                        <th scope="col">"Tokens"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
}

#[component]
fn Cost(detail: RequestDetail) -> impl IntoView {
    let breakdown = Breakdown::new(&detail.cost_lines, detail.row.cost);
    let certainty = detail.row.certainty.map(|certainty| {
        view! {
            <p class="cluster">
                <CertaintyBadge certainty />
                {words::certainty(certainty, detail.row.outcome)}
            </p>
        }
    });
    let source = match detail.price_source {
        Some(source) => view! { <p class="muted">"Prices from: " {source}</p> }.into_any(),
        None => {
            view! { <p class="muted">"There was no price for this model, so nothing could be charged."</p> }.into_any()
        }
    };
    view! {
        <section class="stack">
            <h2>"Cost"</h2>
            <CostTable breakdown />
            {certainty}
            {source}
        </section>
    }
}

#[component]
fn CostTable(breakdown: Breakdown) -> impl IntoView {
    let Breakdown { lines, sum, rounding, total, adds_up } = breakdown;
    let rows = lines
        .into_iter()
        .map(|line| {
            view! {
                <tr>
                    <th scope="row">{line.name}</th>
                    <td class="num">{line.units}</td>
                    <td class="num">{line.price}</td>
                    <td class="num">{line.amount}</td>
                </tr>
            }
        })
        .collect_view();
    let rounding = rounding.map(|rounding| {
        view! {
            <tr>
                <th scope="row" colspan="3">"Exact sum"</th>
                <td class="num">{sum}</td>
            </tr>
            <tr>
                <th scope="row" colspan="3">"Rounded up to a billionth of a dollar"</th>
                <td class="num">{rounding}</td>
            </tr>
        }
    });
    let broken = (!adds_up).then(|| {
        view! {
            <Notice tone=Tone::Bad>
                "The lines don't come to the amount that was charged: this line of the ledger is damaged. The amount charged is what counts."
            </Notice>
        }
    });
    view! {
        <div class="table-wrap" tabindex="0" role="region" aria-label="Cost">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"For"</th>
                        <th scope="col" class="num">"Units"</th>
                        <th scope="col" class="num">"Price"</th>
                        <th scope="col" class="num">"Amount"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
                <tfoot>
                    {rounding}
                    <tr class="total">
                        <th scope="row" colspan="3">"Charged"</th>
                        <td class="num">{total}</td>
                    </tr>
                </tfoot>
            </table>
        </div>
        {broken}
    }
}

#[component]
fn RequestFacts(detail: RequestDetail) -> impl IntoView {
    let row = detail.row;
    let attempt = (detail.attempt > 1).then(|| detail.attempt.to_string());
    let asked = row.outcome.is_some().then(|| {
        view! {
            <Fact label="Streamed">{if row.streamed { "Yes" } else { "No" }}</Fact>
            <Fact label="Client">{if detail.client_left { "Left before the end" } else { "Stayed to the end" }}</Fact>
        }
    });
    view! {
        <section class="stack">
            <h2>"Facts"</h2>
            <Facts>
                <Fact label="Time"><Moment at=row.at /></Fact>
                <Fact label="Key"><Key id=row.key_id label=row.key_label /></Fact>
                <Fact label="Operation">{words::operation(row.operation)}</Fact>
                <OptionalFact label="Model asked for" value=row.model />
                <OptionalFact label="Called instead of" value=detail.instead_of />
                <OptionalFact label="Deployment" value=detail.deployment_id />
                <OptionalFact label="Provider" value=row.provider />
                <OptionalFact label="Provider's model" value=detail.upstream_model />
                <Fact label="Status">{row.status.to_string()}</Fact>
                <OptionalFact label="Error type" value=detail.refusal_kind />
                {asked}
                <OptionalFact label="Attempt" value=attempt />
                <OptionalFact label="End user" value=detail.end_user />
            </Facts>
        </section>
    }
}

#[component]
fn Ids(detail: RequestDetail) -> impl IntoView {
    let all = Query::default().with("call", Some(detail.row.call_id.as_str())).href(REQUESTS);
    let own = if detail.row.outcome.is_some() { "Charge id" } else { "Refusal id" };
    let attempts = detail.row.outcome.is_some().then(|| {
        view! { <div><a class="button" href=all>"All attempts of this call"<Icon name=IconName::ArrowRight /></a></div> }
    });
    view! {
        <section class="stack ids">
            <h2>"Ids"</h2>
            <CopyField label="Call id (x-litellm-call-id)" id="call-id" value=detail.row.call_id />
            <CopyField label=own id="own-id" value=detail.row.id />
            {detail.upstream_id.map(|id| view! { <CopyField label="Provider's id" id="upstream-id" value=id /> })}
            {attempts}
        </section>
    }
}
