//! What an identity provider says of people and teams, the tokens with which it comes, and second factors.

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
                    .table("scim_tokens")
                    .col(text("id").primary_key())
                    .col(text("name"))
                    .col(text("name_lower"))
                    .col(text("search"))
                    // The token's SHA-256.
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
        manager
            .create_table(
                Table::create()
                    .table("scim_entries")
                    // `user` or `group`.
                    .col(text("kind"))
                    // The user's or the team's.
                    .col(text("id"))
                    .col(text_null("user_name"))
                    .col(text_null("user_name_lower"))
                    .col(text_null("external_id"))
                    .col(text_null("provider"))
                    .col(flag("adopted"))
                    // JSON.
                    .col(text("attributes"))
                    .primary_key(Index::create().col("kind").col("id"))
                    .to_owned(),
            )
            .await?;
        run(
            manager,
            &[
                "CREATE UNIQUE INDEX scim_tokens_handle ON scim_tokens (handle) WHERE deleted_at IS NULL",
                "CREATE INDEX scim_tokens_created ON scim_tokens (created_at, id)",
                "CREATE UNIQUE INDEX scim_entries_name ON scim_entries (kind, user_name_lower) \
                 WHERE user_name_lower IS NOT NULL",
                "CREATE INDEX scim_entries_external ON scim_entries (kind, external_id) \
                 WHERE external_id IS NOT NULL",
                // JSON: the encrypted secret, the last code that was used, and digests of recovery codes.
                "ALTER TABLE sign_ins ADD COLUMN second_factor TEXT",
                // JSON: what the provider said at the last sign-in, for seeing what another mapping would do.
                "ALTER TABLE identities ADD COLUMN said TEXT",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &["ALTER TABLE identities DROP COLUMN said", "ALTER TABLE sign_ins DROP COLUMN second_factor"])
            .await?;
        drop_tables(manager, &["scim_entries", "scim_tokens"]).await
    }
}
