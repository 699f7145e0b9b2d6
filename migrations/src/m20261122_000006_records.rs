//! Everything that is managed beside keys: organisations, teams, users, memberships, budgets, …

use sea_orm_migration::prelude::*;

use crate::types::{big, big_null, drop_tables, flag, run, text, text_null};

/// Tables of one form: what is searched by in columns, all of a record as JSON in `body`.
const TABLES: [&str; 10] = [
    "organisations",
    "teams",
    "users",
    "memberships",
    "budgets",
    "customers",
    "tags",
    "access_groups",
    "deployments",
    "credentials",
];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            manager
                .create_table(
                    Table::create()
                        .table(table)
                        .col(text("id").primary_key())
                        .col(text("name"))
                        // What lists sort by, and what a search looks in: in lower case, on both databases alike.
                        .col(text("name_lower"))
                        .col(text("search"))
                        .col(text_null("handle"))
                        .col(text_null("user_id"))
                        .col(text_null("team_id"))
                        .col(text_null("organisation_id"))
                        .col(text_null("budget_id"))
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
            let indexes = [
                format!("CREATE INDEX {table}_created ON {table} (created_at, id)"),
                format!("CREATE INDEX {table}_name ON {table} (name_lower, id)"),
                format!("CREATE UNIQUE INDEX {table}_handle ON {table} (handle) WHERE deleted_at IS NULL"),
                format!("CREATE INDEX {table}_user ON {table} (user_id, created_at) WHERE user_id IS NOT NULL"),
                format!("CREATE INDEX {table}_team ON {table} (team_id, created_at) WHERE team_id IS NOT NULL"),
                format!(
                    "CREATE INDEX {table}_organisation ON {table} (organisation_id, created_at) \
                     WHERE organisation_id IS NOT NULL"
                ),
            ];
            run(manager, &indexes.each_ref().map(String::as_str)).await?;
        }
        // Answers to requests that may be sent again.
        manager
            .create_table(
                Table::create()
                    .table("idempotent_answers")
                    .col(text("id").primary_key())
                    .col(text("request_hash"))
                    .col(big("status"))
                    // Encrypted: it may hold a new key.
                    .col(text("answer"))
                    .col(big("created_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("settings")
                    .col(text("name").primary_key())
                    .col(text("value"))
                    .col(big("version"))
                    .col(big("updated_at"))
                    .col(text("updated_by"))
                    .to_owned(),
            )
            .await?;
        run(manager, &["CREATE INDEX idempotent_answers_created ON idempotent_answers (created_at)"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["settings", "idempotent_answers"]).await?;
        drop_tables(manager, &TABLES).await
    }
}
