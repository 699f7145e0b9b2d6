//! Virtual keys.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use tollgate_domain::actor::Visible;
use tollgate_domain::ids::KeyId;
use tollgate_domain::key::{KeyDigest, KeyStatus, VirtualKey};
use tollgate_domain::page::{Cursor, Page};
use tollgate_domain::summary::KeyRow;
use tollgate_domain::{Nanos, Timestamp};

use crate::entity::{key_total, retired_digest, virtual_key};
use crate::error::bounded;
use crate::search::{contains, literal, visible_condition};
use crate::{LARGEST_PAGE, Store, StoreError, Tx};

/// Which keys to list. Every condition must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyFilter {
    /// Part of the alias or of the hint, whatever the case; or a whole id, digest, user id or team id.
    pub search: Option<String>,
    /// `None`: every key that is not deleted.
    pub status: Option<KeyStatus>,
    pub alias: Option<String>,
    pub user_id: Option<String>,
    pub team_id: Option<String>,
    pub organisation_id: Option<String>,
    pub budget_id: Option<String>,
    /// Those that end before then, and after now.
    pub expires_before: Option<Timestamp>,
    pub created_by: Option<String>,
}

impl Store {
    /// The key that authenticates with this digest: deleted ones don't.
    pub async fn find_key_by_digest(&self, digest: KeyDigest) -> Result<Option<VirtualKey>, StoreError> {
        live_by_digest(&self.readers, digest).await
    }

    /// The key with this id, deleted or not.
    pub async fn find_key(&self, id: KeyId) -> Result<Option<VirtualKey>, StoreError> {
        by_id(&self.readers, id).await
    }

    /// The living key with this alias.
    pub async fn find_key_by_alias(&self, alias: &str) -> Result<Option<VirtualKey>, StoreError> {
        live_by_alias(&self.readers, alias).await
    }

    /// Keys, newest first, with what they used.
    pub async fn list_keys(
        &self,
        visible: &Visible,
        filter: &KeyFilter,
        cursor: Option<&Cursor>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Page<KeyRow>, StoreError> {
        let limit = limit.clamp(1, LARGEST_PAGE);
        let mut query = virtual_key::Entity::find().filter(condition(visible, filter, now));
        if let Some(cursor) = cursor {
            query = query.filter(
                Expr::tuple([Expr::col(virtual_key::Column::CreatedAt), Expr::col(virtual_key::Column::Id)])
                    .lt(Expr::tuple([Expr::val(cursor.at), Expr::val(cursor.id.clone())])),
            );
        }
        let query = query
            .order_by_desc(virtual_key::Column::CreatedAt)
            .order_by_desc(virtual_key::Column::Id)
            .limit(u64::from(limit) + 1);
        let mut rows = bounded(query.all(&self.readers)).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next =
            rows.last().filter(|_| more).map(|last| Cursor { at: last.created_at, id: last.id.clone() }.encode());
        let keys = rows.into_iter().map(VirtualKey::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok(Page { items: self.key_rows(keys, now).await?, next })
    }

    /// Living keys that are due to be exchanged, the longest overdue first; at most 100.
    pub async fn keys_to_rotate(&self, now: Timestamp) -> Result<Vec<VirtualKey>, StoreError> {
        let query = virtual_key::Entity::find()
            .filter(virtual_key::Column::RotatesAt.lte(now.0))
            .filter(virtual_key::Column::DeletedAt.is_null())
            .order_by_asc(virtual_key::Column::RotatesAt)
            .limit(100);
        bounded(query.all(&self.readers)).await?.into_iter().map(VirtualKey::try_from).collect()
    }

    /// Living keys that are exchanged by themselves, in the order of their ids after `after`; at most 1,000.
    pub async fn keys_with_rotation(&self, after: Option<KeyId>) -> Result<Vec<VirtualKey>, StoreError> {
        let query = virtual_key::Entity::find()
            .filter(virtual_key::Column::RotatesAt.is_not_null())
            .filter(virtual_key::Column::DeletedAt.is_null())
            .filter(Condition::all().add_option(after.map(|id| virtual_key::Column::Id.gt(id.to_string()))))
            .order_by_asc(virtual_key::Column::Id)
            .limit(u64::from(LARGEST_PAGE));
        bounded(query.all(&self.readers)).await?.into_iter().map(VirtualKey::try_from).collect()
    }

    /// How many keys match.
    pub async fn count_keys(&self, visible: &Visible, filter: &KeyFilter, now: Timestamp) -> Result<u64, StoreError> {
        use sea_orm::PaginatorTrait;
        bounded(virtual_key::Entity::find().filter(condition(visible, filter, now)).count(&self.readers)).await
    }

    /// The same keys with their status and what they used.
    pub async fn key_rows(&self, keys: Vec<VirtualKey>, now: Timestamp) -> Result<Vec<KeyRow>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = keys.iter().map(|key| key.id.to_string()).collect();
        let totals = key_total::Entity::find().filter(key_total::Column::KeyId.is_in(ids));
        let totals: HashMap<_, _> =
            bounded(totals.all(&self.readers)).await?.into_iter().map(|t| (t.key_id.clone(), t)).collect();
        Ok(keys
            .into_iter()
            .map(|key| {
                let total = totals.get(&key.id.to_string());
                KeyRow {
                    status: key.status(now),
                    calls: total.map_or(0, |t| t.calls + t.refused),
                    spent: Nanos(total.map_or(0, |t| t.spent_nanos)),
                    last_used_at: total.map(|t| Timestamp(t.last_used_at)),
                    key,
                }
            })
            .collect())
    }
}

impl Tx {
    /// The key with this id, deleted or not.
    pub async fn find_key(&self, id: KeyId) -> Result<Option<VirtualKey>, StoreError> {
        by_id(&self.db, id).await
    }

