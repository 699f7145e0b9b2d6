//! Records: everything that is managed through the control plane and kept in tables of one form.

use sea_orm::sea_query::{
    Alias, Asterisk, Cond, Condition, Expr, ExprTrait, OnConflict, Order, Query, SelectStatement, SimpleExpr,
};
use sea_orm::{ConnectionTrait, FromQueryResult};
use tollgate_domain::Timestamp;
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::Visible;
use tollgate_domain::budget::Budget;
use tollgate_domain::credential::Credential;
use tollgate_domain::customer::Customer;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::increase::IncreaseRequest;
use tollgate_domain::membership::Membership;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::page::{Cursor, Page};
use tollgate_domain::record::{Meta, Record};
use tollgate_domain::scim::ScimToken;
use tollgate_domain::tag::Tag;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;

use crate::error::bounded;
use crate::search::{contains, literal, visible_condition};
use crate::{LARGEST_PAGE, Store, StoreError, Tx};

/// Where a kind of record is kept.
pub trait Table: Record {
    const TABLE: &'static str;
}

macro_rules! tables {
    ($($type:ty => $table:literal,)*) => {$(
        impl Table for $type {
            const TABLE: &'static str = $table;
        }
    )*};
}

tables! {
    Organisation => "organisations",
    Team => "teams",
    User => "users",
    Membership => "memberships",
    Budget => "budgets",
    Customer => "customers",
    Tag => "tags",
    AccessGroup => "access_groups",
    StoredDeployment => "deployments",
    Credential => "credentials",
    IncreaseRequest => "increase_requests",
    ScimToken => "scim_tokens",
}

/// What a list of records is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordOrder {
    #[default]
    NewestFirst,
    OldestFirst,
    Name,
}

/// Which records: all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// Part of the id, the name, the handle or the other texts that searches look in, whatever the case.
    pub search: Option<String>,
    pub ids: Option<Vec<String>>,
    pub user_id: Option<String>,
    pub team_id: Option<String>,
    pub organisation_id: Option<String>,
    pub budget_id: Option<String>,
    pub blocked: Option<bool>,
    /// Called exactly so, whatever the case.
    pub name: Option<String>,
    /// Leaves out the first so many: for clients that count pages.
    pub skip: u64,
    /// Deleted ones instead of living ones.
    pub deleted: bool,
    pub order: RecordOrder,
}

#[derive(Debug, FromQueryResult)]
struct Row {
    id: String,
    name_lower: String,
    body: String,
    created_at: i64,
    created_by: String,
    updated_at: i64,
    updated_by: String,
    deleted_at: Option<i64>,
    version: i64,
}

impl Row {
    fn record<T: Table>(self) -> Result<T, StoreError> {
        let mut record: T =
            serde_json::from_str(&self.body).map_err(|error| StoreError::corrupt(T::TABLE, self.id.clone(), &error))?;
        *record.meta_mut() = Meta {
            created_at: Timestamp(self.created_at),
            created_by: self.created_by,
            updated_at: Timestamp(self.updated_at),
            updated_by: self.updated_by,
            deleted_at: self.deleted_at.map(Timestamp),
            version: self.version,
        };
        Ok(record)
    }
}

const COLUMNS: [&str; 17] = [
    "id",
    "name",
    "name_lower",
    "search",
    "handle",
    "user_id",
    "team_id",
    "organisation_id",
    "budget_id",
    "blocked",
    "body",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "deleted_at",
    "version",
];

fn values<T: Table>(record: &T) -> Result<Vec<SimpleExpr>, StoreError> {
    let body =
        serde_json::to_string(record).map_err(|error| StoreError::corrupt(T::TABLE, record.id().to_owned(), &error))?;
    let (index, meta) = (record.index(), record.meta());
    // Each text on a line of its own: no search finds the end of one and the beginning of the next.
    let mut search = vec![record.id().to_lowercase(), index.name.to_lowercase()];
    search.extend(index.handle.iter().chain(&index.search).map(|text| text.to_lowercase()));
    search.dedup();
    Ok(vec![
        record.id().into(),
        index.name.as_str().into(),
        index.name.to_lowercase().into(),
        search.join("\n").into(),
        index.handle.into(),
        index.user_id.into(),
        index.team_id.into(),
        index.organisation_id.into(),
        index.budget_id.into(),
        index.blocked.into(),
        body.into(),
        meta.created_at.0.into(),
        meta.created_by.as_str().into(),
        meta.updated_at.0.into(),
        meta.updated_by.as_str().into(),
        meta.deleted_at.map(|at| at.0).into(),
        meta.version.into(),
    ]
    .into_iter()
    .map(Expr::val::<sea_orm::Value>)
    .collect())
}

