//! Writing adjusting entries, in bounded parts that can be gone on with after an interruption.

use serde_json::json;
use tollgate_domain::Nanos;
use tollgate_domain::actor::Action;
use tollgate_domain::ids::new_uuid;
use tollgate_domain::repricing::{self, Outcome, RepricingOrder, RepricingRun, RunState, adjustment_id};
use tollgate_store::{Adjustment, Progress, Repriceable};

use super::prices::Prices;
use super::report::priced;
use super::{KIND, PART, authorise, check};
use crate::change::Subject;
use crate::{Control, ControlError, OpContext};

/// How often a part is read anew because somebody else wrote entries of the same charges meanwhile.
const TRIES: usize = 5;

/// Begins a run, which is put down in the audit log with its filter and price. Nothing is adjusted yet: see [`proceed`].
pub async fn start(control: &Control, op: &OpContext, order: RepricingOrder) -> Result<RepricingRun, ControlError> {
    authorise(control, op, Action::Create, "").await?;
    check(&order)?;
    let change = control.change(op).await?;
    let run = RepricingRun {
        id: new_uuid(control.clock().as_ref(), control.entropy()).to_string(),
        state: RunState::Running,
        order,
        after: String::new(),
        charges: 0,
        adjusted: 0,
        difference: Nanos::ZERO,
        created_at: change.now,
        created_by: op.actor.label(),
        updated_at: change.now,
    };
    change.insert_repricing(&run).await?;
    let subject = Subject { kind: KIND, id: &run.id };
    change.record("repricing.start", subject, None, Some(json!({ "order": run.order }))).await?;
    change.commit().await?;
    Ok(run)
}

/// Goes on with a run until it is done or `seconds` have passed, and tells how far it is. A run that was interrupted goes
/// on where it stopped. A charge that costs what it should gets no entry: doing all of it again changes nothing.
pub async fn proceed(control: &Control, op: &OpContext, id: &str, seconds: i64) -> Result<RepricingRun, ControlError> {
    authorise(control, op, Action::Create, id).await?;
    let store = control.store();
    let mut run = store.repricing(id).await?.ok_or_else(|| ControlError::not_found("the run"))?;
    let mut prices = Prices::new(&run.order.price, control.catalog());
    let until = control.clock().now().plus_seconds(seconds);
    let mut tries = 0;
    while run.state == RunState::Running {
        let after = Some(run.after.as_str()).filter(|after| !after.is_empty());
        let part = store.repriceable(&run.order.filter, after, PART).await?;
        let Some(last) = part.last() else {
            return finish(control, op, id).await;
        };
        let entries = entries(&run.id, &part, &mut prices);
        let (to, at) = (last.charge.id.to_string(), control.clock().now());
        let progress = Progress { run_id: &run.id, from: &run.after, to: &to, charges: part.len() as u64, at };
        let written = store.append_adjustments(&entries, progress).await?;
        if written {
            tries = 0;
            if !entries.is_empty() {
                control.tell_sums_changed();
            }
        } else {
            tries += 1;
            if tries == TRIES {
                return Err(ControlError::conflict("somebody else prices the same charges at the moment"));
            }
        }
        run = store.repricing(id).await?.ok_or_else(|| ControlError::not_found("the run"))?;
        if control.clock().now() >= until {
            break;
        }
    }
    Ok(run)
}

/// Of each charge that does not cost what it should, what is missing.
fn entries(run: &str, part: &[Repriceable], prices: &mut Prices) -> Vec<Adjustment> {
    let mut entries = Vec::new();
    for one in part {
        let Some(price) = prices.of(&one.charge) else { continue };
        let Outcome::Cost(cost) = repricing::price(&priced(one), Some(&price.sheet)) else { continue };
        if cost.total != one.cost() {
            let id = adjustment_id(one.charge.id, one.charge.started_at, one.entries + 1);
            entries.push(Adjustment::of(one, id, run, (cost.total, cost.lines), &price.source));
        }
    }
    entries
}

/// Ends a run, with its totals in the audit log.
async fn finish(control: &Control, op: &OpContext, id: &str) -> Result<RepricingRun, ControlError> {
    let get = || async { control.store().repricing(id).await?.ok_or_else(|| ControlError::not_found("the run")) };
    let change = control.change(op).await?;
    if change.finish_repricing(id).await? {
        let run = get().await?;
        let totals = json!({
            "order": run.order,
            "charges": run.charges,
            "adjusted": run.adjusted,
            "difference_usd": run.difference.to_decimal(),
        });
        change.record("repricing.finish", Subject { kind: KIND, id }, None, Some(totals)).await?;
        change.commit().await?;
    }
    get().await
}