    /// The key that authenticates with this digest: deleted ones don't.
    pub async fn find_key_by_digest(&self, digest: KeyDigest) -> Result<Option<VirtualKey>, StoreError> {
        live_by_digest(&self.db, digest).await
    }

    /// Whether this digest was ever given out, to a key that is now deleted too.
    pub async fn digest_is_taken(&self, digest: KeyDigest) -> Result<bool, StoreError> {
        let query = virtual_key::Entity::find().filter(virtual_key::Column::Digest.eq(digest.to_hex()));
        let retired = retired_digest::Entity::find_by_id(digest.to_hex());
        Ok(bounded(query.one(&self.db)).await?.is_some() || bounded(retired.one(&self.db)).await?.is_some())
    }

    /// The live key with this alias.
    pub async fn find_key_by_alias(&self, alias: &str) -> Result<Option<VirtualKey>, StoreError> {
        live_by_alias(&self.db, alias).await
    }

    /// The living keys that match, newest first; at most 1,000.
    pub async fn keys_of(&self, filter: &KeyFilter, now: Timestamp) -> Result<Vec<VirtualKey>, StoreError> {
        let query = virtual_key::Entity::find()
            .filter(condition(&Visible::All, filter, now))
            .order_by_desc(virtual_key::Column::CreatedAt)
            .limit(u64::from(LARGEST_PAGE));
        bounded(query.all(&self.db)).await?.into_iter().map(VirtualKey::try_from).collect()
    }

    /// How many keys match.
    pub async fn count_keys(&self, filter: &KeyFilter, now: Timestamp) -> Result<u64, StoreError> {
        use sea_orm::PaginatorTrait;
        bounded(virtual_key::Entity::find().filter(condition(&Visible::All, filter, now)).count(&self.db)).await
    }

    /// The texts of a key that were exchanged for others and still work.
    pub async fn retired_digests(&self, key: KeyId, now: Timestamp) -> Result<Vec<KeyDigest>, StoreError> {
        let working = retired_digest::Entity::find()
            .filter(retired_digest::Column::KeyId.eq(key.to_string()))
            .filter(retired_digest::Column::RetiresAt.gt(now.0));
        let rows = bounded(working.all(&self.db)).await?;
        Ok(rows.iter().filter_map(|row| KeyDigest::parse_hex(&row.digest)).collect())
    }

    /// Lets a text that was exchanged go on working until then. That it was given out is never forgotten: it must not
    /// come back as somebody else's key.
    pub async fn retire_digest(&self, key: KeyId, digest: KeyDigest, until: Timestamp) -> Result<(), StoreError> {
        let row = retired_digest::ActiveModel {
            digest: Set(digest.to_hex()),
            key_id: Set(key.to_string()),
            retires_at: Set(until.0),
        };
        bounded(retired_digest::Entity::insert(row).exec_without_returning(&self.db)).await.map(drop)
    }

