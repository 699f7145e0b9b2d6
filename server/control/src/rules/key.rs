//! What a virtual key may hold.

use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::key::{KeyType, VirtualKey};
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;

use super::fields;
use crate::change::Change;
use crate::keys::{LONGEST_GRACE, LONGEST_LIFE};
use crate::managed::group_noun;
use crate::{ControlError, OpContext};

/// The shortest time between two exchanges, in seconds: a minute.
const SHORTEST_ROTATION: i64 = 60;

pub(crate) async fn key(
    before: Option<&VirtualKey>,
    after: &VirtualKey,
    change: &Change<'_>,
) -> Result<(), ControlError> {
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
    if before.is_none_or(|before| before.settings != after.settings) {
        fields::choices(&after.settings)?;
    }
    if after.allowed_routes.len() > 200 {
        return Err(ControlError::invalid("allowed_routes", "at most 200"));
    }
    if let Some(rotation) = &after.rotation {
        if !(SHORTEST_ROTATION..=LONGEST_LIFE).contains(&rotation.interval_seconds) {
            return Err(ControlError::invalid("rotation_interval", "from a minute to a hundred years"));
        }
        if !(0..=LONGEST_GRACE).contains(&rotation.grace_seconds) {
            return Err(ControlError::invalid("grace_period", "at most 90 days"));
        }
    }
    fields::access_groups(before.map(|before| &before.access_groups[..]), &after.access_groups, change).await?;
    fields::budget(before.and_then(|before| before.budget_id.as_ref()), after.budget_id.as_ref(), change).await?;
    power(before, after, change)?;
    whose(before, after, change).await
}

/// What a key may do through the management API is what its person may: whoever makes one for somebody else, or learns
/// its text, must not come into that person's power by it. Who may change the person has that power anyway.
pub(crate) fn acts_for_another(op: &OpContext, key: &VirtualKey) -> bool {
    let Some(user) = &key.user_id else { return false };
    let place = Place { owner: Some(user.clone()), ..Place::default() };
    key.key_type != KeyType::LlmApi
        && op.actor.user_id() != Some(user)
        && !op.may(Action::Update, Resource::User, &place)
}

fn power(before: Option<&VirtualKey>, after: &VirtualKey, change: &Change<'_>) -> Result<(), ControlError> {
    let same = before.is_some_and(|before| {
        (before.digest, &before.user_id, before.key_type) == (after.digest, &after.user_id, after.key_type)
    });
    if !same && acts_for_another(change.op(), after) {
        return Err(ControlError::invalid("key_type", "a key for somebody else can only call models: `llm_api`"));
    }
    Ok(())
}

/// Whom a key points to has to be there, when it begins to; and its person has to belong to what it is charged to.
async fn whose(before: Option<&VirtualKey>, after: &VirtualKey, change: &Change<'_>) -> Result<(), ControlError> {
    let read = change.read();
    let same_user = before.is_some_and(|before| before.user_id == after.user_id);
    let same_team = before.is_some_and(|before| before.team_id == after.team_id);
    let same_organisation = before.is_some_and(|before| before.organisation_id == after.organisation_id);
    if let Some(team) = &after.team_id
        && !same_team
        && read.find::<Team>(team.as_str()).await?.is_none()
    {
        return Err(ControlError::invalid("team_id", format!("there is no team `{team}`")));
    }
    if let Some(organisation) = &after.organisation_id {
        if after.team_id.is_some() {
            return Err(ControlError::invalid("organisation_id", "a team's key belongs to the team's organisation"));
        }
        if !same_organisation && read.find::<Organisation>(organisation.as_str()).await?.is_none() {
            return Err(ControlError::invalid("organisation_id", format!("there is no organisation `{organisation}`")));
        }
    }
    let Some(user) = &after.user_id else { return Ok(()) };
    if !same_user && read.find::<User>(user.as_str()).await?.is_none() {
        return Err(ControlError::invalid("user_id", format!("there is no user `{user}`")));
    }
    let group = match (&after.team_id, &after.organisation_id) {
        (Some(team), _) => Group::Team(team.clone()),
        (None, Some(organisation)) => Group::Organisation(organisation.clone()),
        (None, None) => return Ok(()),
    };
    if same_user && same_team && same_organisation {
        return Ok(());
    }
    let member = match Membership::id_of(&group, user) {
        Some(id) => read.find::<Membership>(id.as_str()).await?.is_some(),
        None => false,
    };
    // Whoever could make them a member may as well give them a key.
    let place = change.place_of(&group).await?;
    if !member && !change.op().may(Action::Create, Resource::Membership, &place) {
        let noun = group_noun(&group);
        return Err(ControlError::invalid(
            "user_id",
            format!("`{user}` is not a member of the {noun} `{}`", group.id()),
        ));
    }
    Ok(())
}
