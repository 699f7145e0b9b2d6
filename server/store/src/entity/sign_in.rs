//! `sign_ins`

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_ins")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    pub password_hash: Option<PasswordHash>,
    pub password_changed_at: Option<i64>,
    pub last_at: Option<i64>,
    pub second_factor: Option<SecondFactor>,
}

impl ActiveModelBehavior for ActiveModel {}

/// JSON, which no log ever shows.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct SecondFactor(pub String);

impl std::fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// A password's hash in PHC form, which no log ever shows.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}
