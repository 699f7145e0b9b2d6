//! What was asked for, where another model was called because the first one's part of a budget was used up.

use sea_orm_migration::prelude::*;

use crate::types::run;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &["ALTER TABLE charges ADD COLUMN instead_of TEXT"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &["ALTER TABLE charges DROP COLUMN instead_of"]).await
    }
}
