//! `identities`

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identities")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub issuer: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    pub user_id: String,
    pub provider: String,
    /// JSON.
    pub teams: String,
    pub created_at: i64,
    pub last_at: i64,
    /// JSON.
    pub said: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
