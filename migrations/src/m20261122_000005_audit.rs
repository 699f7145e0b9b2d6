//! The audit log.

use sea_orm_migration::prelude::*;

use crate::types::{big, drop_tables, run, text, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("audit_events")
                    // Consecutive from 1: a gap shows that a line was taken out.
                    .col(big("seq").primary_key())
                    .col(text("id").unique_key())
                    .col(big("at"))
                    .col(text("actor_kind"))
                    .col(text("actor"))
                    .col(text_null("on_behalf_of"))
                    .col(text_null("address"))
                    .col(text_null("user_agent"))
                    .col(text("request_id"))
                    .col(text("action"))
                    .col(text("resource_kind"))
                    .col(text("resource_id"))
                    .col(text_null("before"))
                    .col(text_null("after"))
                    .col(text("prev_hash"))
                    .col(text("hash"))
                    .to_owned(),
            )
            .await?;
        run(
            manager,
            &[
                "CREATE INDEX audit_events_at ON audit_events (at, seq)",
                "CREATE INDEX audit_events_actor ON audit_events (actor, seq)",
                "CREATE INDEX audit_events_action ON audit_events (action, seq)",
                "CREATE INDEX audit_events_request ON audit_events (request_id, seq)",
                "CREATE INDEX audit_events_resource ON audit_events (resource_kind, resource_id, seq)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["audit_events"]).await
    }
}
