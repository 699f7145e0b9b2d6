//! Reading, making, changing and deleting what is kept as records: the same for all of them.

use tollgate_domain::actor::{Action, Place, Resource, Visible};
use tollgate_domain::page::{Cursor, Page};
use tollgate_store::{RecordFilter, Table};

use crate::{Control, ControlError, Managed, OpContext};

/// The most ids that one list can ask for.
const MOST_IDS: usize = 1000;

pub use tollgate_store::{RecordFilter as Filter, RecordOrder as Order};

/// One that lives.
pub async fn get<T: Managed + Table>(control: &Control, op: &OpContext, id: &str) -> Result<T, ControlError> {
    let change = control.store().find::<T>(id).await?.filter(|found| Managed::meta(found).deleted_at.is_none());
    let Some(found) = change else {
        // Whoever may not see everybody does not learn who there is.
        let hidden =
            <T as Managed>::RESOURCE == Resource::User && !op.may(Action::Read, Resource::User, &Place::default());
        if hidden || !op.allowed_somewhere(Action::Read, <T as Managed>::RESOURCE) {
            return Err(control.denied(op, Action::Read, <T as Managed>::RESOURCE, id).await);
        }
        return Err(ControlError::not_found(format!("the {}", T::NOUN)));
    };
    let place = Managed::place(&found, control.store(), Action::Read).await?;
    control.authorise(op, Action::Read, <T as Managed>::RESOURCE, &place, id).await?;
    Ok(found)
}

async fn visible<T: Managed>(
    control: &Control,
    op: &OpContext,
    filter: &RecordFilter,
) -> Result<Visible, ControlError> {
    if filter.ids.as_ref().is_some_and(|ids| ids.len() > MOST_IDS) {
        return Err(ControlError::invalid("ids", format!("at most {MOST_IDS}")));
    }
    control.visible(op, Action::Read, T::RESOURCE).await
}

/// A page of those that the actor may see; at most 1,000.
pub async fn list<T: Managed + Table>(
    control: &Control,
    op: &OpContext,
    filter: &RecordFilter,
    cursor: Option<&Cursor>,
    limit: u32,
) -> Result<Page<T>, ControlError> {
    let visible = visible::<T>(control, op, filter).await?;
    Ok(control.store().list(&visible, filter, cursor, limit).await?)
}

/// Every one that matches and that the actor may see, at most `limit`.
pub async fn list_all<T: Managed + Table>(
    control: &Control,
    op: &OpContext,
    filter: &RecordFilter,
    limit: usize,
) -> Result<Vec<T>, ControlError> {
    let visible = visible::<T>(control, op, filter).await?;
    Ok(control.store().list_all(&visible, filter, limit).await?)
}

/// How many match that the actor may see.
pub async fn count<T: Managed + Table>(
    control: &Control,
    op: &OpContext,
    filter: &RecordFilter,
) -> Result<u64, ControlError> {
    let visible = visible::<T>(control, op, filter).await?;
    Ok(control.store().count::<T>(&visible, filter).await?)
}

/// Adds a new one, whose `meta` is filled in here. A conflict if its id is in use.
pub async fn create<T: Managed>(control: &Control, op: &OpContext, new: T) -> Result<T, ControlError> {
    control
        .watched(
            op,
            "",
            Box::pin(async {
                let mut change = control.change(op).await?;
                let created = change.add(new, &format!("{}.create", T::KIND)).await?;
                change.commit().await?;
                Ok(created)
            }),
        )
        .await
}

/// Changes one by what `apply` does to it; a conflict if it is no longer at the version that the caller saw.
pub async fn update<T: Managed>(
    control: &Control,
    op: &OpContext,
    id: &str,
    expected_version: Option<i64>,
    apply: impl FnOnce(&mut T) -> Result<(), ControlError>,
) -> Result<T, ControlError> {
    update_as(control, op, id, expected_version, &format!("{}.update", T::KIND), apply).await
}

/// The same under another name in the audit log: `team.block`.
pub async fn update_as<T: Managed>(
    control: &Control,
    op: &OpContext,
    id: &str,
    expected_version: Option<i64>,
    action: &str,
    apply: impl FnOnce(&mut T) -> Result<(), ControlError>,
) -> Result<T, ControlError> {
    control
        .watched(
            op,
            id,
            Box::pin(async {
                let mut change = control.change(op).await?;
                let mut permit = change.open::<T>(Action::Update, id, expected_version).await?;
                apply(&mut permit.after)?;
                let saved = change.save(permit, action).await?;
                change.commit().await?;
                Ok(saved)
            }),
        )
        .await
}

/// Deletes one with what hangs on it: a team's keys, a user's memberships. A conflict, where something needs it.
pub async fn delete<T: Managed>(
    control: &Control,
    op: &OpContext,
    id: &str,
    expected_version: Option<i64>,
) -> Result<T, ControlError> {
    control
        .watched(
            op,
            id,
            Box::pin(async {
                let mut change = control.change(op).await?;
                let permit = change.open::<T>(Action::Delete, id, expected_version).await?;
                let deleted = change.delete(permit, &format!("{}.delete", T::KIND)).await?;
                change.commit().await?;
                Ok(deleted)
            }),
        )
        .await
}
