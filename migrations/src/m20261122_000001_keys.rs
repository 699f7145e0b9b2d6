//! Virtual keys.

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
                    .table("virtual_keys")
                    .col(text("id").primary_key())
                    // Of deleted keys too: a key that was taken away must not come back by being made again.
                    .col(text("digest").unique_key())
                    .col(text("hint"))
                    .col(text_null("alias"))
                    // SQLite and PostgreSQL disagree on what LIKE ignores: searched in lower case on both.
                    .col(text("alias_lower"))
                    .col(flag("blocked"))
                    .col(big_null("expires_at"))
                    .col(big_null("rotates_at"))
                    .col(text_null("user_id"))
                    .col(text_null("team_id"))
                    .col(text_null("organisation_id"))
                    .col(text_null("budget_id"))
                    // What nothing is searched by, as JSON.
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
        manager
            .create_table(
                Table::create()
                    .table("retired_digests")
                    // Of texts that were exchanged for others and work until then.
                    .col(text("digest").primary_key())
                    .col(text("key_id"))
                    .col(big("retires_at"))
                    .to_owned(),
            )
            .await?;
        run(
            manager,
            &[
                "CREATE INDEX virtual_keys_created ON virtual_keys (created_at, id)",
                "CREATE UNIQUE INDEX virtual_keys_alias ON virtual_keys (alias) WHERE deleted_at IS NULL",
                "CREATE INDEX virtual_keys_user ON virtual_keys (user_id, created_at, id) WHERE user_id IS NOT NULL",
                "CREATE INDEX virtual_keys_team ON virtual_keys (team_id, created_at, id) WHERE team_id IS NOT NULL",
                "CREATE INDEX virtual_keys_rotation ON virtual_keys (rotates_at) WHERE rotates_at IS NOT NULL",
                "CREATE INDEX retired_digests_key ON retired_digests (key_id)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["retired_digests", "virtual_keys"]).await
    }
}
