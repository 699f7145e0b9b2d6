//! `key_totals`

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "key_totals")]
pub struct Model {
    /// `master_key`: the master key; empty: none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_id: String,
    pub calls: i64,
    pub refused: i64,
    pub spent_nanos: i64,
    pub last_used_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
