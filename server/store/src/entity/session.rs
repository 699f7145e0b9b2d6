//! `sessions`

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: String,
    pub data: String,
    pub expires_at: i64,
    /// Of `data`, where they can be searched.
    pub user_id: Option<String>,
    pub issuer: Option<String>,
    pub subject: Option<String>,
    pub sid: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
