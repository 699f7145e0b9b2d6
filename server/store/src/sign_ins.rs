//! How people sign in: the hashes of their passwords, and when they came last.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use tollgate_domain::Timestamp;
use tollgate_domain::ids::UserId;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::{SignIns, User};

use crate::entity::sign_in::{ActiveModel, Column, Entity, PasswordHash, SecondFactor};
use crate::error::bounded;
use crate::records::RecordFilter;
use crate::{Store, StoreError, Tx};

impl Store {
    /// The living user with this address (in the form of [`tollgate_domain::user::normalise_email`]) and the password's
    /// hash in PHC form, if there is one.
    pub async fn find_user_by_email(&self, email: &str) -> Result<Option<(User, Option<Secret>)>, StoreError> {
        let Some(user) = self.find_by_handle::<User>(email).await? else { return Ok(None) };
        let row = bounded(Entity::find_by_id(user.id.to_string()).one(&self.readers)).await?;
        Ok(Some((user, row.and_then(|row| row.password_hash).map(|hash| Secret::new(hash.0)))))
    }

    /// Whether there is any user who can sign in with a password.
    pub async fn has_passwords(&self) -> Result<bool, StoreError> {
        let query = Entity::find().filter(Column::PasswordHash.is_not_null());
        Ok(bounded(query.one(&self.readers)).await?.is_some())
    }

    /// When somebody's password was last changed.
    pub async fn password_changed_at(&self, id: &UserId) -> Result<Option<Timestamp>, StoreError> {
        let row = bounded(Entity::find_by_id(id.to_string()).one(&self.readers)).await?;
        Ok(row.and_then(|row| row.password_changed_at).map(Timestamp))
    }

    /// How these people sign in; who is missing never did.
    pub async fn sign_ins(&self, ids: &[UserId]) -> Result<HashMap<UserId, SignIns>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let query = Entity::find().filter(Column::UserId.is_in(ids.iter().map(UserId::as_str)));
        let rows = bounded(query.all(&self.readers)).await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let sign_ins = SignIns {
                    has_password: row.password_hash.is_some(),
                    has_second_factor: row.second_factor.is_some(),
                    last_at: row.last_at.map(Timestamp),
                };
                Some((UserId::parse(&row.user_id)?, sign_ins))
            })
            .collect())
    }
}

impl Store {
    /// Everybody's second factors, for when the master secret changes; at most `limit`.
    pub async fn second_factors(&self, limit: u64) -> Result<Vec<(UserId, String)>, StoreError> {
        let query = Entity::find().filter(Column::SecondFactor.is_not_null()).limit(limit);
        let rows = bounded(query.all(&self.readers)).await?;
        let read = rows.into_iter().filter_map(|row| Some((UserId::parse(&row.user_id)?, row.second_factor?.0)));
        Ok(read.collect())
    }
}

impl Tx {
    /// As it was kept.
    pub async fn second_factor(&self, id: &UserId) -> Result<Option<String>, StoreError> {
        let row = bounded(Entity::find_by_id(id.to_string()).one(&self.db)).await?;
        Ok(row.and_then(|row| row.second_factor).map(|text| text.0))
    }

    /// `None` takes it away.
    pub async fn set_second_factor(&self, id: &UserId, text: Option<&str>) -> Result<(), StoreError> {
        let second_factor = Set(text.map(|text| SecondFactor(text.to_owned())));
        let row = ActiveModel { user_id: Set(id.to_string()), second_factor, ..Default::default() };
        self.upsert(row, &[Column::SecondFactor]).await
    }

    pub async fn has_users(&self) -> Result<bool, StoreError> {
        Ok(!self.page::<User>(&RecordFilter::default(), None, 1).await?.items.is_empty())
    }

    /// In PHC form.
    pub async fn password_hash(&self, id: &UserId) -> Result<Option<Secret>, StoreError> {
        let row = bounded(Entity::find_by_id(id.to_string()).one(&self.db)).await?;
        Ok(row.and_then(|row| row.password_hash).map(|hash| Secret::new(hash.0)))
    }

    /// Gives somebody another password; `hash` is in PHC form. Whoever signed in before is not believed any more.
    pub async fn set_password_hash(&self, id: &UserId, hash: &Secret, at: Timestamp) -> Result<(), StoreError> {
        let row = ActiveModel {
            user_id: Set(id.to_string()),
            password_hash: Set(Some(PasswordHash(hash.expose().to_owned()))),
            password_changed_at: Set(Some(at.0)),
            ..Default::default()
        };
        self.upsert(row, &[Column::PasswordHash, Column::PasswordChangedAt]).await
    }

    /// Keeps the same password in another form.
    pub async fn renew_password_hash(&self, id: &UserId, hash: &Secret) -> Result<(), StoreError> {
        let row = ActiveModel {
            user_id: Set(id.to_string()),
            password_hash: Set(Some(PasswordHash(hash.expose().to_owned()))),
            ..Default::default()
        };
        self.upsert(row, &[Column::PasswordHash]).await
    }

    pub async fn set_signed_in(&self, id: &UserId, at: Timestamp) -> Result<(), StoreError> {
        let row = ActiveModel { user_id: Set(id.to_string()), last_at: Set(Some(at.0)), ..Default::default() };
        self.upsert(row, &[Column::LastAt]).await
    }

    /// Who is deleted leaves no password behind.
    pub async fn forget_sign_ins(&self, id: &UserId) -> Result<(), StoreError> {
        bounded(Entity::delete_by_id(id.to_string()).exec(&self.db)).await.map(drop)
    }

    async fn upsert(&self, row: ActiveModel, columns: &[Column]) -> Result<(), StoreError> {
        let conflict = OnConflict::column(Column::UserId).update_columns(columns.iter().copied()).to_owned();
        let insert = Entity::insert(row).on_conflict(conflict);
        bounded(insert.exec_without_returning(&self.db)).await.map(drop)
    }
}
