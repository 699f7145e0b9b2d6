//! Who calls: a key with what is above it, read in one go for the data plane to remember.

use std::collections::BTreeSet;

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use tollgate_domain::Timestamp;
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::Visible;
use tollgate_domain::budget::Budget;
use tollgate_domain::ids::AccessGroupId;
use tollgate_domain::key::{KeyDigest, VirtualKey};
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::principal::{Ownership, Principal};
use tollgate_domain::team::Team;
use tollgate_domain::user::User;

use crate::entity::{retired_digest, virtual_key};
use crate::error::bounded;
use crate::records::RecordFilter;
use crate::{Store, StoreError};

/// The most access groups or budgets that a caller can have.
const MOST_NAMED: usize = 10_000;

/// What is above a key.
enum Above<T> {
    /// Or there never was such a thing.
    Living(Option<T>),
    Deleted,
}

impl Store {
    /// Who authenticates with this digest: the key's own, or one that was exchanged and has not retired. Nobody, if the
    /// key's team, user or organisation is deleted: without it the key would be less bound than it was.
    pub async fn find_principal(&self, digest: KeyDigest, now: Timestamp) -> Result<Option<Principal>, StoreError> {
        let (key, retires_at) = match self.find_key_by_digest(digest).await? {
            Some(key) => (key, None),
            None => match self.find_by_retired(digest, now).await? {
                Some((key, at)) => (key, Some(at)),
                None => return Ok(None),
            },
        };
        self.principal_of(key, retires_at).await
    }

    /// A key that is at hand, with what is above it: nobody, if any of that is deleted.
    pub async fn principal_of(
        &self,
        key: VirtualKey,
        retires_at: Option<Timestamp>,
    ) -> Result<Option<Principal>, StoreError> {
        let user = self.above::<User>(key.user_id.as_ref().map(tollgate_domain::ids::UserId::as_str)).await?;
        let team = self.above::<Team>(key.team_id.as_ref().map(tollgate_domain::ids::TeamId::as_str)).await?;
        let (Above::Living(user), Above::Living(team)) = (user, team) else { return Ok(None) };
        let ownership = Ownership::of(&key, team.as_ref());
        let organisation_id = ownership.organisation_id.as_ref().map(tollgate_domain::ids::OrganisationId::as_str);
        let Above::Living(organisation) = self.above::<Organisation>(organisation_id).await? else { return Ok(None) };
        let membership = match (&team, &key.user_id) {
            (Some(team), Some(user)) => {
                let id = Membership::id_of(&Group::Team(team.id.clone()), user);
                match self.above::<Membership>(id.as_ref().map(tollgate_domain::ids::MembershipId::as_str)).await? {
                    Above::Living(membership) => membership,
                    Above::Deleted => None,
                }
            }
            _ => None,
        };
        let ownership_id = self.ownership_id(&ownership).await?;
        let mut principal = Principal {
            key,
            user,
            team,
            organisation,
            membership,
            access_groups: Vec::new(),
            budgets: Vec::new(),
            ownership_id,
            retires_at,
        };
        principal.access_groups = self.groups_named(&principal).await?;
        principal.budgets = self.budgets_of(&principal).await?;
        Ok(Some(principal))
    }

    async fn above<T: crate::Table>(&self, id: Option<&str>) -> Result<Above<T>, StoreError> {
        let Some(id) = id else { return Ok(Above::Living(None)) };
        Ok(match self.find::<T>(id).await? {
            Some(found) if found.meta().deleted_at.is_some() => Above::Deleted,
            found => Above::Living(found),
        })
    }

    /// The access groups that any of it names, as a group or among models.
    async fn groups_named(&self, principal: &Principal) -> Result<Vec<AccessGroup>, StoreError> {
        let Principal { key, user, team, organisation, membership, .. } = principal;
        let lists = [
            Some((&key.models[..], &key.access_groups[..])),
            user.as_ref().map(|user| (&user.models[..], &[][..])),
            team.as_ref().map(|team| (&team.models[..], &team.access_groups[..])),
            organisation.as_ref().map(|organisation| (&organisation.models[..], &organisation.access_groups[..])),
            membership.as_ref().map(|membership| (&membership.models[..], &[][..])),
        ];
        let names = lists.into_iter().flatten().flat_map(|(models, groups)| {
            models.iter().map(ModelPattern::as_str).chain(groups.iter().map(AccessGroupId::as_str))
        });
        self.named(names.map(str::to_owned).collect()).await
    }

