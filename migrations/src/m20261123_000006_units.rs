//! What a call used that is not counted in tokens.

use sea_orm_migration::prelude::*;

use crate::types::text_null;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // `output_images:2 web_searches:1`; NULL: none, as nearly always.
        manager.alter_table(Table::alter().table("charges").add_column(text_null("units")).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("charges").drop_column("units").to_owned()).await
    }
}
