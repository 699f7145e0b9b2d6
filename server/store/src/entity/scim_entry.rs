//! `scim_entries`

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scim_entries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub user_name: Option<String>,
    pub user_name_lower: Option<String>,
    pub external_id: Option<String>,
    pub provider: Option<String>,
    pub adopted: bool,
    /// JSON.
    pub attributes: String,
}

impl ActiveModelBehavior for ActiveModel {}