    /// The budgets that any of it points to.
    async fn budgets_of(&self, principal: &Principal) -> Result<Vec<Budget>, StoreError> {
        let Principal { key, user, team, organisation, membership, .. } = principal;
        let pointers = [
            key.budget_id.as_ref(),
            user.as_ref().and_then(|user| user.budget_id.as_ref()),
            team.as_ref().and_then(|team| team.budget_id.as_ref()),
            organisation.as_ref().and_then(|organisation| organisation.budget_id.as_ref()),
            membership.as_ref().and_then(|membership| membership.budget_id.as_ref()),
        ];
        self.named(pointers.into_iter().flatten().map(ToString::to_string).collect()).await
    }

    /// The records with these ids, as far as there are any.
    async fn named<T: crate::Table>(&self, ids: BTreeSet<String>) -> Result<Vec<T>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = Some(ids.into_iter().collect());
        self.list_all(&Visible::All, &RecordFilter { ids, ..RecordFilter::default() }, MOST_NAMED).await
    }

    async fn find_by_retired(
        &self,
        digest: KeyDigest,
        now: Timestamp,
    ) -> Result<Option<(VirtualKey, Timestamp)>, StoreError> {
        let query =
            retired_digest::Entity::find_by_id(digest.to_hex()).filter(retired_digest::Column::RetiresAt.gt(now.0));
        let Some(retired) = bounded(query.one(&self.readers)).await? else { return Ok(None) };
        let query = virtual_key::Entity::find_by_id(retired.key_id).filter(virtual_key::Column::DeletedAt.is_null());
        let key = bounded(query.one(&self.readers)).await?.map(VirtualKey::try_from).transpose()?;
        Ok(key.map(|key| (key, Timestamp(retired.retires_at))))
    }

    /// The interned id of these owners; 0 if there are none.
    async fn ownership_id(&self, ownership: &Ownership) -> Result<i64, StoreError> {
        if *ownership == Ownership::default() {
            return Ok(0);
        }
        if let Some(id) = find_ownership(&self.readers, ownership).await? {
            return Ok(id);
        }
        let text = |id: Option<&str>| id.unwrap_or_default().to_owned();
        let table = || Alias::new("ownerships");
        let next = Expr::expr(Func::coalesce([Expr::col(Alias::new("id")).max(), Expr::val(0_i64)])).add(1_i64);
        // Two that come together may take the same number: one of them finds its row missing and tries again.
        for _ in 0..10 {
            let mut statement = Query::insert();
            statement
                .into_table(table())
                .columns(["id", "user_id", "team_id", "organisation_id"].map(Alias::new))
                .select_from(
                    Query::select()
                        .expr(next.clone())
                        .expr(Expr::val(text(ownership.user_id.as_ref().map(tollgate_domain::ids::UserId::as_str))))
                        .expr(Expr::val(text(ownership.team_id.as_ref().map(tollgate_domain::ids::TeamId::as_str))))
                        .expr(Expr::val(text(
                            ownership.organisation_id.as_ref().map(tollgate_domain::ids::OrganisationId::as_str),
                        )))
                        .from(table())
                        // Without a condition, SQLite would read ON as a join's.
                        .and_where(Expr::cust("1 = 1"))
                        .to_owned(),
                )
                .map_err(|error| StoreError::corrupt("ownerships", "new", &error))?
                .on_conflict(OnConflict::new().do_nothing().to_owned());
            bounded(self.writer.execute(&statement)).await?;
            if let Some(id) = find_ownership(&self.writer, ownership).await? {
                return Ok(id);
            }
        }
        Err(StoreError::Unavailable("no number for an ownership could be had".to_owned()))
    }
}

async fn find_ownership(db: &impl ConnectionTrait, ownership: &Ownership) -> Result<Option<i64>, StoreError> {
    let eq = |column: &'static str, id: Option<&str>| Expr::col(Alias::new(column)).eq(id.unwrap_or_default());
    let mut statement = Query::select();
    statement
        .column(Alias::new("id"))
        .from(Alias::new("ownerships"))
        .and_where(eq("user_id", ownership.user_id.as_ref().map(tollgate_domain::ids::UserId::as_str)))
        .and_where(eq("team_id", ownership.team_id.as_ref().map(tollgate_domain::ids::TeamId::as_str)))
        .and_where(eq(
            "organisation_id",
            ownership.organisation_id.as_ref().map(tollgate_domain::ids::OrganisationId::as_str),
        ));
    Ok(bounded(db.query_one(&statement)).await?.map(|row| row.try_get_by_index(0)).transpose()?)
}
