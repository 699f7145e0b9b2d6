//! `users`

use sea_orm::entity::prelude::*;
use tollgate_domain::Timestamp;
use tollgate_domain::actor::Role;
use tollgate_domain::ids::UserId;

use crate::StoreError;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(unique)]
    pub email: String,
    pub name: Option<String>,
    pub role: String,
    pub disabled: bool,
    pub password_hash: Option<PasswordHash>,
    pub created_at: i64,
    pub last_sign_in_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

/// A password's hash in PHC form, which no log ever shows.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl TryFrom<Model> for tollgate_domain::user::User {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let bad = |what| StoreError::corrupt("users", row.id.clone(), &what);
        Ok(Self {
            id: UserId::parse(&row.id).ok_or_else(|| bad("the id"))?,
            role: Role::parse(&row.role).ok_or_else(|| bad("the role"))?,
            email: row.email,
            name: row.name,
            disabled: row.disabled,
            created_at: Timestamp(row.created_at),
            last_sign_in_at: row.last_sign_in_at.map(Timestamp),
        })
    }
}
