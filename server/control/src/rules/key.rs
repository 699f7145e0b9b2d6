//! What a virtual key may hold.

use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::key::VirtualKey;
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;

use super::fields;
use crate::ControlError;
use crate::change::Change;

/// The shortest time between two exchanges, in seconds: a minute.
const SHORTEST_ROTATION: i64 = 60;

pub(crate) async fn key(before: Option<&VirtualKey>, after: &VirtualKey, change: &Change<'_>) -> Result<(), ControlError> {
    if let Some(alias) = &after.alias {
        fields::name("alias", alias)?;
        if change.read().key_by_alias(alias).await?.is_some_and(|other| other.id != after.id) {
            return Err(ControlError::conflict(format!("there is a key with the alias `{alias}` already")));
        }
    }
    fields::models(&after.models)?;
    fields::aliases(&after.model_aliases)?;
    fields::limits(&after.limits)?;
    fields::tags(&after.tags)?;
    fields::json("metadata", &after.metadata)?;
    fields::json("settings", &after.settings)?;
    if after.allowed_routes.len() > 200 {
        return Err(ControlError::invalid("allowed_routes", "at most 200"));
    }
    if after.rotation.as_ref().is_some_and(|rotation| rotation.interval_seconds < SHORTEST_ROTATION) {
        return Err(ControlError::invalid("rotation_interval", "at least a minute"));
    }
    fields::access_groups(&after.access_groups, change).await?;
    fields::budget(after.budget_id.as_ref(), change).await?;
    whose(before, after, change).await
}

/// Whom a key points to has to be there, when it begins to.
async fn whose(before: Option<&VirtualKey>, after: &VirtualKey, change: &Change<'_>) -> Result<(), ControlError> {
    let read = change.read();
    let moved = |new: bool, field: fn(&VirtualKey) -> Option<&str>| {
        new && before.is_none_or(|before| field(before) != field(after))
    };
    let (user, team) = (after.user_id.as_ref(), after.team_id.as_ref());
    if moved(team.is_some(), |key| key.team_id.as_ref().map(|id| id.as_str()))
        && let Some(team) = team
        && read.find::<Team>(team.as_str()).await?.is_none()
    {
        return Err(ControlError::invalid("team_id", format!("there is no team `{team}`")));
    }
    if moved(user.is_some(), |key| key.user_id.as_ref().map(|id| id.as_str()))
        && let Some(user) = user
    {
        if read.find::<User>(user.as_str()).await?.is_none() {
            return Err(ControlError::invalid("user_id", format!("there is no user `{user}`")));
        }
        if let Some(team) = team {
            let id = Membership::id_of(&Group::Team(team.clone()), user);
            let member = match &id {
                Some(id) => read.find::<Membership>(id.as_str()).await?.is_some(),
                None => false,
            };
            let place = Place { team: Some(team.clone()), ..Place::default() };
            // Whoever could make them a member may as well give them a key.
            if !member && change.op().authorise(Action::Create, Resource::Membership, &place).is_err() {
                return Err(ControlError::invalid("user_id", format!("`{user}` is not a member of the team `{team}`")));
            }
        }
    }
    if moved(after.organisation_id.is_some(), |key| key.organisation_id.as_ref().map(|id| id.as_str()))
        && let Some(organisation) = &after.organisation_id
        && read.find::<Organisation>(organisation.as_str()).await?.is_none()
    {
        return Err(ControlError::invalid("organisation_id", format!("there is no organisation `{organisation}`")));
    }
    Ok(())
}
