//! A key as it is shown.

use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_domain::Timestamp;
use tollgate_domain::choice::Choices;
use tollgate_domain::ids::{AccessGroupId, BudgetId, KeyId, OrganisationId, TeamId, UserId};
use tollgate_domain::key::{self, PlainKey, VirtualKey};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::summary::KeyRow;
use utoipa::ToSchema;

use super::super::limits::Limits;
use super::super::records::History;
use super::super::values::{KeyStatus, KeyType, Moment, Money, Object};

/// When a key is exchanged by itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rotation {
    /// Seconds between two exchanges.
    interval_seconds: i64,
    next_at: Moment,
    /// Seconds that the old text goes on working after an exchange.
    grace_seconds: i64,
    /// A new text waits to be collected.
    pending: bool,
}

/// What a key used since it was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyUsage {
    calls: i64,
    spent: Money,
    last_used_at: Option<Moment>,
}

/// A virtual key, without the key itself.
#[expect(clippy::struct_field_names, reason = "`key_type` is LiteLLM's name, and this API's")]
#[derive(Debug, Serialize, ToSchema)]
pub struct Key {
    #[schema(value_type = String)]
    id: KeyId,
    /// The end of the key: `sk-...abcd`.
    hint: String,
    alias: Option<String>,
    status: KeyStatus,
    blocked: bool,
    expires_at: Option<Moment>,
    /// The person whose it is; `null` with a team: a service account's.
    #[schema(value_type = Option<String>)]
    user_id: Option<UserId>,
    #[schema(value_type = Option<String>)]
    team_id: Option<TeamId>,
    /// Where the key has no team: whom it is charged to.
    #[schema(value_type = Option<String>)]
    organisation_id: Option<OrganisationId>,
    key_type: KeyType,
    /// What it may call; empty means every model that its team, user and organisation may.
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
    #[schema(value_type = Vec<String>)]
    access_groups: Vec<AccessGroupId>,
    /// Names that it may use for other models.
    model_aliases: BTreeMap<String, String>,
    /// Routes or groups of routes that it may use; empty means those of its type.
    allowed_routes: Vec<String>,
    /// Addresses and networks from which it works; empty means from everywhere.
    allowed_ips: Vec<String>,
    /// Added to each of its calls.
    tags: Vec<String>,
    #[schema(value_type = Option<String>)]
    budget_id: Option<BudgetId>,
    limits: Limits,
    rotation: Option<Rotation>,
    /// Beyond its budget the key is slowed down instead of refused, where the gateway says by how much.
    throttle_on_budget_exceeded: bool,
    /// Whether a client that leaves takes its call along; `null`: as the team or the gateway has it.
    cancel_on_disconnect: Option<bool>,
    /// By model, what is called instead when its part of a budget is used up.
    budget_fallbacks: BTreeMap<String, Vec<String>>,
    #[schema(value_type = Object)]
    metadata: Object,
    /// Not in answers to changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<KeyUsage>,
    #[serde(flatten)]
    history: History,
}

impl Key {
    pub fn of(key: VirtualKey, now: Timestamp) -> Self {
        let Choices { throttle, cancel, fallbacks } = key.choices();
        Self {
            throttle_on_budget_exceeded: throttle,
            cancel_on_disconnect: cancel,
            budget_fallbacks: fallbacks,
            status: key.status(now).into(),
            id: key.id,
            hint: key.hint,
            alias: key.alias,
            blocked: key.blocked,
            expires_at: key.expires_at.map(Moment),
            user_id: key.user_id,
            team_id: key.team_id,
            organisation_id: key.organisation_id,
            key_type: key.key_type.into(),
            models: key.models,
            access_groups: key.access_groups,
            model_aliases: key.model_aliases,
            allowed_routes: key.allowed_routes,
            allowed_ips: super::super::values::allowed_ips(&key.settings),
            tags: key.tags,
            budget_id: key.budget_id,
            limits: key.limits.into(),
            rotation: key.rotation.map(|rotation| {
                let key::Rotation { interval_seconds, next_at, grace_seconds, pending } = rotation;
                Rotation { interval_seconds, next_at: Moment(next_at), grace_seconds, pending: pending.is_some() }
            }),
            metadata: key.metadata,
            usage: None,
            history: key.meta.into(),
        }
    }

    pub fn of_row(row: KeyRow, now: Timestamp) -> Self {
        let usage = KeyUsage { calls: row.calls, spent: Money(row.spent), last_used_at: row.last_used_at.map(Moment) };
        Self { usage: Some(usage), ..Self::of(row.key, now) }
    }
}

/// A key with a new text.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedKey {
    #[serde(flatten)]
    about: Key,
    /// The key itself: shown once, and never again.
    key: String,
    /// After an exchange with a grace period: until when the old text works.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_key_works_until: Option<Moment>,
}

impl CreatedKey {
    pub fn of(about: Key, plain: &PlainKey) -> Self {
        Self { about, key: plain.expose().to_owned(), old_key_works_until: None }
    }

    pub fn with_grace(self, until: Option<Timestamp>) -> Self {
        Self { old_key_works_until: until.map(Moment), ..self }
    }
}

/// The text that a key got when it was exchanged by itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct CollectedKey {
    /// Shown once, and never again.
    pub key: String,
}
