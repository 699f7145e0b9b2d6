//! Reading, making, changing and deleting what is kept as records: the same for all of them.

use tollgate_domain::actor::Action;
use tollgate_domain::page::{Cursor, Page};
use tollgate_store::{RecordFilter, Table};

use crate::{Control, ControlError, Managed, OpContext};

pub use tollgate_store::{RecordFilter as Filter, RecordOrder as Order};

/// One that lives.
pub async fn get<T: Managed + Table>(control: &Control, op: &OpContext, id: &str) -> Result<T, ControlError> {
    let change = control.store().find::<T>(id).await?.filter(|found| Managed::meta(found).deleted_at.is_none());
    let Some(found) = change else {
        if !op.allowed_somewhere(Action::Read, <T as Managed>::RESOURCE) {
            return Err(control.denied(op, Action::Read, <T as Managed>::RESOURCE, id).await);
        }
        return Err(ControlError::not_found(format!("the {}", T::NOUN)));
    };
    let place = Managed::place(&found, control.store(), Action::Read).await?;
    control.authorise(op, Action::Read, <T as Managed>::RESOURCE, &place, id).await?;
    Ok(found)
}

/// A page of those that the actor may see; at most 1,000.
pub async fn list<T: Managed + Table>(
    control: &Control,
    op: &OpContext,
    filter: &RecordFilter,
    cursor: Option<&Cursor>,
    limit: u32,
) -> Result<Page<T>, ControlError> {
    let visible = control.visible(op, Action::Read, <T as Managed>::RESOURCE).await?;
    Ok(control.store().list(&visible, filter, cursor, limit).await?)
}

/// Every one that matches and that the actor may see, at most `limit`.
pub async fn list_all<T: Managed + Table>(
    control: &Control,
    op: &OpContext,
    filter: &RecordFilter,
    limit: usize,
) -> Result<Vec<T>, ControlError> {
    let visible = control.visible(op, Action::Read, <T as Managed>::RESOURCE).await?;
    Ok(control.store().list_all(&visible, filter, limit).await?)
}

/// How many match that the actor may see.
pub async fn count<T: Managed + Table>(
    control: &Control,
    op: &OpContext,
    filter: &RecordFilter,
) -> Result<u64, ControlError> {
    let visible = control.visible(op, Action::Read, <T as Managed>::RESOURCE).await?;
    Ok(control.store().count::<T>(&visible, filter).await?)
}

/// Adds a new one, whose `meta` is filled in here. A conflict if its id is in use.
pub async fn create<T: Managed>(control: &Control, op: &OpContext, new: T) -> Result<T, ControlError> {
    control
        .watched(op, "", async {
            let mut change = control.change(op).await?;
            let created = change.add(new, &format!("{}.create", T::KIND)).await?;
            change.commit().await?;
            Ok(created)
        })
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
        .watched(op, id, async {
            let mut change = control.change(op).await?;
            let mut permit = change.open::<T>(Action::Update, id, expected_version).await?;
            apply(&mut permit.after)?;
            let saved = change.save(permit, action).await?;
            change.commit().await?;
            Ok(saved)
        })
        .await
}

/// Deletes one with nothing attached to it: organisations, teams and users have a way of their own.
pub async fn delete<T: Managed>(
    control: &Control,
    op: &OpContext,
    id: &str,
    expected_version: Option<i64>,
) -> Result<T, ControlError> {
    control
        .watched(op, id, async {
            let mut change = control.change(op).await?;
            let permit = change.open::<T>(Action::Delete, id, expected_version).await?;
            let deleted = change.remove(permit, &format!("{}.delete", T::KIND)).await?;
            change.commit().await?;
            Ok(deleted)
        })
        .await
}
