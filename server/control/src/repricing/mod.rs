//! Pricing charges anew after a price was corrected: first as a report, then as adjusting entries.
//!
//! An entry is of the moment of the charge that it adjusts. It counts in that moment's budget windows and reports: what
//! was wrong last month is put right there, and never blocks today. Prices, and with them budgets, of everybody are
//! touched: that is for those who may change settings.

mod apply;
mod prices;
mod rate;
mod report;

use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::price::PriceSheet;
use tollgate_domain::repricing::{NewPrice, RepricingOrder, RepricingRun};

pub use apply::{proceed, start};
pub use rate::{parse_prices, read_price};
pub use report::dry_run;

use crate::{Control, ControlError, OpContext};

/// What lines of the audit log about runs have as their kind.
const KIND: &str = "repricing";

/// Charges that are read at once: some megabytes.
const PART: u32 = 2000;

/// The last runs, newest first, at most 100.
pub async fn list(control: &Control, op: &OpContext) -> Result<Vec<RepricingRun>, ControlError> {
    authorise(control, op, Action::Read, "").await?;
    Ok(control.store().repricings(100).await?)
}

pub async fn get(control: &Control, op: &OpContext, id: &str) -> Result<RepricingRun, ControlError> {
    authorise(control, op, Action::Read, id).await?;
    control.store().repricing(id).await?.ok_or_else(|| ControlError::not_found("the run"))
}

async fn authorise(control: &Control, op: &OpContext, action: Action, id: &str) -> Result<(), ControlError> {
    control.authorise(op, action, Resource::Settings, &Place::default(), id).await
}

/// One price for whatever was called would be wrong for all but one model.
fn check(order: &RepricingOrder) -> Result<(), ControlError> {
    let filter = &order.filter;
    match &order.price {
        NewPrice::Current => Ok(()),
        NewPrice::Sheet(sheet) if sheet.is_empty() => Err(ControlError::invalid("price", "has no price in it")),
        NewPrice::Sheet(_) if filter.deployment.is_none() && filter.model.is_none() => {
            Err(ControlError::invalid("price", "is of one model: a model or a deployment has to be named with it"))
        }
        NewPrice::Sheet(sheet) => {
            let negative = PriceSheet::rates(sheet).iter().any(|rate| rate.price.0 < 0);
            if negative { Err(ControlError::invalid("price", "can't be below nought")) } else { Ok(()) }
        }
    }
}
