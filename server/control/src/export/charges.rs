//! The ledger as a file: a row for each charge and each adjusting entry, which names the charge that it is of and used
//! nothing.

use tollgate_domain::actor::{Action, Resource, Visible};
use tollgate_domain::summary::RequestFilter;

use super::{Cell, Format, Table, begin};
use crate::{Control, ControlError, OpContext};

/// Charges that are read at once: some megabytes.
const PART: u32 = 5000;

const COLUMNS: [&str; 33] = [
    "id",
    "call_id",
    "attempt",
    "started_at",
    "key_id",
    "user_id",
    "team_id",
    "organisation_id",
    "operation",
    "model",
    "deployment_id",
    "provider",
    "upstream_model",
    "streamed",
    "outcome",
    "status",
    "error",
    "certainty",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_usd",
    "price_source",
    "duration_us",
    "first_byte_us",
    "client_left",
    "upstream_id",
    "end_user",
    "tags",
    "adjusts",
];

/// An export of charges under way.
pub struct ChargeExport {
    control: Control,
    visible: Visible,
    filter: RequestFilter,
    table: Table,
    after: Option<String>,
    done: bool,
}

/// Begins an export of the charges that the actor may export, oldest first.
pub async fn charges(
    control: &Control,
    op: &OpContext,
    filter: RequestFilter,
    format: Format,
) -> Result<ChargeExport, ControlError> {
    let visible = control.visible(op, Action::Export, Resource::Request).await?;
    let told = serde_json::to_value(&filter).map_err(|error| ControlError::Internal(Box::new(error)))?;
    begin(control, op, Resource::Request, told).await?;
    let table = Table::new(format, &COLUMNS);
    Ok(ChargeExport { control: control.clone(), visible, filter, table, after: None, done: false })
}

fn text(text: &str) -> Cell<'_> {
    if text.is_empty() { Cell::None } else { Cell::Text(text) }
}

impl ChargeExport {
    /// The next part of the file; `None`: that was all.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ControlError> {
        if self.done {
            return Ok(None);
        }
        let table = &mut self.table;
        let after = self
            .control
            .store()
            .charges_after(&self.visible, &self.filter, self.after.as_deref(), PART, |charge| {
                table.row(&[
                    Cell::Text(charge.id),
                    Cell::Text(charge.call_id),
                    Cell::Int(charge.attempt),
                    Cell::Moment(charge.started_at),
                    text(charge.key_id),
                    text(charge.user_id),
                    text(charge.team_id),
                    text(charge.organisation_id),
                    Cell::Text(charge.operation),
                    Cell::Text(charge.model),
                    Cell::Text(charge.deployment_id),
                    Cell::Text(charge.provider),
                    Cell::Text(charge.upstream_model),
                    Cell::Flag(charge.streamed),
                    Cell::Text(charge.outcome),
                    Cell::Int(i64::from(charge.status)),
                    text(charge.error),
                    Cell::Text(charge.certainty),
                    Cell::Int(charge.input_tokens),
                    Cell::Int(charge.cache_read_tokens),
                    Cell::Int(charge.cache_write_tokens),
                    Cell::Int(charge.cache_write_1h_tokens),
                    Cell::Int(charge.output_tokens),
                    Cell::Int(charge.reasoning_tokens),
                    Cell::Money(charge.cost),
                    text(charge.price_source),
                    Cell::Int(charge.duration_us),
                    charge.first_byte_us.map_or(Cell::None, Cell::Int),
                    Cell::Flag(charge.client_left),
                    text(charge.upstream_id),
                    text(charge.end_user),
                    text(charge.tags),
                    text(charge.adjusts),
                ]);
            })
            .await?;
        self.done = after.is_none();
        self.after = after;
        Ok(Some(self.table.take()))
    }
}
