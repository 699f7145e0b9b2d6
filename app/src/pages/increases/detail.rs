//! One request: what is asked, what was decided, and the forms that decide.

use leptos::prelude::*;

use super::{INCREASES, SAID, account_text, increase_href, state_text};
use crate::api::{IncreaseView, get_increase};
use crate::components::{Badge, Moment, Money};
use crate::kit::{DetailPage, Fact, Facts, Form, NoticeFromAddress, OptionalFact, load_titled, path_id};

const PURPOSE: &str = "What is asked for, why, and what became of it.";

#[component]
pub fn IncreasePage() -> impl IntoView {
    let refused = Form::of_context();
    load_titled("Request for an increase", PURPOSE, get_increase(path_id()), move |view| {
        view! { <Detail view refused /> }
    })
}

#[component]
fn Detail(view: IncreaseView, refused: Option<Form>) -> impl IntoView {
    let IncreaseView { row, asker, decided_by, deciders } = view;
    let request = row.request;
    let href = increase_href(request.id.as_str());
    let (tone, label) = state_text(row.state);
    let version = request.meta.version;
    let title = format!("More for {}", account_text(request.account, &request.account_name));
    let decision = request.decided_at.zip(decided_by).map(|(at, by)| {
        view! { <Fact label="Decided"><Moment at />" by "{by}</Fact> }
    });
    let granted = request.granted.map(|granted| {
        view! { <Fact label="Approved"><Money value=granted.amount />" until "<Moment at=granted.until /></Fact> }
    });
    let note = request.note.clone().map(|note| view! { <Fact label="Note">{note}</Fact> });
    let form = refused.unwrap_or_else(|| Form::filled([("amount", request.amount.to_decimal())]));
    let decide = row.may_decide.then(|| {
        let (approve, deny) = (format!("{href}/approve"), format!("{href}/deny"));
        view! {
            <section class="card stack">
                <h2>"Decide"</h2>
                <form class="stack form" method="post" action=approve>
                    {form.whole()}
                    {form.version_field(version)}
                    {form.dollars("amount", "Amount").required().help("An increase that still runs is added to, and both last until the later end.").view()}
                    {form.date("until", "Until the end of").help("In UTC. Left empty: as it was asked for.").view()}
                    {form.lines("note", "Note").help("For whoever asked. Optional.").view()}
                    <div class="cluster">
                        <button class="button primary" type="submit">"Approve"</button>
                        <button class="button" type="submit" formaction=deny formnovalidate="">"Deny"</button>
                    </div>
                </form>
            </section>
        }
    });
    let withdraw = row.may_withdraw.then(|| {
        view! {
            <form method="post" action=format!("{href}/withdraw")>
                {form.version_field(version)}
                <button class="button" type="submit">"Withdraw"</button>
            </form>
        }
    });
    view! {
        <DetailPage list=(INCREASES, "Requests for increases") title purpose=PURPOSE actions=move || view! { <Badge tone label /> }>
            <NoticeFromAddress own=SAID />
            <Facts>
                <Fact label="Asked by">{asker}</Fact>
                <Fact label="Asked"><Moment at=request.meta.created_at /></Fact>
                <Fact label="Amount"><Money value=request.amount /></Fact>
                <Fact label="Until"><Moment at=request.until /></Fact>
                <Fact label="Reason">{request.reason.clone()}</Fact>
                <OptionalFact label="Who can decide" value=(!deciders.is_empty()).then(|| deciders.join(", ")) />
                {granted}
                {decision}
                {note}
            </Facts>
            {decide}
            {withdraw}
        </DetailPage>
    }
}
