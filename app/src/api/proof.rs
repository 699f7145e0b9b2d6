//! What the pages about pricing anew and about invoices ask.

use tollgate_control::{ControlError, invoices, repricing};
use tollgate_domain::invoice::{Invoice, Reconciliation, Tolerance};
use tollgate_domain::repricing::{NewPrice, RepricingOrder, RepricingReport, RepricingRun};
use tollgate_domain::summary::RequestFilter;

use super::ServerError;
use crate::kit::{Form, parse_day};

const DAY_SECONDS: i64 = 86_400;

/// What a form asks to have priced anew, and how.
pub fn repricing_order(form: &Form) -> Result<RepricingOrder, ControlError> {
    let day = |name: &str| form.get(name).and_then(|text| parse_day(&text));
    let filter = RequestFilter {
        model: form.get("model"),
        deployment: form.get("deployment"),
        provider: form.get("provider"),
        team: form.get("team"),
        key: form.get("key"),
        since: day("since"),
        // The whole of the last day.
        until: day("until").map(|day| day.plus_seconds(DAY_SECONDS)),
        ..RequestFilter::default()
    };
    let sheet = repricing::parse_prices(&form.typed("price"))?;
    let price = if sheet.is_empty() { NewPrice::Current } else { NewPrice::Sheet(sheet) };
    Ok(RepricingOrder { filter, price })
}

/// The runs so far, and what one more would change.
#[derive(Clone, Debug)]
pub struct RepricingView {
    pub runs: Vec<RepricingRun>,
    /// `None`: it was not asked for.
    pub report: Option<Result<RepricingReport, String>>,
}

pub async fn get_repricing(form: Option<Form>) -> Result<RepricingView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let runs = repricing::list(&control, &op).await?;
    let report = match form.map(|form| repricing_order(&form)) {
        None => None,
        Some(Err(error)) => Some(Err(error.to_string())),
        Some(Ok(order)) => match repricing::dry_run(&control, &op, &order).await {
            Ok(report) => Some(Ok(report)),
            Err(error @ ControlError::Invalid { .. }) => Some(Err(error.to_string())),
            Err(error) => return Err(error.into()),
        },
    };
    Ok(RepricingView { runs, report })
}

pub async fn list_invoices() -> Result<Vec<Invoice>, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    Ok(invoices::list(&control, &op).await?)
}

pub async fn get_reconciliation(id: String) -> Result<Reconciliation, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    Ok(invoices::reconcile(&control, &op, &id, Tolerance::default()).await?)
}
