//! How people get in: passwords, sessions, and tokens that work once.

use sea_orm_migration::prelude::*;

use crate::types::{big, big_null, drop_tables, run, text, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // What people are is in `users`, among the records; how they sign in is here.
        manager
            .create_table(
                Table::create()
                    .table("sign_ins")
                    .col(text("user_id").primary_key())
                    // In PHC form; NULL: signs in by other means.
                    .col(text_null("password_hash"))
                    .col(big_null("password_changed_at"))
                    .col(big_null("last_at"))
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
        drop_tables(manager, &["one_time_tokens", "sessions", "sign_ins"]).await
    }
}
