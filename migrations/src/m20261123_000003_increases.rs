//! Requests for increases of limits: a table in the form of all managed records.

use sea_orm_migration::prelude::*;

use crate::types::{big, big_null, drop_tables, flag, run, text, text_null};

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
                    .table("increase_requests")
                    .col(text("id").primary_key())
                    .col(text("name"))
                    .col(text("name_lower"))
                    .col(text("search"))
                    // Of open requests: one for each asker and account.
                    .col(text_null("handle"))
                    .col(text_null("user_id"))
                    .col(text_null("team_id"))
                    .col(text_null("organisation_id"))
                    .col(text_null("budget_id"))
                    // Whether it is closed.
                    .col(flag("blocked"))
                    .col(text("body"))
                    .col(big("created_at"))
                    .col(text("created_by"))
                    .col(big("updated_at"))
                    .col(text("updated_by"))
                    .col(big_null("deleted_at"))
                    .col(big("version"))
                    .to_owned(),
            )
            .await?;
        run(
            manager,
            &[
                "CREATE INDEX increase_requests_created ON increase_requests (created_at, id)",
                "CREATE INDEX increase_requests_open ON increase_requests (blocked, created_at, id)",
                "CREATE UNIQUE INDEX increase_requests_handle ON increase_requests (handle) WHERE deleted_at IS NULL",
                "CREATE INDEX increase_requests_user ON increase_requests (user_id, created_at)",
                "CREATE INDEX increase_requests_team ON increase_requests (team_id, created_at) \
                 WHERE team_id IS NOT NULL",
                "CREATE INDEX increase_requests_organisation ON increase_requests (organisation_id, created_at) \
                 WHERE organisation_id IS NOT NULL",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["increase_requests"]).await
    }
}
