//! What pricing anew would change.

use tollgate_domain::actor::Action;
use tollgate_domain::repricing::{self, Priced, Reporter, RepricingOrder, RepricingReport, Whose};
use tollgate_store::{MASTER_KEY, Repriceable};

use super::prices::Prices;
use super::{PART, authorise, check};
use crate::{Control, ControlError, OpContext};

/// Prices every charge that matches anew, and changes nothing. Charges that still wait for the database are not in it.
pub async fn dry_run(
    control: &Control,
    op: &OpContext,
    order: &RepricingOrder,
) -> Result<RepricingReport, ControlError> {
    authorise(control, op, Action::Read, "").await?;
    check(order)?;
    let mut prices = Prices::new(&order.price, control.catalog());
    let (mut reporter, mut after) = (Reporter::default(), None);
    loop {
        let part = control.store().repriceable(&order.filter, after.as_deref(), PART).await?;
        for one in &part {
            let key = one.charge.key_id.map_or_else(|| MASTER_KEY.to_owned(), |key| key.to_string());
            let whose = Whose {
                id: one.charge.id,
                at: one.charge.started_at,
                model: &one.charge.model,
                team: &one.team,
                key: &key,
            };
            let priced = priced(one);
            let price = prices.of(&one.charge);
            reporter.add(whose, &priced, &repricing::price(&priced, price.as_ref().map(|price| &price.sheet)));
        }
        match part.last() {
            Some(last) if part.len() == PART as usize => after = Some(last.charge.id.to_string()),
            _ => return Ok(reporter.finish()),
        }
    }
}

pub fn priced(one: &Repriceable) -> Priced<'_> {
    let charge = &one.charge;
    Priced { certainty: charge.certainty, usage: &charge.usage, cost: one.cost(), lines: &charge.cost_lines }
}