fn col(name: &'static str) -> Expr {
    Expr::col(Alias::new(name))
}

fn select<T: Table>() -> SelectStatement {
    Query::select()
        .columns(
            [
                "id",
                "name_lower",
                "body",
                "created_at",
                "created_by",
                "updated_at",
                "updated_by",
                "deleted_at",
                "version",
            ]
            .map(Alias::new),
        )
        .from(Alias::new(T::TABLE))
        .to_owned()
}

async fn one<T: Table>(db: &impl ConnectionTrait, statement: &SelectStatement) -> Result<Option<T>, StoreError> {
    bounded(db.query_one(statement)).await?.map(|row| Row::from_query_result(&row, "")?.record()).transpose()
}

async fn by_id<T: Table>(db: &impl ConnectionTrait, id: &str) -> Result<Option<T>, StoreError> {
    one(db, select::<T>().and_where(col("id").eq(literal(id)))).await
}

async fn by_handle<T: Table>(db: &impl ConnectionTrait, handle: &str) -> Result<Option<T>, StoreError> {
    let mut statement = select::<T>();
    one(db, statement.and_where(col("handle").eq(literal(handle))).and_where(col("deleted_at").is_null())).await
}

fn condition(visible: &Visible, filter: &RecordFilter) -> Condition {
    let eq = |name: &'static str, value: &Option<String>| value.as_deref().map(|value| col(name).eq(literal(value)));
    let search = filter.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
    Cond::all()
        .add(if filter.deleted { col("deleted_at").is_not_null() } else { col("deleted_at").is_null() })
        .add_option(visible_condition(visible, "id"))
        .add_option(search.map(|text| col("search").like(contains(text))))
        .add_option(filter.ids.as_ref().map(|ids| col("id").is_in(ids.iter().map(|id| literal(id)))))
        .add_option(eq("user_id", &filter.user_id))
        .add_option(eq("team_id", &filter.team_id))
        .add_option(eq("organisation_id", &filter.organisation_id))
        .add_option(eq("budget_id", &filter.budget_id))
        .add_option(filter.blocked.map(|blocked| col("blocked").eq(blocked)))
        .add_option(filter.name.as_ref().map(|name| col("name_lower").eq(literal(&name.to_lowercase()))))
}

async fn list<T: Table>(
    db: &impl ConnectionTrait,
    visible: &Visible,
    filter: &RecordFilter,
    cursor: Option<&Cursor>,
    limit: u32,
) -> Result<Page<T>, StoreError> {
    if visible.is_nothing() {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let limit = limit.clamp(1, LARGEST_PAGE);
    let mut statement = select::<T>();
    statement.cond_where(condition(visible, filter)).limit(u64::from(limit) + 1).offset(filter.skip);
    let pair = |name: &'static str| Expr::tuple([col(name), col("id")]);
    if let Some(Cursor { at, id }) = cursor {
        let moment = || Expr::tuple([Expr::val(*at), Expr::val(id.clone())]);
        statement.and_where(match filter.order {
            RecordOrder::NewestFirst => pair("created_at").lt(moment()),
            RecordOrder::OldestFirst => pair("created_at").gt(moment()),
            // The name is part of the cursor's id: names may be the same.
            RecordOrder::Name => {
                let (name, id) = split_name(id);
                pair("name_lower").gt(Expr::tuple([Expr::val(name), Expr::val(id)]))
            }
        });
    }
    match filter.order {
        RecordOrder::NewestFirst => {
            statement.order_by(Alias::new("created_at"), Order::Desc).order_by(Alias::new("id"), Order::Desc)
        }
        RecordOrder::OldestFirst => {
            statement.order_by(Alias::new("created_at"), Order::Asc).order_by(Alias::new("id"), Order::Asc)
        }
        RecordOrder::Name => {
            statement.order_by(Alias::new("name_lower"), Order::Asc).order_by(Alias::new("id"), Order::Asc)
        }
    };
    let rows = bounded(db.query_all(&statement)).await?;
    let mut rows = rows.iter().map(|row| Row::from_query_result(row, "")).collect::<Result<Vec<_>, _>>()?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| {
        match filter.order {
            RecordOrder::Name => {
                Cursor { at: 0, id: format!("{}:{}{}", last.name_lower.len(), last.name_lower, last.id) }
            }
            _ => Cursor { at: last.created_at, id: last.id.clone() },
        }
        .encode()
    });
    Ok(Page { items: rows.into_iter().map(Row::record).collect::<Result<_, _>>()?, next })
}

