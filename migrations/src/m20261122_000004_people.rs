//! People: users, their sessions, and tokens that work once.

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
                    .table("users")
                    .col(text("id").primary_key())
                    // Lower case.
                    .col(text("email").unique_key())
                    .col(text_null("name"))
                    .col(text("role"))
                    .col(flag("disabled"))
                    // In PHC form; NULL: signs in by other means.
                    .col(text_null("password_hash"))
                    .col(big("created_at"))
                    .col(big_null("last_sign_in_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("sessions")
                    // The id's SHA-256: whoever reads the table can't use what it finds.
                    .col(text("digest").primary_key())
                    .col(text("data"))
                    .col(big("expires_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("one_time_tokens")
                    .col(text("digest").primary_key())
                    .col(text("purpose"))
                    .col(big("created_at"))
                    .col(big("expires_at"))
                    .col(big_null("used_at"))
                    .to_owned(),
            )
            .await?;
        run(manager, &["CREATE INDEX sessions_expires ON sessions (expires_at)"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["one_time_tokens", "sessions", "users"]).await
    }
}
