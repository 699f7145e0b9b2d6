//! Sums over the ledger, kept in the transaction that writes it: what the overview reads instead of millions of charges.

use sea_orm_migration::prelude::*;

use crate::types::{big, clustered, count, drop_tables, small, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The finest sums. An empty key is the master key (or none), an empty model and provider those of refusals.
        let mut usage_hours = with_measures(
            Table::create()
                .table("usage_hours")
                .col(big("hour"))
                .col(text("key_id"))
                .col(text("model"))
                .col(text("provider"))
                .primary_key(Index::create().col("hour").col("key_id").col("model").col("provider")),
        );
        manager.create_table(clustered(manager, &mut usage_hours)).await?;

        // The same without keys, and by day without models: a month of many keys must be read in milliseconds.
        let mut model_hours = with_measures(
            Table::create()
                .table("model_hours")
                .col(big("hour"))
                .col(text("model"))
                .primary_key(Index::create().col("hour").col("model")),
        );
        manager.create_table(clustered(manager, &mut model_hours)).await?;

        let mut key_days = with_measures(
            Table::create()
                .table("key_days")
                .col(big("day"))
                .col(text("key_id"))
                .primary_key(Index::create().col("day").col("key_id")),
        );
        manager.create_table(clustered(manager, &mut key_days)).await?;

        // An empty model: all models together.
        let mut latency_hours = Table::create()
            .table("latency_hours")
            .col(text("model"))
            .col(big("hour"))
            .col(small("bucket"))
            .col(count("calls"))
            .primary_key(Index::create().col("model").col("hour").col("bucket"))
            .to_owned();
        manager.create_table(clustered(manager, &mut latency_hours)).await?;

        let mut key_totals = Table::create()
            .table("key_totals")
            .col(text("key_id"))
            .col(count("calls"))
            .col(count("refused"))
            .col(count("spent_nanos"))
            .col(big("last_used_at"))
            .primary_key(Index::create().col("key_id"))
            .to_owned();
        manager.create_table(clustered(manager, &mut key_totals)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["key_totals", "latency_hours", "key_days", "model_hours", "usage_hours"]).await
    }
}

fn with_measures(table: &mut TableCreateStatement) -> TableCreateStatement {
    table
        .col(count("calls"))
        .col(count("errors"))
        .col(count("refused"))
        .col(count("uncertain"))
        .col(count("input_tokens"))
        .col(count("output_tokens"))
        .col(count("cost_nanos"))
        .to_owned()
}
