//! Sums as a file: for chargeback, and in the columns of FOCUS (the `FinOps` open cost and usage specification 1.0).

use tollgate_domain::Timestamp;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::report::{Dimension, UsageFilter, UsageRow};

use super::{Cell, Format, Table, begin};
use crate::{Control, ControlError, OpContext};

/// The most lines of a report.
const MOST: u32 = 10_000;

const MEASURES: [&str; 9] = [
    "calls",
    "errors",
    "refused",
    "uncertain",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cost_usd",
];

/// In FOCUS's order and words; its own extensions begin with `x_`.
const FOCUS: [&str; 19] = [
    "BilledCost",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ConsumedQuantity",
    "ConsumedUnit",
    "EffectiveCost",
    "ProviderName",
    "ServiceCategory",
    "ServiceName",
    "SubAccountId",
    "SubAccountType",
    "x_Calls",
    "x_UncertainCalls",
];

/// How sums are laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A column for each of these, then the measures.
    By(Vec<Dimension>),
    /// FOCUS's columns, by day, provider, model and this.
    Focus(Dimension),
}

/// A whole report: it is bounded, and so at once. Put down in the audit log.
pub async fn usage(
    control: &Control,
    op: &OpContext,
    filter: &UsageFilter,
    layout: &Layout,
    format: Format,
) -> Result<Vec<u8>, ControlError> {
    let visible = control.visible(op, Action::Export, Resource::Request).await?;
    let told = serde_json::to_value(filter).map_err(|error| ControlError::Internal(Box::new(error)))?;
    begin(control, op, Resource::Request, told).await?;
    let dimensions = match layout {
        Layout::By(dimensions) => dimensions.clone(),
        Layout::Focus(account) => vec![Dimension::Day, Dimension::Provider, Dimension::Model, *account],
    };
    let mut rows = control.store().usage(&visible, filter, &dimensions, MOST).await?;
    // The dearest come first from the store; in a file, order is by what the lines are about.
    rows.sort_by(|a, b| a.group.cmp(&b.group));
    Ok(match layout {
        Layout::By(dimensions) => by(&rows, dimensions, format),
        Layout::Focus(account) => focus(&rows, *account, format),
    })
}

fn by(rows: &[UsageRow], dimensions: &[Dimension], format: Format) -> Vec<u8> {
    let columns: Vec<&'static str> = dimensions.iter().map(|dimension| dimension.as_str()).chain(MEASURES).collect();
    let mut table = Table::new(format, &columns);
    for row in rows {
        let m = &row.measures;
        let mut cells: Vec<Cell<'_>> = row.group.iter().map(|value| Cell::Text(value)).collect();
        let counts = [
            m.calls,
            m.errors,
            m.refused,
            m.uncertain,
            m.input_tokens,
            m.output_tokens,
            m.cache_read_tokens,
            m.cache_write_tokens,
        ];
        cells.extend(counts.map(Cell::Int));
        cells.push(Cell::Money(m.cost));
        table.row(&cells);
    }
    table.take()
}

fn focus(rows: &[UsageRow], account: Dimension, format: Format) -> Vec<u8> {
    let mut table = Table::new(format, &FOCUS);
    for row in rows {
        let [day, provider, model, account_id] = row.group.as_slice() else { continue };
        // Refusals cost nothing and came from no provider.
        if provider.is_empty() {
            continue;
        }
        let Some(start) = Timestamp::parse_rfc3339(&format!("{day}T00:00:00Z")) else { continue };
        let m = &row.measures;
        let (month, next_month) = month_of(day);
        table.row(&[
            Cell::Money(m.cost),
            Cell::Text("USD"),
            Cell::Text(&next_month),
            Cell::Text(&month),
            Cell::Text("Usage"),
            Cell::Text(&format!("{model}: {} calls", m.calls)),
            Cell::Text("Usage-Based"),
            Cell::Moment(start.plus_seconds(86_400)),
            Cell::Moment(start),
            Cell::Int(m.input_tokens.saturating_add(m.output_tokens)),
            Cell::Text("Tokens"),
            Cell::Money(m.cost),
            Cell::Text(provider),
            Cell::Text("AI and Machine Learning"),
            Cell::Text(model),
            if account_id.is_empty() { Cell::None } else { Cell::Text(account_id) },
            Cell::Text(account.as_str()),
            Cell::Int(m.calls),
            Cell::Int(m.uncertain),
        ]);
    }
    table.take()
}

/// The first moments of a day's month and of the next one.
fn month_of(day: &str) -> (String, String) {
    let mut parts = day.split('-').filter_map(|part| part.parse::<u32>().ok());
    let (year, month) = (parts.next().unwrap_or_default(), parts.next().unwrap_or(1));
    let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    (format!("{year:04}-{month:02}-01T00:00:00Z"), format!("{:04}-{:02}-01T00:00:00Z", next.0, next.1))
}

#[cfg(test)]
mod tests {
    use tollgate_domain::Nanos;
    use tollgate_domain::report::Measures;

    use super::*;

    fn row(group: [&str; 4]) -> UsageRow {
        let measures =
            Measures { calls: 2, input_tokens: 5, output_tokens: 6, cost: Nanos(1_500), ..Measures::default() };
        UsageRow { group: group.map(str::to_owned).to_vec(), measures }
    }

    #[test]
    fn focus_has_its_columns_and_leaves_refusals_out() {
        let rows = [row(["2026-12-31", "", "", "blue"]), row(["2026-12-31", "openai", "gpt-4o", "blue"])];
        let text = String::from_utf8(focus(&rows, Dimension::Team, Format::Csv)).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].starts_with("BilledCost,BillingCurrency,"));
        assert!(lines[1].starts_with("0.0000015,USD,2027-01-01T00:00:00Z,2026-12-01T00:00:00Z,Usage,"), "{}", lines[1]);
        assert!(
            lines[1].contains(",11,Tokens,0.0000015,openai,AI and Machine Learning,gpt-4o,blue,team,2,0"),
            "{}",
            lines[1]
        );
    }

    #[test]
    fn a_report_has_a_column_for_each_dimension() {
        let rows = [UsageRow { group: vec!["blue".to_owned()], ..UsageRow::default() }];
        let text = String::from_utf8(by(&rows, &[Dimension::Team], Format::Csv)).unwrap();
        assert_eq!(
            text.lines().next().unwrap(),
            "team,calls,errors,refused,uncertain,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,cost_usd"
        );
        assert_eq!(text.lines().nth(1).unwrap(), "blue,0,0,0,0,0,0,0,0,0");
    }
}
