//! `audit_events`

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use tollgate_domain::Timestamp;
use tollgate_domain::audit::AuditEvent;
use tollgate_domain::ids::AuditId;

use crate::StoreError;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub id: String,
    pub at: i64,
    pub actor_kind: String,
    pub actor: String,
    pub on_behalf_of: Option<String>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: String,
    pub action: String,
    pub resource_kind: String,
    pub resource_id: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub prev_hash: String,
    pub hash: String,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn event(&self) -> Result<AuditEvent, StoreError> {
        Ok(AuditEvent {
            id: AuditId::parse(&self.id)
                .ok_or_else(|| StoreError::corrupt("audit_events", self.seq.to_string(), &"the id"))?,
            at: Timestamp(self.at),
            actor_kind: self.actor_kind.clone(),
            actor: self.actor.clone(),
            on_behalf_of: self.on_behalf_of.clone(),
            address: self.address.clone(),
            user_agent: self.user_agent.clone(),
            request_id: self.request_id.clone(),
            action: self.action.clone(),
            resource_kind: self.resource_kind.clone(),
            resource_id: self.resource_id.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
        })
    }
}

/// The row of an event that follows one whose hash is `previous`.
pub fn row(seq: i64, event: &AuditEvent, previous: String) -> ActiveModel {
    ActiveModel {
        seq: Set(seq),
        id: Set(event.id.to_string()),
        at: Set(event.at.0),
        actor_kind: Set(event.actor_kind.clone()),
        actor: Set(event.actor.clone()),
        on_behalf_of: Set(event.on_behalf_of.clone()),
        address: Set(event.address.clone()),
        user_agent: Set(event.user_agent.clone()),
        request_id: Set(event.request_id.clone()),
        action: Set(event.action.clone()),
        resource_kind: Set(event.resource_kind.clone()),
        resource_id: Set(event.resource_id.clone()),
        before: Set(event.before.clone()),
        after: Set(event.after.clone()),
        hash: Set(event.chain_hash(&previous)),
        prev_hash: Set(previous),
    }
}
