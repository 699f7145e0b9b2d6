//! A key as it is made and changed.

use std::collections::BTreeMap;

use serde::Deserialize;
use tollgate_control::keys;
use tollgate_domain::Timestamp;
use tollgate_domain::choice::Choices;
use tollgate_domain::ids::{AccessGroupId, BudgetId, OrganisationId, TeamId, UserId};
use tollgate_domain::key::{self, VirtualKey};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::secret::Secret;
use utoipa::ToSchema;

use super::super::extract::Caller;
use super::super::limits::{Limits, LimitsPatch};
use super::super::values::{KeyType, Moment, Object, Patch, set_allowed_ips};

/// When a key shall be exchanged by itself.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRotation {
    /// Seconds between two exchanges.
    #[schema(minimum = 60)]
    interval_seconds: i64,
    /// When first; without it, after one interval.
    next_at: Option<Moment>,
    /// Seconds that the old text goes on working after an exchange: at most 90 days. Without it, half of the interval,
    /// at most a week.
    #[schema(minimum = 0, maximum = 7_776_000)]
    grace_seconds: Option<i64>,
}

impl NewRotation {
    fn read(self, now: Timestamp) -> key::Rotation {
        let mut rotation = key::Rotation::every(self.interval_seconds, now);
        rotation.next_at = self.next_at.map_or(rotation.next_at, |at| at.0);
        rotation.grace_seconds = self.grace_seconds.unwrap_or(rotation.grace_seconds);
        rotation
    }
}

/// A new key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// A text of one's own choice, instead of a random one: `sk-` and at least 13 characters more.
    #[schema(value_type = Option<String>, format = Password)]
    key: Option<Secret>,
    alias: Option<String>,
    /// The person whose it is. If neither a user nor a team nor an organisation is named: whoever asks, if that is a
    /// person. `null`: nobody's.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    user_id: Patch<UserId>,
    #[schema(value_type = Option<String>)]
    team_id: Option<TeamId>,
    #[schema(value_type = Option<String>)]
    organisation_id: Option<OrganisationId>,
    key_type: Option<KeyType>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    access_groups: Vec<AccessGroupId>,
    #[serde(default)]
    model_aliases: BTreeMap<String, String>,
    #[serde(default)]
    allowed_routes: Vec<String>,
    /// Addresses and networks from which it works: `203.0.113.9`, `10.0.0.0/8`. Empty: from everywhere.
    #[serde(default)]
    allowed_ips: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    blocked: bool,
    expires_at: Option<Moment>,
    #[schema(value_type = Option<String>)]
    budget_id: Option<BudgetId>,
    #[serde(default)]
    limits: Limits,
    rotation: Option<NewRotation>,
    /// Beyond its budget the key is slowed down instead of refused, where the gateway says by how much.
    #[serde(default)]
    throttle_on_budget_exceeded: bool,
    /// Whether a client that leaves takes its call along; `null`: as the team or the gateway has it.
    cancel_on_disconnect: Option<bool>,
    /// By model, what is called instead when its part of a budget is used up: at most ten models, in their order.
    #[serde(default)]
    budget_fallbacks: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Object,
}

impl NewKey {
    pub fn read(self, caller: &Caller, now: Timestamp) -> keys::NewKey {
        let mut new = keys::NewKey { custom_key: self.key, ..keys::NewKey::default() };
        let key = &mut new.key;
        key.user_id = match self.user_id {
            Patch::Value(user) => Some(user),
            Patch::Null => None,
            Patch::Absent if self.team_id.is_some() || self.organisation_id.is_some() => None,
            Patch::Absent => caller.op().actor.user_id().cloned(),
        };
        key.alias = self.alias;
        key.team_id = self.team_id;
        key.organisation_id = self.organisation_id;
        key.key_type = self.key_type.map(Into::into).unwrap_or_default();
        key.models = self.models;
        key.access_groups = self.access_groups;
        key.model_aliases = self.model_aliases;
        key.allowed_routes = self.allowed_routes;
        set_allowed_ips(&mut key.settings, self.allowed_ips);
        key.tags = self.tags;
        key.blocked = self.blocked;
        key.expires_at = self.expires_at.map(|at| at.0);
        key.budget_id = self.budget_id;
        key.limits = self.limits.into();
        key.rotation = self.rotation.map(|rotation| rotation.read(now));
        key.metadata = self.metadata;
        key.choose(Choices {
            throttle: self.throttle_on_budget_exceeded,
            cancel: self.cancel_on_disconnect.or_else(|| key.cancels()),
            fallbacks: self.budget_fallbacks,
        });
        new
    }
}

/// A change of a key: what is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    alias: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    user_id: Patch<UserId>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    team_id: Patch<TeamId>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    organisation_id: Patch<OrganisationId>,
    #[serde(default)]
    #[schema(value_type = Option<KeyType>)]
    key_type: Patch<KeyType>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    models: Patch<Vec<ModelPattern>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    access_groups: Patch<Vec<AccessGroupId>>,
    /// Merged: `null` takes an alias away.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    model_aliases: Patch<BTreeMap<String, Option<String>>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    allowed_routes: Patch<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    allowed_ips: Patch<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    tags: Patch<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    blocked: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<Moment>)]
    expires_at: Patch<Moment>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    budget_id: Patch<BudgetId>,
    #[serde(default)]
    #[schema(value_type = Option<LimitsPatch>)]
    limits: Patch<LimitsPatch>,
    #[serde(default)]
    #[schema(value_type = Option<NewRotation>)]
    rotation: Patch<NewRotation>,
    /// Beyond its budget the key is slowed down instead of refused, where the gateway says by how much.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    throttle_on_budget_exceeded: Patch<bool>,
    /// `null`: as the team or the gateway has it.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    cancel_on_disconnect: Patch<bool>,
    /// In place of those that there were.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Vec<String>>>)]
    budget_fallbacks: Patch<BTreeMap<String, Vec<String>>>,
    /// Merged: `null` takes a member away.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Patch<Object>,
}

impl KeyPatch {
    pub fn apply(self, key: &mut VirtualKey, now: Timestamp) {
        self.alias.optional(&mut key.alias);
        self.user_id.optional(&mut key.user_id);
        self.team_id.optional(&mut key.team_id);
        self.organisation_id.optional(&mut key.organisation_id);
        self.key_type.or_default(&mut key.key_type);
        self.models.or_default(&mut key.models);
        self.access_groups.or_default(&mut key.access_groups);
        self.model_aliases.merge_map(&mut key.model_aliases);
        self.allowed_routes.or_default(&mut key.allowed_routes);
        self.allowed_ips.ips(&mut key.settings);
        self.tags.or_default(&mut key.tags);
        self.blocked.or_default(&mut key.blocked);
        self.expires_at.optional(&mut key.expires_at);
        self.budget_id.optional(&mut key.budget_id);
        self.limits.limits(&mut key.limits);
        self.rotation.map(|rotation| rotation.read(now)).optional(&mut key.rotation);
        self.metadata.merge(&mut key.metadata);
        let mut choices = key.choices();
        self.throttle_on_budget_exceeded.or_default(&mut choices.throttle);
        self.cancel_on_disconnect.optional(&mut choices.cancel);
        self.budget_fallbacks.or_default(&mut choices.fallbacks);
        key.choose(choices);
    }
}
