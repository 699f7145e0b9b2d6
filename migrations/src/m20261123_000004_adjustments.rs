//! Adjusting entries of the ledger, the runs that wrote them, and providers' invoices.

use sea_orm_migration::prelude::*;

use crate::types::{big, big_null, clustered, count, drop_tables, run, text, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // An adjusting entry is a charge that names another one: all that sums charges has it without being told.
        for column in [text_null("adjusts"), text_null("run_id")] {
            manager.alter_table(Table::alter().table("charges").add_column(column).to_owned()).await?;
        }
        manager
            .create_table(
                Table::create()
                    .table("repricings")
                    .col(text("id").primary_key())
                    .col(text("state"))
                    // What was asked for, as JSON.
                    .col(text("body"))
                    // The last charge that was looked at; empty: none yet.
                    .col(text("after_id"))
                    .col(count("charges"))
                    .col(count("adjusted"))
                    .col(count("difference_nanos"))
                    .col(big("created_at"))
                    .col(text("created_by"))
                    .col(big("updated_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("invoices")
                    .col(text("id").primary_key())
                    .col(text("name"))
                    // SHA-256 of the file: the same one is taken once.
                    .col(text("digest").unique_key())
                    .col(text("provider"))
                    .col(big("first_day"))
                    .col(big("last_day"))
                    .col(count("line_count"))
                    .col(big_null("cost_nanos"))
                    // How the file was read, as JSON.
                    .col(text("body"))
                    .col(big("created_at"))
                    .col(text("created_by"))
                    .to_owned(),
            )
            .await?;
        let mut lines = Table::create()
            .table("invoice_lines")
            .col(text("invoice_id"))
            .col(big("line"))
            // Days since 1970, in the zone that the file was read in.
            .col(big("day"))
            .col(text("model"))
            // Empty: the file tells none apart.
            .col(text("credential"))
            // NULL: the file does not say.
            .col(big_null("requests"))
            .col(big_null("input_tokens"))
            .col(big_null("cached_tokens"))
            .col(big_null("output_tokens"))
            .col(big_null("cost_nanos"))
            .primary_key(Index::create().col("invoice_id").col("line"))
            .to_owned();
        manager.create_table(clustered(manager, &mut lines)).await?;
        run(
            manager,
            &[
                "CREATE INDEX charges_adjusts ON charges (adjusts, attempt) WHERE adjusts IS NOT NULL",
                "CREATE INDEX repricings_created ON repricings (created_at, id)",
                "CREATE INDEX invoices_created ON invoices (created_at, id)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["invoice_lines", "invoices", "repricings"]).await?;
        run(manager, &["DROP INDEX charges_adjusts"]).await?;
        for column in ["adjusts", "run_id"] {
            manager.alter_table(Table::alter().table("charges").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
