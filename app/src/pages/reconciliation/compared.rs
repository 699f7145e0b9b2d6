//! One invoice beside the ledger.

use leptos::prelude::*;
use tollgate_control::invoices::requests_behind;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::invoice::{Amounts, Invoice, Reconciliation, Variance};

use super::{RECONCILIATION, SAID, day, invoice_href};
use crate::api::get_reconciliation;
use crate::components::{Badge, Count, Moment, Money, Notice, Tone};
use crate::kit::{
    Allowed, Column, ConfirmPage, DataTable, DetailPage, Fact, Facts, Form, NoticeFromAddress, column, load_titled,
    path_id,
};

const PURPOSE: &str = "What both sides say, the groups that differ first. A cent or half a per cent is tolerated.";

const COLUMNS: [Column; 9] = [
    column("Day"),
    column("Model"),
    column("Credential"),
    column("Theirs").number(),
    column("Ours").number(),
    column("Difference").number(),
    column("Per cent").number(),
    column("Tokens").number(),
    column("State"),
];

#[component]
pub fn InvoicePage() -> impl IntoView {
    load_titled("Invoice", PURPOSE, get_reconciliation(path_id()), |it| view! { <Compared it /> })
}

#[component]
fn Compared(it: Reconciliation) -> impl IntoView {
    let Reconciliation { invoice, mut variances, theirs, ours, disagreements, cut } = it;
    variances.sort_by_key(|one| one.agrees);
    let delete = format!("{}/delete", invoice_href(&invoice.id));
    let actions = move || {
        let delete = delete.clone();
        view! {
            <Allowed action=Action::Delete resource=Resource::Settings>
                <a class="button danger" href=delete.clone()>"Delete"</a>
            </Allowed>
        }
    };
    let verdict = match disagreements {
        0 => view! { <Notice tone=Tone::Good>"The invoice and the ledger agree."</Notice> }.into_any(),
        1 => view! { <Notice tone=Tone::Warning>"They do not agree: one group differs."</Notice> }.into_any(),
        many => view! { <Notice tone=Tone::Warning>{format!("They do not agree: {many} groups differ.")}</Notice> }
            .into_any(),
    };
    let rows = variances.into_iter().map(|one| row(&invoice, one)).collect_view();
    view! {
        <DetailPage list=(RECONCILIATION, "Reconciliation") title=invoice.name.clone() purpose=PURPOSE actions>
            <NoticeFromAddress own=SAID />
            {verdict}
            <Facts>
                <Fact label="Provider">{invoice.provider.clone()}</Fact>
                <Fact label="Days">{format!("{} to {}", day(invoice.first_day), day(invoice.last_day))}</Fact>
                <Fact label="Format">{invoice.options.format.clone()}</Fact>
                <Fact label="Theirs">{side(Some(theirs))}</Fact>
                <Fact label="Ours">{side(Some(ours))}</Fact>
                <Fact label="Imported"><Moment at=invoice.created_at /></Fact>
            </Facts>
            <DataTable label="Differences" columns=COLUMNS.to_vec()>{rows}</DataTable>
            {cut.then(|| view! { <p class="note">"There are more groups than are shown."</p> })}
        </DetailPage>
    }
}

/// The cost; without one, tokens.
fn side(side: Option<Amounts>) -> AnyView {
    match side {
        None => view! { <span class="muted">"Nothing"</span> }.into_any(),
        Some(Amounts { cost: Some(value), .. }) => view! { <Money value /> }.into_any(),
        Some(Amounts { input, output, .. }) => {
            let tokens = input.unwrap_or_default().saturating_add(output.unwrap_or_default());
            view! { <Count value=tokens />" tokens" }.into_any()
        }
    }
}

fn row(invoice: &Invoice, one: Variance) -> impl IntoView + use<> {
    let behind = requests_behind(invoice, &one);
    let (tone, state) = match (one.agrees, one.theirs.is_some(), one.ours.is_some()) {
        (true, ..) => (Tone::Good, "Agrees"),
        (_, false, _) => (Tone::Warning, "Only ours"),
        (_, _, false) => (Tone::Warning, "Only theirs"),
        _ => (Tone::Bad, "Differs"),
    };
    let points = one.basis_points().map(|points| {
        let sign = if points < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", points.unsigned_abs() / 100, points.unsigned_abs() % 100)
    });
    let difference = one.cost_difference().map(|value| view! { <Money value /> });
    let tokens = one.token_difference().map(|value| view! { <Count value /> });
    let date = day(one.day);
    let first = match behind {
        Some(href) => view! { <a class="row-link" href=href title="The calls behind it">{date}</a> }.into_any(),
        None => date.into_any(),
    };
    view! {
        <tr>
            <th scope="row">{first}</th>
            <td><span class="clip" title=one.model.clone()>{one.model.clone()}</span></td>
            <td><span class="clip" title=one.credential.clone()>{one.credential.clone()}</span></td>
            <td class="num">{side(one.theirs)}</td>
            <td class="num">{side(one.ours)}</td>
            <td class="num">{difference}</td>
            <td class="num">{points}</td>
            <td class="num">{tokens}</td>
            <td><Badge tone label=state /></td>
        </tr>
    }
}

/// Before an invoice is deleted.
#[component]
pub fn DeleteInvoicePage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    load_titled("Delete invoice", "What changes then.", get_reconciliation(path_id()), move |it| {
        let (name, href) = (it.invoice.name, invoice_href(&it.invoice.id));
        view! {
            <ConfirmPage
                back=(href.clone(), "The invoice")
                title=format!("Delete {name}?")
                action=format!("{href}/delete")
                verb="Delete invoice"
                name=None
                form
            >
                <p>"Its lines go, and with them the comparison. The ledger is not touched, and the file can be imported again."</p>
            </ConfirmPage>
        }
    })
}
