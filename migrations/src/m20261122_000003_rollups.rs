//! Sums over the ledger, kept in the transaction that writes it: what the overview reads instead of millions of charges.

use sea_orm_migration::prelude::*;

use crate::types::{big, clustered, count, drop_tables, run, small, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The finest sums. `master_key` is the master key, an empty key none, an empty model and provider those of refusals.
        // By the hour for what is not cut at midnight, and by the day for all else.
        for (table, time) in [("usage_hours", "hour"), ("usage_days", "day")] {
            let mut usage = with_measures(
                Table::create()
                    .table(table)
                    .col(big(time))
                    .col(text("key_id"))
                    .col(big("ownership_id"))
                    .col(text("model"))
                    .col(text("provider"))
                    .primary_key(
                        Index::create().col(time).col("key_id").col("ownership_id").col("model").col("provider"),
                    ),
            );
            manager.create_table(clustered(manager, &mut usage)).await?;
        }

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

        // The finest sums of calls with a customer or a tag: by day, for there may be many.
        for (table, subject) in [("customer_days", "customer"), ("tag_days", "tag")] {
            let mut days = with_measures(
                Table::create()
                    .table(table)
                    .col(big("day"))
                    .col(text(subject))
                    .col(text("key_id"))
                    .col(big("ownership_id"))
                    .col(text("model"))
                    .col(text("provider"))
                    .primary_key(
                        Index::create()
                            .col("day")
                            .col(subject)
                            .col("key_id")
                            .col("ownership_id")
                            .col("model")
                            .col("provider"),
                    ),
            );
            manager.create_table(clustered(manager, &mut days)).await?;
        }

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

        for (table, subject) in [
            ("key_totals", text("key_id")),
            ("ownership_totals", big("ownership_id")),
            ("customer_totals", text("customer")),
            ("tag_totals", text("tag")),
        ] {
            let name = subject.get_column_name();
            let mut totals = Table::create()
                .table(table)
                .primary_key(Index::create().col(name))
                .col(subject)
                .col(count("calls"))
                .col(count("refused"))
                .col(count("spent_nanos"))
                .col(big("last_used_at"))
                .to_owned();
            manager.create_table(clustered(manager, &mut totals)).await?;
        }
        // What is asked for one key, owner, customer or tag reads its own rows alone.
        run(
            manager,
            &[
                "CREATE INDEX usage_hours_key ON usage_hours (key_id, hour)",
                "CREATE INDEX usage_hours_ownership ON usage_hours (ownership_id, hour)",
                "CREATE INDEX usage_days_key ON usage_days (key_id, day)",
                "CREATE INDEX usage_days_ownership ON usage_days (ownership_id, day)",
                "CREATE INDEX customer_days_customer ON customer_days (customer, day)",
                "CREATE INDEX customer_days_ownership ON customer_days (ownership_id, day)",
                "CREATE INDEX tag_days_tag ON tag_days (tag, day)",
                "CREATE INDEX tag_days_ownership ON tag_days (ownership_id, day)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(
            manager,
            &[
                "tag_totals",
                "customer_totals",
                "ownership_totals",
                "key_totals",
                "latency_hours",
                "tag_days",
                "customer_days",
                "key_days",
                "model_hours",
                "usage_days",
                "usage_hours",
            ],
        )
        .await
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
        .col(count("cache_read_tokens"))
        .col(count("cache_write_tokens"))
        .col(count("cost_nanos"))
        .to_owned()
}
