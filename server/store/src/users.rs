//! People and the hashes of their passwords.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use tollgate_domain::Timestamp;
use tollgate_domain::actor::Role;
use tollgate_domain::ids::UserId;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::User;

use crate::entity::user;
use crate::error::bounded;
use crate::{Store, StoreError, Tx};

impl Store {
    pub async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let query = user::Entity::find_by_id(id.to_string());
        bounded(query.one(&self.readers)).await?.map(User::try_from).transpose()
    }

    /// The user with this address (in the form of [`tollgate_domain::user::normalise_email`]) and the password's hash in
    /// PHC form, if there is one.
    pub async fn find_user_by_email(&self, email: &str) -> Result<Option<(User, Option<Secret>)>, StoreError> {
        by_email(&self.readers, email).await
    }

    /// Whether there is any user at all.
    pub async fn has_users(&self) -> Result<bool, StoreError> {
        let query = user::Entity::find().select_only().column(user::Column::Id).limit(1);
        Ok(bounded(query.into_tuple::<String>().one(&self.readers)).await?.is_some())
    }

    /// Every user, oldest first; at most 1,000.
    pub async fn list_users(&self) -> Result<Vec<User>, StoreError> {
        let query =
            user::Entity::find().order_by_asc(user::Column::CreatedAt).order_by_asc(user::Column::Id).limit(1000);
        bounded(query.all(&self.readers)).await?.into_iter().map(User::try_from).collect()
    }
}

impl Tx {
    pub async fn find_user_by_email(&self, email: &str) -> Result<Option<(User, Option<Secret>)>, StoreError> {
        by_email(&self.db, email).await
    }

    pub async fn count_users(&self) -> Result<u64, StoreError> {
        bounded(user::Entity::find().count(&self.db)).await
    }

    /// `password_hash` is in PHC form; `None`: the user signs in by other means.
    pub async fn insert_user(&self, user: &User, password_hash: Option<Secret>) -> Result<(), StoreError> {
        let row = user::ActiveModel {
            id: Set(user.id.to_string()),
            email: Set(user.email.clone()),
            name: Set(user.name.clone()),
            role: Set(user.role.as_str().to_owned()),
            disabled: Set(user.disabled),
            password_hash: Set(password_hash.map(|hash| row_hash(&hash))),
            created_at: Set(user.created_at.0),
            last_sign_in_at: Set(user.last_sign_in_at.map(|at| at.0)),
        };
        bounded(user::Entity::insert(row).exec_without_returning(&self.db)).await.map(drop)
    }

    pub async fn set_role(&self, id: UserId, role: Role, disabled: bool) -> Result<(), StoreError> {
        let row = user::ActiveModel {
            id: Set(id.to_string()),
            role: Set(role.as_str().to_owned()),
            disabled: Set(disabled),
            ..Default::default()
        };
        self.update_user(row).await
    }

    pub async fn set_password_hash(&self, id: UserId, hash: &Secret) -> Result<(), StoreError> {
        let row = user::ActiveModel {
            id: Set(id.to_string()),
            password_hash: Set(Some(row_hash(hash))),
            ..Default::default()
        };
        self.update_user(row).await
    }

    pub async fn set_signed_in(&self, id: UserId, at: Timestamp) -> Result<(), StoreError> {
        let row = user::ActiveModel { id: Set(id.to_string()), last_sign_in_at: Set(Some(at.0)), ..Default::default() };
        self.update_user(row).await
    }

    async fn update_user(&self, row: user::ActiveModel) -> Result<(), StoreError> {
        bounded(user::Entity::update(row).exec(&self.db)).await.map(drop)
    }
}

async fn by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<(User, Option<Secret>)>, StoreError> {
    let query = user::Entity::find().filter(user::Column::Email.eq(email));
    let Some(row) = bounded(query.one(db)).await? else { return Ok(None) };
    let hash = row.password_hash.clone().map(|hash| Secret::new(hash.0));
    Ok(Some((User::try_from(row)?, hash)))
}

fn row_hash(hash: &Secret) -> user::PasswordHash {
    user::PasswordHash(hash.expose().to_owned())
}
