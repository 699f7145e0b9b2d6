//! Users: made with their memberships, deleted with what is theirs alone, and their passwords.

use serde_json::json;
use tollgate_domain::actor::Action;
use tollgate_domain::ids::UserId;
use tollgate_domain::membership::{Group, MemberRole};
use tollgate_domain::secret::Secret;
use tollgate_domain::user::User;

use crate::access::check_password;
use crate::change::Subject;
use crate::groups::membership;
use crate::{Control, ControlError, OpContext};

/// Makes a user who is a member of these groups from the start.
pub async fn create(
    control: &Control,
    op: &OpContext,
    new: User,
    groups: &[(Group, MemberRole)],
) -> Result<User, ControlError> {
    control
        .watched(
            op,
            "",
            Box::pin(async {
                let mut change = control.change(op).await?;
                let user = change.add(new, "user.create").await?;
                for (group, role) in groups {
                    change.add(membership(group, &user.id, *role)?, "membership.create").await?;
                }
                change.commit().await?;
                Ok(user)
            }),
        )
        .await
}

/// Deletes a user with personal keys, memberships and password. Keys of teams that were theirs go too.
pub async fn delete(
    control: &Control,
    op: &OpContext,
    id: &UserId,
    expected_version: Option<i64>,
) -> Result<User, ControlError> {
    crate::records::delete(control, op, id.as_str(), expected_version).await
}

/// Sets somebody's password. Whoever is signed in with the old one is signed out.
pub async fn set_password(
    control: &Control,
    op: &OpContext,
    id: &UserId,
    password: Secret,
) -> Result<(), ControlError> {
    check_password(&password)?;
    control.authorise(op, Action::Update, tollgate_domain::actor::Resource::User, &place(id), id.as_str()).await?;
    let hash = control.inner.passwords.hash(password).await?;
    let change = control.change(op).await?;
    let permit = change.open::<User>(Action::Update, id.as_str(), None).await?;
    change.set_password(&permit, &hash).await?;
    let subject = Subject { kind: "user", id: id.as_str() };
    change.record("user.set_password", subject, None, Some(json!({ "password_changed": true }))).await?;
    change.commit().await
}

fn place(id: &UserId) -> tollgate_domain::actor::Place {
    tollgate_domain::actor::Place { owner: Some(id.clone()), ..Default::default() }
}
