//! What is told of budgets and limits; and what was set aside for each charge.

use sea_orm_migration::prelude::*;

use crate::types::{big, big_null, count, drop_tables, flag, run, small, text};

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
                    .table("budget_events")
                    // The charge's id and a number.
                    .col(text("id").primary_key())
                    .col(big("at"))
                    .col(text("kind"))
                    .col(text("account_kind"))
                    .col(text("account_id"))
                    // Empty: of all models.
                    .col(text("model"))
                    .col(text("limited"))
                    // What is told once: a mark and a window's beginning, or a charge.
                    .col(text("told_by"))
                    .col(flag("is_money"))
                    .col(big_null("span_start"))
                    .col(big_null("span_end"))
                    // 0: none.
                    .col(small("percent").default(0))
                    .col(count("limit_value"))
                    .col(count("used"))
                    .col(count("reserved"))
                    .col(count("asked"))
                    .col(text("charge_id"))
                    .col(count("ownership_id"))
                    .col(count("cost_nanos"))
                    .to_owned(),
            )
            .await?;
        run(
            manager,
            &[
                "CREATE UNIQUE INDEX budget_events_once ON budget_events \
                 (account_id, account_kind, model, kind, limited, told_by)",
                "CREATE INDEX budget_events_at ON budget_events (at, id)",
                "CREATE INDEX budget_events_account ON budget_events (account_kind, account_id, at, id)",
                "CREATE INDEX budget_events_charge ON budget_events (charge_id)",
                "ALTER TABLE charges ADD COLUMN reserved_nanos BIGINT NOT NULL DEFAULT 0",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["budget_events"]).await?;
        run(manager, &["ALTER TABLE charges DROP COLUMN reserved_nanos"]).await
    }
}
