//! Taking a provider's file in, and away again.

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tollgate_domain::Nanos;
use tollgate_domain::actor::Action;
use tollgate_domain::ids::new_uuid;
use tollgate_domain::invoice::{Amounts, CredentialMatch, Invoice, InvoiceOptions};

use super::formats::Mapping;
use super::read::read;
use super::{KIND, authorise};
use crate::change::Subject;
use crate::{Control, ControlError, OpContext};

/// The largest file.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The most lines of a file.
pub const MAX_LINES: usize = 200_000;

/// The most days from the first to the last.
const MAX_DAYS: i64 = 400;

/// The most credentials that are told apart.
const MAX_CREDENTIALS: usize = 1000;

/// How a file is to be read.
#[derive(Clone, Debug, Default)]
pub struct Import {
    /// The file's name, for people.
    pub name: String,
    /// As the configuration names it: whose charges it is compared with.
    pub provider: String,
    /// One of [`super::FORMATS`]; `None`: known by its columns.
    pub format: Option<String>,
    /// Columns of one's own, instead of a format.
    pub mapping: Option<Mapping>,
    /// Where days begin, in minutes east of UTC.
    pub zone_minutes: i32,
    /// The file's currency, if it is not the dollar, and what one unit of it is in dollars.
    pub rate: Option<(String, Nanos)>,
    pub credentials: Vec<CredentialMatch>,
}

/// Takes a file in, whole or not at all. One that is there already is a conflict, whatever its name.
pub async fn import(control: &Control, op: &OpContext, import: Import, bytes: &[u8]) -> Result<Invoice, ControlError> {
    authorise(control, op, Action::Create, "").await?;
    if bytes.len() > MAX_BYTES {
        return Err(ControlError::invalid("file", format!("it is larger than {} MiB", MAX_BYTES / 1024 / 1024)));
    }
    for (field, text) in [("provider", &import.provider), ("name", &import.name)] {
        if text.trim().is_empty() || text.len() > 200 || text.contains('\0') {
            return Err(ControlError::invalid(field, "has to have 1 to 200 characters"));
        }
    }
    if !(-14 * 60..=14 * 60).contains(&import.zone_minutes) {
        return Err(ControlError::invalid("zone_minutes", "can't be more than 14 hours from UTC"));
    }
    if import.rate.as_ref().is_some_and(|(_, rate)| rate.0 <= 0) {
        return Err(ControlError::invalid("rate", "has to be above nought"));
    }
    if import.credentials.len() > MAX_CREDENTIALS {
        return Err(ControlError::invalid("credentials", format!("can't be more than {MAX_CREDENTIALS}")));
    }
    let digest = hex::encode(Sha256::digest(bytes));
    if let Some(known) = control.store().invoice_of_file(&digest).await? {
        return Err(ControlError::conflict(format!(
            "this file was imported already, as {} ({})",
            known.id, known.name
        )));
    }
    let read = read(bytes, &import)?;
    let days = || read.lines.iter().map(|line| line.day);
    let (first_day, last_day) = (days().min().unwrap_or_default(), days().max().unwrap_or_default());
    if last_day - first_day >= MAX_DAYS {
        return Err(ControlError::invalid("file", format!("it is of more than {MAX_DAYS} days")));
    }
    let mut total = Amounts::default();
    for line in &read.lines {
        total.add(&line.amounts);
    }
    let change = control.change(op).await?;
    let invoice = Invoice {
        id: new_uuid(control.clock().as_ref(), control.entropy()).to_string(),
        name: import.name,
        digest,
        provider: import.provider,
        options: InvoiceOptions {
            format: read.format,
            zone_minutes: import.zone_minutes,
            credentials: import.credentials,
        },
        first_day,
        last_day,
        lines: read.lines.len() as u64,
        cost: total.cost,
        created_at: change.now,
        created_by: op.actor.label(),
    };
    change.insert_invoice(&invoice, &read.lines).await?;
    change.record("invoice.import", Subject { kind: KIND, id: &invoice.id }, None, Some(told(&invoice))).await?;
    change.commit().await?;
    Ok(invoice)
}

/// The invoice that was made of this very file, if there is one.
pub async fn of_file(control: &Control, op: &OpContext, bytes: &[u8]) -> Result<Option<Invoice>, ControlError> {
    authorise(control, op, Action::Read, "").await?;
    Ok(control.store().invoice_of_file(&hex::encode(Sha256::digest(bytes))).await?)
}

/// Takes an invoice away, with its lines.
pub async fn delete(control: &Control, op: &OpContext, id: &str) -> Result<(), ControlError> {
    authorise(control, op, Action::Delete, id).await?;
    let not_found = || ControlError::not_found("the invoice");
    let invoice = control.store().invoice(id).await?.ok_or_else(not_found)?;
    let change = control.change(op).await?;
    if !change.delete_invoice(id).await? {
        return Err(not_found());
    }
    change.record("invoice.delete", Subject { kind: KIND, id }, Some(told(&invoice)), None).await?;
    change.commit().await
}

fn told(invoice: &Invoice) -> serde_json::Value {
    json!({
        "name": invoice.name,
        "sha256": invoice.digest,
        "provider": invoice.provider,
        "format": invoice.options.format,
        "lines": invoice.lines,
        "cost_usd": invoice.cost.map(Nanos::to_decimal),
    })
}
