//! What the form of a key says, new or changed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tollgate_control::keys::expiry_after;
use tollgate_control::{Control, ControlError, OpContext};
use tollgate_domain::Timestamp;
use tollgate_domain::choice::Choices;
use tollgate_domain::ids::{AccessGroupId, BudgetId, OrganisationId, TeamId, UserId};
use tollgate_domain::key::{KeyType, Rotation, VirtualKey};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;

use super::{id, ids, typed_models};
use crate::api::SERVICE_ACCOUNT;
use crate::api::choices::meant;
use crate::kit::{Form, LimitNames, TypedLimits};
use crate::pages::{Expiry, Owner, leaving_name};

/// What was typed.
pub struct KeyFields {
    alias: Option<String>,
    owner: Owner,
    user_id: Option<UserId>,
    team_id: Option<TeamId>,
    organisation_id: Option<OrganisationId>,
    models: Vec<ModelPattern>,
    access_groups: Vec<AccessGroupId>,
    expiry: Expiry,
    date: Option<Timestamp>,
    limits: TypedLimits,
    budget_id: Option<BudgetId>,
    tags: Vec<String>,
    key_type: KeyType,
    allowed_routes: Vec<String>,
    model_aliases: BTreeMap<String, String>,
    /// Seconds between two exchanges, and how long the old text works.
    rotation: Option<(i64, Option<i64>)>,
    metadata: Map<String, Value>,
    mildness: Choices,
}

/// `gpt-4o = gpt-4o-mini, o3-mini`, one in a line.
fn fallbacks(form: &mut Form) -> BTreeMap<String, Vec<String>> {
    let split =
        |others: String| others.split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect();
    form.pairs("budget_fallbacks").into_iter().map(|(model, others)| (model, split(others))).collect()
}

impl KeyFields {
    /// Reads the form. What is wrong is told in it.
    pub async fn read(control: &Control, op: &OpContext, form: &mut Form) -> Result<Self, ControlError> {
        let owner = Owner::of(form);
        let user_id = match owner {
            Owner::Me => op.actor.user_id().cloned(),
            Owner::Person => {
                let text = form.required("user_id", "Say whose it is.");
                if !text.is_empty() {
                    let meant = meant::<User>(control, op, text).await?;
                    form.set("user_id", meant);
                }
                id(form, "user_id", UserId::parse)
            }
            Owner::Team | Owner::Service | Owner::Nobody => None,
        };
        if let Some(text) = form.get("team_id") {
            let meant = meant::<Team>(control, op, text).await?;
            form.set("team_id", meant);
        }
        let team_id = id(form, "team_id", TeamId::parse);
        if matches!(owner, Owner::Team | Owner::Service) && team_id.is_none() {
            form.refuse_at("team_id", "Say which team's it is.");
        }
        if owner == Owner::Nobody && team_id.is_some() {
            form.refuse_at("owner", "A key in a team is a person's, the team's or a service account's.");
        }
        if owner == Owner::Service && form.get("alias").is_none() {
            form.refuse_at("alias", "Give the service account a name.");
        }
        if let Some(text) = form.get("organisation_id") {
            let meant = meant::<Organisation>(control, op, text).await?;
            form.set("organisation_id", meant);
        }
        let every = form.span("rotate_every");
        let grace = form.span("rotate_grace");
        if every.is_none() && grace.is_some() && !form.is_refused() {
            form.refuse_at("rotate_grace", "Say above how often the key is rotated, or clear this.");
        }
        Ok(Self {
            alias: form.get("alias"),
            owner,
            user_id,
            team_id,
            organisation_id: id(form, "organisation_id", OrganisationId::parse),
            models: typed_models(form),
            access_groups: ids(form, "access_groups", AccessGroupId::parse),
            date: Expiry::date(form),
            expiry: Expiry::of(form),
            limits: form.limits(&LimitNames::OWN),
            budget_id: id(form, "budget_id", BudgetId::parse),
            tags: form.tags("tags"),
            key_type: KeyType::parse(&form.typed("key_type")).unwrap_or_default(),
            allowed_routes: form.tags("allowed_routes"),
            model_aliases: form.pairs("model_names"),
            rotation: every.map(|every| (every, grace)),
            metadata: form.json_object("metadata"),
            mildness: Choices {
                throttle: form.is_ticked("throttle"),
                cancel: [Some(true), Some(false)]
                    .into_iter()
                    .find(|it| leaving_name(*it) == form.typed("leaving"))
                    .flatten(),
                fallbacks: fallbacks(form),
            },
        })
    }

    /// Makes a key what the form says.
    pub fn apply(self, key: &mut VirtualKey, now: Timestamp) -> Result<(), ControlError> {
        match self.expiry.seconds() {
            _ if self.expiry == Expiry::Never => key.expires_at = None,
            Some(seconds) => key.expires_at = Some(expiry_after(seconds, now)?),
            None => key.expires_at = self.date.or(key.expires_at),
        }
        key.rotation = rotation(key.rotation.take(), self.rotation, now)?;
        let service_account = key.metadata.remove(SERVICE_ACCOUNT);
        key.metadata = self.metadata;
        key.choose(self.mildness);
        if self.owner == Owner::Service {
            let name = service_account.unwrap_or_else(|| self.alias.clone().unwrap_or_default().into());
            key.metadata.insert(SERVICE_ACCOUNT.to_owned(), name);
        }
        key.alias = self.alias;
        key.user_id = self.user_id;
        key.team_id = self.team_id;
        key.organisation_id = self.organisation_id;
        key.models = self.models;
        key.access_groups = self.access_groups;
        key.limits = self.limits.over(&key.limits);
        key.budget_id = self.budget_id;
        key.tags = self.tags;
        key.key_type = self.key_type;
        key.allowed_routes = self.allowed_routes;
        key.model_aliases = self.model_aliases;
        Ok(())
    }
}

/// The schedule that was asked for, in place of what there was. What is as it was goes on as planned.
fn rotation(
    before: Option<Rotation>,
    asked: Option<(i64, Option<i64>)>,
    now: Timestamp,
) -> Result<Option<Rotation>, ControlError> {
    let waits = before.as_ref().is_some_and(|rotation| rotation.pending.is_some());
    let Some((every, grace)) = asked else {
        if waits {
            // Nobody else has it.
            let message = "collect the new text first, which waits; it would be lost".to_owned();
            return Err(ControlError::Invalid { field: "rotation_interval", message });
        }
        return Ok(None);
    };
    let mut rotation = match before {
        Some(before) if before.interval_seconds == every => before,
        before => Rotation { pending: before.and_then(|before| before.pending), ..Rotation::every(every, now) },
    };
    rotation.grace_seconds = grace.unwrap_or(Rotation::every(every, now).grace_seconds);
    Ok(Some(rotation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_goes_on_unless_its_interval_is_another() {
        let (start, later) = (Timestamp(0), Timestamp(0).plus_seconds(1000));
        let before = Rotation::every(86_400, start);
        let kept = rotation(Some(before.clone()), Some((86_400, Some(60))), later).unwrap().unwrap();
        assert_eq!((kept.next_at, kept.grace_seconds), (before.next_at, 60));
        let other = rotation(Some(before.clone()), Some((172_800, None)), later).unwrap().unwrap();
        assert_eq!((other.next_at, other.grace_seconds), (later.plus_seconds(172_800), 86_400));
        assert_eq!(rotation(Some(before), None, later).unwrap(), None);
    }
}
