//! Single sign-on: who somebody is at a provider, and whose a session is.

use sea_orm_migration::prelude::*;

use crate::types::{big, drop_tables, run, text};

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
                    .table("identities")
                    // Microsoft's has the tenant in it, and the subject is the object's id there.
                    .col(text("issuer"))
                    .col(text("subject"))
                    .col(text("user_id"))
                    .col(text("provider"))
                    // JSON: the teams that the provider's groups gave, so that no other is taken away.
                    .col(text("teams"))
                    .col(big("created_at"))
                    .col(big("last_at"))
                    .primary_key(Index::create().col("issuer").col("subject"))
                    .to_owned(),
            )
            .await?;
        run(
            manager,
            &[
                "CREATE INDEX identities_user ON identities (user_id)",
                // Copies of what is in `data`, for finding the sessions of a person or an identity.
                "ALTER TABLE sessions ADD COLUMN user_id TEXT",
                "ALTER TABLE sessions ADD COLUMN issuer TEXT",
                "ALTER TABLE sessions ADD COLUMN subject TEXT",
                "ALTER TABLE sessions ADD COLUMN sid TEXT",
                "CREATE INDEX sessions_user ON sessions (user_id) WHERE user_id IS NOT NULL",
                "CREATE INDEX sessions_identity ON sessions (issuer, subject) WHERE issuer IS NOT NULL",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(
            manager,
            &[
                "DROP INDEX sessions_identity",
                "DROP INDEX sessions_user",
                "ALTER TABLE sessions DROP COLUMN sid",
                "ALTER TABLE sessions DROP COLUMN subject",
                "ALTER TABLE sessions DROP COLUMN issuer",
                "ALTER TABLE sessions DROP COLUMN user_id",
            ],
        )
        .await?;
        drop_tables(manager, &["identities"]).await
    }
}
