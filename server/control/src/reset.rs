//! Budgets begun anew: what was charged before stays in the ledger, in every report and every bill, and counts for no
//! budget any more.

use tollgate_domain::actor::{Action, Place, Resource, Visible};
use tollgate_domain::ids::UserId;
use tollgate_domain::key::VirtualKey;
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::page::Cursor;
use tollgate_domain::team::Team;
use tollgate_store::{KeyFilter, LARGEST_PAGE, RecordFilter};

use crate::keys::KeyRef;
use crate::{Control, ControlError, Managed, OpContext};

/// The most keys, and the most teams, that begin anew at once.
pub const MOST: usize = 10_000;

/// Things that are written in one transaction: more would keep other writers waiting for seconds.
const PART: usize = 500;

/// A key's budget.
pub async fn key(control: &Control, op: &OpContext, key: &KeyRef) -> Result<VirtualKey, ControlError> {
    let begin = |key: &mut VirtualKey, now| {
        key.limits.budget_since = Some(now);
        Ok(())
    };
    crate::keys::update(control, op, key, None, begin).await
}

/// What somebody may spend in a team.
pub async fn member(
    control: &Control,
    op: &OpContext,
    group: &Group,
    user: &UserId,
) -> Result<Membership, ControlError> {
    let now = control.clock().now();
    let begin = |membership: &mut Membership| {
        membership.limits.budget_since = Some(now);
        Ok(())
    };
    crate::groups::update_member(control, op, group, user, None, begin).await
}

/// Every key's and every team's, from the same moment on, with an audit row for each. Refused with nothing done if there
/// are more than [`MOST`] of either. They are written in parts: broken off, it is to be done again.
pub async fn everything(control: &Control, op: &OpContext) -> Result<(), ControlError> {
    control.authorise(op, Action::Update, Resource::Settings, &Place::default(), "").await?;
    let many = |field| ControlError::invalid(field, format!("there are more than {MOST}: reset them one by one"));
    let now = control.clock().now();
    let store = control.store();
    let all = KeyFilter::default();
    if store.count_keys(&Visible::All, &all, now).await? > MOST as u64 {
        return Err(many("keys"));
    }
    let teams: Vec<Team> = store.list_all(&Visible::All, &RecordFilter::default(), MOST + 1).await?;
    if teams.len() > MOST {
        return Err(many("teams"));
    }
    let (mut keys, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.list_keys(&Visible::All, &all, cursor.as_ref(), LARGEST_PAGE, now).await?;
        keys.extend(page.items.into_iter().map(|row| row.key.id.to_string()));
        cursor = page.next.as_deref().and_then(Cursor::decode);
        if cursor.is_none() {
            break;
        }
    }
    let teams: Vec<String> = teams.into_iter().map(|team| team.id.to_string()).collect();
    let key = |key: &mut VirtualKey| key.limits.budget_since = Some(now);
    let team = |team: &mut Team| team.limits.budget_since = Some(now);
    for part in keys.chunks(PART) {
        Box::pin(begin(control, op, part, "key.reset_spend", key)).await?;
    }
    for part in teams.chunks(PART) {
        Box::pin(begin(control, op, part, "team.reset_spend", team)).await?;
    }
    Ok(())
}

/// One transaction. What was deleted meanwhile is passed over.
async fn begin<T: Managed>(
    control: &Control,
    op: &OpContext,
    ids: &[String],
    action: &str,
    begin: impl Fn(&mut T),
) -> Result<(), ControlError> {
    let mut change = control.change(op).await?;
    for id in ids {
        let mut permit = match change.open::<T>(Action::Update, id, None).await {
            Ok(permit) => permit,
            Err(ControlError::NotFound { .. }) => continue,
            Err(error) => return Err(error),
        };
        begin(&mut permit.after);
        change.save_unchecked(permit, action).await?;
    }
    change.commit().await
}
