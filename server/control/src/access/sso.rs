//! Signing in through a provider, which has proved who it is.

use std::collections::BTreeSet;

use serde_json::json;
use tollgate_domain::actor::{Action, Actor, Role};
use tollgate_domain::ids::{TeamId, UserId};
use tollgate_domain::membership::{Group, MemberRole, Membership};
use tollgate_domain::record::no_meta;
use tollgate_domain::scim::{Entry, Kind};
use tollgate_domain::sso::{Admission, Fault, Proven};
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_store::Identity;

use super::{actor, subject};
use crate::change::Change;
use crate::groups::membership;
use crate::{Control, ControlError, OpContext, rules};

/// Why somebody did not get in.
#[derive(Debug, thiserror::Error)]
pub enum SsoError {
    #[error("{0}")]
    Refused(Fault),
    #[error(transparent)]
    Control(#[from] ControlError),
}

/// Signs somebody in whom a provider vouches for: made at the first time, given the role and the teams that the
/// provider's groups say, and taken out of those that they say no more. `admits`: whether somebody of that role may use
/// the dashboard at all.
///
/// All of it is one transaction; a refusal changes nothing, and is in the audit log.
pub async fn sign_in_through(
    control: &Control,
    op: &OpContext,
    admission: &Admission,
    who: &Proven,
    admits: impl Fn(Role) -> bool,
) -> Result<User, SsoError> {
    match come_in(control, op, admission, who, admits).await {
        Err(SsoError::Refused(fault)) => {
            let detail = json!({
                "reason": fault.as_str(),
                "provider": who.provider,
                "issuer": who.issuer,
                "subject": who.subject,
                "email": who.email,
            });
            let change = control.change(op).await?;
            let known = change.identity(&who.issuer, &who.subject).await?.map(|identity| identity.user_id.to_string());
            change.record("sign_in.failed", subject(&known.unwrap_or_default()), None, Some(detail)).await?;
            change.commit().await?;
            Err(SsoError::Refused(fault))
        }
        done => done,
    }
}

/// Records a sign-in that failed before anybody was proved. What anybody can cause without the provider is recorded five
/// times in a quarter of an hour for each address, so that nobody fills the log.
pub async fn sso_failed(
    control: &Control,
    op: &OpContext,
    provider: &str,
    fault: Fault,
    detail: &str,
) -> Result<(), ControlError> {
    tracing::info!(provider, %fault, detail, request_id = op.request_id, "a single sign-on failed");
    if matches!(fault, Fault::State | Fault::UnknownProvider | Fault::Unavailable) {
        let who = format!("single sign-on {}", op.address.as_deref().unwrap_or_default());
        if control.inner.backoff.begin(&who, control.clock().now()).is_err() {
            return Ok(());
        }
    }
    let change = control.change(op).await?;
    let after = json!({ "reason": fault.as_str(), "provider": provider, "detail": detail });
    change.record("sign_in.failed", subject(""), None, Some(after)).await?;
    change.commit().await
}

async fn come_in(
    control: &Control,
    op: &OpContext,
    admission: &Admission,
    who: &Proven,
    admits: impl Fn(Role) -> bool,
) -> Result<User, SsoError> {
    admission.check(who).map_err(SsoError::Refused)?;
    // The configuration says what becomes of somebody; they themselves may do none of it.
    let by_rule = OpContext {
        actor: Actor::System,
        on_behalf_of: Some(format!("single sign-on: {}", who.provider)),
        ..op.clone()
    };
    let mut change = control.change(&by_rule).await?;
    let known = match change.identity(&who.issuer, &who.subject).await? {
        Some(identity) => change.read().find::<User>(identity.user_id.as_str()).await?.map(|user| (user, identity)),
        None => None,
    };
    let (user, mut identity) = match known {
        Some((user, _)) if user.disabled => return Err(SsoError::Refused(Fault::Disabled)),
        Some((user, identity)) => (with_role(&mut change, admission, who, user).await?, identity),
        None => {
            let user = arrive(control, &mut change, admission, who).await?;
            let identity = Identity {
                issuer: who.issuer.clone(),
                subject: who.subject.clone(),
                user_id: user.id.clone(),
                provider: who.provider.clone(),
                teams: BTreeSet::new(),
                created_at: change.now,
                last_at: change.now,
                said: None,
            };
            (user, identity)
        }
    };
    if !admits(user.role) {
        return Err(SsoError::Refused(Fault::NotAdmitted));
    }
    if let Some(wanted) = admission.teams_of(who) {
        identity.teams = move_teams(&mut change, &user.id, &identity.teams, &wanted).await?;
    }
    identity.provider.clone_from(&who.provider);
    identity.last_at = change.now;
    // Without its session there, which nobody needs to look at.
    identity.said = Some(Proven { session: None, ..who.clone() });
    let permit = change.by_proof(user.clone());
    change.keep_identity(&permit, &identity).await?;
    change.set_signed_in(&permit).await?;
    let how = json!({ "provider": who.provider, "issuer": who.issuer, "subject": who.subject });
    change.record_as(&actor(&user), "sign_in", subject(user.id.as_str()), None, Some(how)).await?;
    change.commit().await?;
    Ok(user)
}

/// Somebody whom this provider never brought: a new user, or, where the configuration lets addresses join accounts, the
/// one who has the address.
async fn arrive(
    control: &Control,
    change: &mut Change<'_>,
    admission: &Admission,
    who: &Proven,
) -> Result<User, SsoError> {
    // An address that nobody vouches for is not kept: others would find the account by it.
    let email = who.email.clone().filter(|_| who.email_verified);
    let holder = match &email {
        Some(email) => change.read().user_by_email(email).await?,
        None => None,
    };
    if let Some(holder) = holder {
        let by_address = admission.link_by_email && who.email_links;
        let holder = if by_address { Some(holder) } else { brought(change, who, Some(holder)).await? };
        let holder = holder.ok_or(SsoError::Refused(Fault::EmailTaken))?;
        return linked(change, admission, who, holder).await;
    }
    if let Some(user) = brought(change, who, None).await? {
        return linked(change, admission, who, user).await;
    }
    let id = UserId::new(control.clock().as_ref(), control.entropy());
    let role = admission.role_of(who).unwrap_or(admission.role);
    let mut new = User::new(id, email, role, no_meta());
    new.name.clone_from(&who.name);
    new.limits = admission.limits.clone();
    new.models.clone_from(&admission.models);
    let user = change.add(new, "user.create").await?;
    for team in &admission.teams {
        join(change, &user.id, team).await?;
    }
    Ok(user)
}

/// An account that was here before is theirs from now on.
async fn linked(change: &mut Change<'_>, admission: &Admission, who: &Proven, user: User) -> Result<User, SsoError> {
    if user.disabled {
        return Err(SsoError::Refused(Fault::Disabled));
    }
    let how = json!({ "provider": who.provider, "issuer": who.issuer, "subject": who.subject });
    change.record("user.link", subject(user.id.as_str()), None, Some(how)).await?;
    with_role(change, admission, who, user).await
}

/// Whom the same provider brought by SCIM and who never came through it: by its own id, or by an address that it
/// vouches for. Once somebody came, no other subject is them, whatever SCIM says; and an administrator who was here
/// before SCIM was is nobody's to take.
async fn brought(change: &Change<'_>, who: &Proven, holder: Option<User>) -> Result<Option<User>, ControlError> {
    let of_provider = |entry: &Entry| entry.provider.as_deref() == Some(who.provider.as_str());
    let mut ids: Vec<String> = change
        .scim_entries_by_external_id(&who.subject)
        .await?
        .into_iter()
        .filter(of_provider)
        .map(|entry| entry.id)
        .collect();
    if let Some(holder) = holder.filter(|_| who.email_links) {
        ids.push(holder.id.to_string());
    }
    for id in ids {
        let Some(entry) = change.scim_entry(Kind::User, &id).await?.filter(of_provider) else { continue };
        let Some(user) = change.read().find::<User>(&id).await? else { continue };
        if (entry.adopted && user.role == Role::Admin) || change.has_identity(&user.id, &who.issuer).await? {
            continue;
        }
        return Ok(Some(user));
    }
    Ok(None)
}

/// Gives the role that the provider's groups say.
async fn with_role(change: &mut Change<'_>, admission: &Admission, who: &Proven, user: User) -> Result<User, SsoError> {
    let Some(role) = admission.role_of(who).filter(|role| *role != user.role) else { return Ok(user) };
    match rules::another_admin(&user, change).await {
        Ok(()) => {}
        Err(ControlError::Conflict { .. }) => {
            // Whoever would be locked out by it are all of them.
            tracing::warn!(user = %user.id, "the last administrator stays one, whatever the provider's groups say");
            return Ok(user);
        }
        Err(error) => return Err(error.into()),
    }
    let mut permit = change.open::<User>(Action::Update, user.id.as_str(), None).await?;
    permit.after.role = role;
    Ok(change.save(permit, "user.update").await?)
}

/// Joins the teams that are wanted and leaves those that were given earlier and are wanted no more. Memberships that
/// somebody made by hand are left alone. What was given, now.
async fn move_teams(
    change: &mut Change<'_>,
    user: &UserId,
    given: &BTreeSet<TeamId>,
    wanted: &BTreeSet<TeamId>,
) -> Result<BTreeSet<TeamId>, ControlError> {
    let mut now = BTreeSet::new();
    for team in wanted {
        if join(change, user, team).await? || given.contains(team) {
            now.insert(team.clone());
        }
    }
    for team in given.difference(wanted) {
        let Some(id) = Membership::id_of(&Group::Team(team.clone()), user) else { continue };
        if change.read().find::<Membership>(id.as_str()).await?.is_some() {
            let permit = change.open::<Membership>(Action::Delete, id.as_str(), None).await?;
            change.delete(permit, "membership.delete").await?;
        }
    }
    Ok(now)
}

/// Whether a membership was made: not, if there is one, or no such team.
pub(crate) async fn join(change: &mut Change<'_>, user: &UserId, team: &TeamId) -> Result<bool, ControlError> {
    if change.read().find::<Team>(team.as_str()).await?.is_none() {
        return Ok(false);
    }
    let new = membership(&Group::Team(team.clone()), user, MemberRole::Member)?;
    if change.read().find::<Membership>(new.id.as_str()).await?.is_some() {
        return Ok(false);
    }
    change.add(new, "membership.create").await?;
    Ok(true)
}