    /// Ends what earlier texts of a key could still do, and tells which they were.
    pub async fn end_retired(&self, key: KeyId, now: Timestamp) -> Result<Vec<KeyDigest>, StoreError> {
        let ended = self.retired_digests(key, now).await?;
        let update = retired_digest::Entity::update_many()
            .col_expr(retired_digest::Column::RetiresAt, Expr::value(now.0))
            .filter(retired_digest::Column::KeyId.eq(key.to_string()))
            .filter(retired_digest::Column::RetiresAt.gt(now.0));
        bounded(update.exec(&self.db)).await?;
        Ok(ended)
    }

    pub async fn insert_key(&self, key: &VirtualKey) -> Result<(), StoreError> {
        let row = virtual_key::row(key)?;
        bounded(virtual_key::Entity::insert(row).exec_without_returning(&self.db)).await.map(drop)
    }

    /// Writes every field of a key that exists.
    pub async fn update_key(&self, key: &VirtualKey) -> Result<(), StoreError> {
        // `reset` marks every column as changed: they are all written, whatever was read before.
        let row = virtual_key::row(key)?.reset_all();
        bounded(virtual_key::Entity::update(row).exec(&self.db)).await.map(drop)
    }
}

async fn by_id(db: &impl sea_orm::ConnectionTrait, id: KeyId) -> Result<Option<VirtualKey>, StoreError> {
    let query = virtual_key::Entity::find_by_id(id.to_string());
    bounded(query.one(db)).await?.map(VirtualKey::try_from).transpose()
}

async fn live_by_alias(db: &impl sea_orm::ConnectionTrait, alias: &str) -> Result<Option<VirtualKey>, StoreError> {
    let query = virtual_key::Entity::find()
        .filter(virtual_key::Column::Alias.eq(literal(alias)))
        .filter(virtual_key::Column::DeletedAt.is_null());
    bounded(query.one(db)).await?.map(VirtualKey::try_from).transpose()
}

async fn live_by_digest(
    db: &impl sea_orm::ConnectionTrait,
    digest: KeyDigest,
) -> Result<Option<VirtualKey>, StoreError> {
    let query = virtual_key::Entity::find()
        .filter(virtual_key::Column::Digest.eq(digest.to_hex()))
        .filter(virtual_key::Column::DeletedAt.is_null());
    bounded(query.one(db)).await?.map(VirtualKey::try_from).transpose()
}

fn condition(visible: &Visible, filter: &KeyFilter, now: Timestamp) -> Condition {
    use virtual_key::Column;

    let live = Column::DeletedAt.is_null();
    let unexpired = || Condition::any().add(Column::ExpiresAt.is_null()).add(Column::ExpiresAt.gt(now.0));
    let mut all = match filter.status {
        None => Condition::all().add(live),
        Some(KeyStatus::Active) => Condition::all().add(live).add(Column::Blocked.eq(false)).add(unexpired()),
        Some(KeyStatus::Blocked) => Condition::all().add(live).add(Column::Blocked.eq(true)),
        Some(KeyStatus::Expired) => {
            Condition::all().add(live).add(Column::Blocked.eq(false)).add(Column::ExpiresAt.lte(now.0))
        }
        Some(KeyStatus::Deleted) => Condition::all().add(Column::DeletedAt.is_not_null()),
    };
    if let Some(search) = filter.search.as_deref().map(str::trim).filter(|search| !search.is_empty()) {
        all = all.add(
            Condition::any()
                .add(Expr::col(Column::AliasLower).like(contains(search)))
                .add(Expr::expr(Func::lower(Expr::col(Column::Hint))).like(contains(search)))
                .add(Column::Id.eq(literal(search)))
                .add(Column::Digest.eq(literal(search)))
                .add(Column::UserId.eq(literal(search)))
                .add(Column::TeamId.eq(literal(search))),
        );
    }
    let eq = |column: Column, value: &Option<String>| value.as_deref().map(|value| column.eq(literal(value)));
    all.add_option(visible_condition(visible, "id"))
        .add_option(eq(Column::Alias, &filter.alias))
        .add_option(eq(Column::UserId, &filter.user_id))
        .add_option(eq(Column::TeamId, &filter.team_id))
        .add_option(eq(Column::OrganisationId, &filter.organisation_id))
        .add_option(eq(Column::BudgetId, &filter.budget_id))
        .add_option(eq(Column::CreatedBy, &filter.created_by))
        .add_option(filter.expires_before.map(|at| Column::ExpiresAt.lt(at.0).and(Column::ExpiresAt.gt(now.0))))
}
