//! Providers' invoices beside the ledger.

mod compared;

use leptos::prelude::*;
use tollgate_domain::Timestamp;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::invoice::Invoice;

use crate::api::list_invoices;
use crate::components::{Count, EmptyState, Moment, Money, PageHeader};
use crate::kit::{Allowed, Column, DataTable, Form, NoticeFromAddress, Said, column, load, segment};

pub use compared::{DeleteInvoicePage, InvoicePage};

pub const RECONCILIATION: &str = "/ui/reconciliation";

/// The page of one invoice.
pub fn invoice_href(id: &str) -> String {
    format!("{RECONCILIATION}/{}", segment(id))
}

const SAID: &[Said] = &[
    Said::good("imported", "The file is imported and compared with the ledger."),
    Said::good("deleted", "The invoice is deleted. The ledger is as it was."),
];

const COLUMNS: [Column; 6] = [
    column("File"),
    column("Provider"),
    column("Days"),
    column("Lines").number(),
    column("Cost").number(),
    column("Imported"),
];

/// A day, told by its number since 1970.
fn day(days: i64) -> String {
    let text = Timestamp(days.saturating_mul(24 * Timestamp::MICROS_PER_HOUR)).to_rfc3339();
    text.get(..10).unwrap_or_default().to_owned()
}

#[component]
pub fn ReconciliationPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    view! {
        <PageHeader
            title="Reconciliation"
            purpose="What providers say was used and what it costs, beside what the ledger says: day by day and model by model."
        />
        <NoticeFromAddress own=SAID />
        {load(list_invoices(), |invoices| view! { <Invoices invoices /> })}
        <Allowed action=Action::Create resource=Resource::Settings>
            <Upload form=form.clone() />
        </Allowed>
    }
}

#[component]
fn Upload(form: Form) -> impl IntoView {
    let formats = ["openai-usage", "openai-cost", "anthropic-usage", "anthropic-cost", "generic"];
    let formats = [("", "Known by its columns")].into_iter().chain(formats.map(|name| (name, name)));
    view! {
        <section class="stack">
            <h2>"Import a file"</h2>
            <form class="stack form" method="post" action=RECONCILIATION enctype="multipart/form-data">
                {form.whole()}
                <div class="field">
                    <label for="file">"File"</label>
                    <input id="file" name="file" type="file" accept=".csv,.tsv,text/csv" required=true />
                    <p class="field-help">"A usage or cost export, CSV, at most 16 MiB. The same file is taken once."</p>
                </div>
                {form.text("provider", "Provider").required().placeholder("openai").help("As the configuration names it.").view()}
                {form.select("format", "Format", formats).view()}
                {form
                    .text("columns", "Columns")
                    .placeholder("date=Day,model=Model,cost=Amount")
                    .help("Only where they are called otherwise than in the formats above.")
                    .view()}
                {form.text("rate", "Rate").placeholder("EUR=1.08").help("Only where the file is not in dollars.").view()}
                <div><button class="button primary" type="submit">"Import"</button></div>
            </form>
        </section>
    }
}

#[component]
fn Invoices(invoices: Vec<Invoice>) -> impl IntoView {
    if invoices.is_empty() {
        return view! {
            <EmptyState
                title="No invoices yet"
                text="Import what a provider's console exports, and see where its books and the ledger differ."
            />
        }
        .into_any();
    }
    let rows = invoices.into_iter().map(|it| view! { <Row it /> }).collect_view();
    view! { <DataTable label="Invoices" columns=COLUMNS.to_vec()>{rows}</DataTable> }.into_any()
}

#[component]
fn Row(it: Invoice) -> impl IntoView {
    let lines = i64::try_from(it.lines).unwrap_or(i64::MAX);
    view! {
        <tr data-key=it.id.clone()>
            <th scope="row"><a class="row-link clip" href=invoice_href(&it.id) title=it.name.clone()>{it.name.clone()}</a></th>
            <td>{it.provider}</td>
            <td>{format!("{} to {}", day(it.first_day), day(it.last_day))}</td>
            <td class="num"><Count value=lines /></td>
            <td class="num">{it.cost.map(|value| view! { <Money value /> })}</td>
            <td><Moment at=it.created_at /></td>
        </tr>
    }
}
