//! `refusals`

#![expect(clippy::struct_field_names, reason = "they are the columns' names")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refusals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// `None`: the id.
    pub call_id: Option<String>,
    pub at: i64,
    pub key_id: String,
    pub ownership_id: i64,
    pub operation: String,
    pub model: Option<String>,
    pub status: i16,
    pub kind: String,
    pub message: String,
}

impl ActiveModelBehavior for ActiveModel {}