/// The name and the id of a cursor in the order of names: the name's length in bytes, a colon, the name, the id. What
/// no such cursor is begins at the first name.
fn split_name(text: &str) -> (&str, &str) {
    let split = || {
        let (length, rest) = text.split_once(':')?;
        rest.split_at_checked(length.parse().ok()?)
    };
    split().unwrap_or(("", ""))
}

async fn count<T: Table>(db: &impl ConnectionTrait, condition: Condition) -> Result<u64, StoreError> {
    let mut statement = Query::select();
    statement.expr(Expr::col(Asterisk).count()).from(Alias::new(T::TABLE)).cond_where(condition);
    let row = bounded(db.query_one(&statement)).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(count.unsigned_abs())
}

impl Store {
    /// The record with this id, deleted or not.
    pub async fn find<T: Table>(&self, id: &str) -> Result<Option<T>, StoreError> {
        by_id(&self.readers, id).await
    }

    /// The living record with this handle.
    pub async fn find_by_handle<T: Table>(&self, handle: &str) -> Result<Option<T>, StoreError> {
        by_handle(&self.readers, handle).await
    }

    /// A page of records.
    pub async fn list<T: Table>(
        &self,
        visible: &Visible,
        filter: &RecordFilter,
        cursor: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<T>, StoreError> {
        list(&self.readers, visible, filter, cursor, limit).await
    }

    /// Every record that matches, at most `limit`.
    pub async fn list_all<T: Table>(
        &self,
        visible: &Visible,
        filter: &RecordFilter,
        limit: usize,
    ) -> Result<Vec<T>, StoreError> {
        let mut all = Vec::new();
        let mut cursor = None;
        loop {
            let page = self.list(visible, filter, cursor.as_ref(), LARGEST_PAGE).await?;
            all.extend(page.items);
            cursor = page.next.as_deref().and_then(Cursor::decode);
            if cursor.is_none() || all.len() >= limit {
                all.truncate(limit);
                return Ok(all);
            }
        }
    }

    /// How many match.
    pub async fn count<T: Table>(&self, visible: &Visible, filter: &RecordFilter) -> Result<u64, StoreError> {
        count::<T>(&self.readers, condition(visible, filter)).await
    }
}

impl Tx {
    /// The record with this id, deleted or not.
    pub async fn find<T: Table>(&self, id: &str) -> Result<Option<T>, StoreError> {
        by_id(&self.db, id).await
    }

    /// The living record with this handle.
    pub async fn find_by_handle<T: Table>(&self, handle: &str) -> Result<Option<T>, StoreError> {
        by_handle(&self.db, handle).await
    }

    /// Every living record that matches, at most 1,000.
    pub async fn list<T: Table>(&self, filter: &RecordFilter) -> Result<Vec<T>, StoreError> {
        Ok(list(&self.db, &Visible::All, filter, None, LARGEST_PAGE).await?.items)
    }

    /// A page of living records, of all that there are.
    pub async fn page<T: Table>(
        &self,
        filter: &RecordFilter,
        cursor: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<T>, StoreError> {
        list(&self.db, &Visible::All, filter, cursor, limit).await
    }

    /// How many living records match.
    pub async fn count<T: Table>(&self, filter: &RecordFilter) -> Result<u64, StoreError> {
        count::<T>(&self.db, condition(&Visible::All, filter)).await
    }

    /// Adds a record; one with the same id that was deleted makes place for it. [`StoreError::Exists`] if the id or the
    /// handle is in use.
    pub async fn insert<T: Table>(&self, record: &T) -> Result<(), StoreError> {
        let mut statement = Query::insert();
        statement.into_table(Alias::new(T::TABLE)).columns(COLUMNS.map(Alias::new)).values_panic(values(record)?);
        statement.on_conflict(
            OnConflict::column(Alias::new("id"))
                .update_columns(COLUMNS.into_iter().filter(|column| *column != "id").map(Alias::new))
                .action_and_where(Expr::col((Alias::new(T::TABLE), Alias::new("deleted_at"))).is_not_null())
                .to_owned(),
        );
        match bounded(self.db.execute(&statement)).await?.rows_affected() {
            0 => Err(StoreError::Exists(format!("{}.id", T::TABLE))),
            _ => Ok(()),
        }
    }

    /// Writes every field of a record that exists.
    pub async fn save<T: Table>(&self, record: &T) -> Result<(), StoreError> {
        let mut statement = Query::update();
        statement.table(Alias::new(T::TABLE)).and_where(col("id").eq(record.id()));
        for (column, value) in COLUMNS.into_iter().zip(values(record)?).skip(1) {
            statement.value(Alias::new(column), value);
        }
        bounded(self.db.execute(&statement)).await.map(drop)
    }
}
