//! The ledger: charges, and the calls that were refused.

use sea_orm_migration::prelude::*;

use crate::types::{big, big_null, clustered, count, drop_tables, flag, run, small, text, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Whom charges are put down to beside their key: user, team and organisation as they were at the time, each
        // combination once. Empty: none.
        manager
            .create_table(
                Table::create()
                    .table("ownerships")
                    .col(big("id").primary_key())
                    .col(text("user_id"))
                    .col(text("team_id"))
                    .col(text("organisation_id"))
                    .to_owned(),
            )
            .await?;
        // By id, which is by time: a time range is a range of ids. What is usual is NULL and takes no room.
        let mut charges = Table::create()
            .table("charges")
            .col(text("id"))
            // NULL: the id.
            .col(text_null("call_id"))
            .col(big("attempt").default(1).take())
            .col(big("started_at"))
            // `master_key`: the master key. Not NULL, so that an index on it also gives the order on PostgreSQL.
            .col(text("key_id"))
            // 0: nobody's.
            .col(big("ownership_id"))
            .col(text("operation"))
            .col(text("model"))
            .col(text("deployment_id"))
            .col(text("provider"))
            .col(text("upstream_model"))
            .col(flag("streamed"))
            .col(text("outcome"))
            .col(small("status"))
            .col(text_null("error"))
            .col(text("certainty"))
            .col(count("input_tokens"))
            .col(count("cache_read_tokens"))
            .col(count("cache_write_tokens"))
            .col(count("cache_write_1h_tokens"))
            .col(count("audio_input_tokens"))
            .col(count("image_input_tokens"))
            .col(count("output_tokens"))
            .col(count("reasoning_tokens"))
            .col(count("audio_output_tokens"))
            .col(count("image_output_tokens"))
            .col(count("cost_nanos"))
            // `input:1200:2500000 output:300:10000000`: units, and pico-dollars for each.
            .col(text_null("cost_lines"))
            .col(text_null("price_source"))
            .col(big("duration_us"))
            // The bucket of the latency histograms that duration_us falls into.
            .col(small("latency_bucket"))
            .col(big_null("first_byte_us"))
            .col(flag("client_left"))
            .col(text_null("upstream_id"))
            .col(text_null("end_user"))
            // A JSON list.
            .col(text_null("tags"))
            .primary_key(Index::create().col("id"))
            .to_owned();
        manager.create_table(clustered(manager, &mut charges)).await?;
        // What finds the charges with a tag.
        let mut charge_tags = Table::create()
            .table("charge_tags")
            .col(text("tag"))
            .col(text("charge_id"))
            .primary_key(Index::create().col("tag").col("charge_id"))
            .to_owned();
        manager.create_table(clustered(manager, &mut charge_tags)).await?;
        let mut refusals = Table::create()
            .table("refusals")
            .col(text("id"))
            // NULL: the id.
            .col(text_null("call_id"))
            .col(big("at"))
            // `master_key`: the master key; empty: no key was recognised.
            .col(text("key_id"))
            .col(big("ownership_id"))
            .col(text("operation"))
            .col(text_null("model"))
            .col(small("status"))
            .col(text("kind"))
            .col(text("message"))
            .primary_key(Index::create().col("id"))
            .to_owned();
        manager.create_table(clustered(manager, &mut refusals)).await?;
        run(
            manager,
            &[
                "CREATE UNIQUE INDEX ownerships_whose ON ownerships (user_id, team_id, organisation_id)",
                "CREATE INDEX ownerships_team ON ownerships (team_id) WHERE team_id <> ''",
                "CREATE INDEX ownerships_organisation ON ownerships (organisation_id) WHERE organisation_id <> ''",
                "CREATE INDEX charges_key ON charges (key_id, id)",
                "CREATE INDEX charges_model ON charges (model, id)",
                "CREATE INDEX charges_ownership ON charges (ownership_id, id) WHERE ownership_id <> 0",
                // There is no sum of a customer's hours: what it spent in a part of a day is read here.
                "CREATE INDEX charges_customer ON charges (end_user, id) WHERE end_user IS NOT NULL",
                "CREATE INDEX charges_call ON charges (call_id) WHERE call_id IS NOT NULL",
                // Failures are few: without these, finding them reads the whole ledger.
                "CREATE INDEX charges_failed ON charges (id) WHERE outcome <> 'success'",
                "CREATE INDEX charges_key_failed ON charges (key_id, id) WHERE outcome <> 'success'",
                "CREATE INDEX refusals_key ON refusals (key_id, id)",
                "CREATE INDEX refusals_model ON refusals (model, id) WHERE model IS NOT NULL",
                "CREATE INDEX refusals_ownership ON refusals (ownership_id, id) WHERE ownership_id <> 0",
                "CREATE INDEX refusals_call ON refusals (call_id) WHERE call_id IS NOT NULL",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["refusals", "charge_tags", "charges", "ownerships"]).await
    }
}
