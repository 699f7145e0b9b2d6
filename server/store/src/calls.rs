//! Finding charges and refusals by what a filter says, in the order of time, a page at a time.

use std::collections::HashSet;

use sea_orm::QueryResult;
use tollgate_domain::Timestamp;
use tollgate_domain::actor::Visible;
use tollgate_domain::charge::Outcome;
use tollgate_domain::ids::smallest_uuid_of;
use tollgate_domain::summary::{RequestFilter, StatusFilter};

use crate::scope::Scope;
use crate::sql::{All, Binds};
use crate::{Store, StoreError};

/// Branches in one statement: SQLite takes 500 parts of a compound.
const BRANCHES: usize = 200;

/// Which of the two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Charges,
    Refusals,
}

impl Side {
    fn table(self) -> &'static str {
        match self {
            Self::Charges => "charges",
            Self::Refusals => "refusals",
        }
    }

    fn time(self) -> &'static str {
        match self {
            Self::Charges => "started_at",
            Self::Refusals => "at",
        }
    }
}

/// By id, which is by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    NewestFirst,
    OldestFirst,
}

impl Order {
    fn direction(self) -> &'static str {
        match self {
            Self::NewestFirst => "DESC",
            Self::OldestFirst => "ASC",
        }
    }
}

/// The condition that ids are of a moment since `since` and before `until`: ids know the millisecond alone.
pub fn ids_between(binds: &mut Binds, since: Option<Timestamp>, until: Option<Timestamp>) -> All {
    column_between("id", binds, since, until)
}

/// The same of a column that has such ids.
pub fn column_between(column: &str, binds: &mut Binds, since: Option<Timestamp>, until: Option<Timestamp>) -> All {
    let mut all = All::default();
    let since = since.map(smallest_uuid_of).map(|id| format!("{column} >= {}", binds.add(id.to_string())));
    all.add_option(since);
    let until = until.map(|at| smallest_uuid_of(Timestamp(at.0.saturating_add(999))));
    all.add_option(until.map(|id| format!("{column} < {}", binds.add(id.to_string()))));
    all
}

/// What to read, and how.
pub struct Search<'a> {
    pub side: Side,
    pub visible: &'a Visible,
    pub filter: &'a RequestFilter,
    pub order: Order,
    /// The id of the last row of the page before.
    pub after: Option<&'a str>,
    pub limit: u32,
    /// Adjusting entries too, which are no calls.
    pub adjustments: bool,
    users: Vec<String>,
    teams: Vec<String>,
    organisations: Vec<String>,
}

impl<'a> Search<'a> {
    pub fn new(
        side: Side,
        visible: &'a Visible,
        filter: &'a RequestFilter,
        order: Order,
        after: Option<&'a str>,
        limit: u32,
    ) -> Self {
        let list = |id: &Option<String>| id.iter().cloned().collect();
        let (users, teams, organisations) = (list(&filter.user), list(&filter.team), list(&filter.organisation));
        Self { side, visible, filter, order, after, limit, adjustments: false, users, teams, organisations }
    }

    pub fn scope(&self) -> Scope<'_> {
        Scope { visible: self.visible, users: &self.users, teams: &self.teams, organisations: &self.organisations }
    }

    /// Whether no row of this side can match.
    pub fn is_nothing(&self) -> bool {
        let filter = self.filter;
        let status = match self.side {
            Side::Charges => filter.status == Some(StatusFilter::Refused),
            Side::Refusals => {
                // Nothing is known of these: no provider was chosen, and nothing but the key was believed.
                let only_charges = [&filter.end_user, &filter.tag, &filter.deployment, &filter.provider];
                !matches!(filter.status, None | Some(StatusFilter::Refused))
                    || only_charges.into_iter().any(Option::is_some)
            }
        };
        status || self.visible.is_nothing()
    }

    /// Whether the rows are found by something better than by whose they are.
    pub fn has_other_way(&self) -> bool {
        let filter = self.filter;
        filter.key.is_some()
            || filter.call_id.is_some()
            || filter.tag.is_some()
            || filter.status == Some(StatusFilter::Failed)
    }

    /// Everything but whose it is.
    fn conditions(&self, binds: &mut Binds) -> All {
        let (filter, side) = (self.filter, self.side);
        let mut all = ids_between(binds, filter.since, filter.until);
        if let Some(after) = self.after {
            let sign = if self.order == Order::NewestFirst { '<' } else { '>' };
            all.add(format!("id {sign} {}", binds.add(after)));
        }
        all.add_option(filter.since.map(|at| format!("{} >= {}", side.time(), binds.add(at.0))));
        all.add_option(filter.until.map(|at| format!("{} < {}", side.time(), binds.add(at.0))));
        if side == Side::Charges && !self.adjustments {
            all.add("adjusts IS NULL".to_owned());
        }
        let failed = filter.status == Some(StatusFilter::Failed);
        match filter.status {
            _ if side == Side::Refusals => {}
            // Word for word the condition of the indexes of failed charges.
            Some(StatusFilter::Failed) => all.add("outcome <> 'success'".to_owned()),
            Some(StatusFilter::Success) => all.add(format!("outcome = '{}'", Outcome::Success.as_str())),
            Some(StatusFilter::Refused) | None => {}
        }
        all.add_option(filter.key.as_deref().map(|key| format!("key_id = {}", binds.add(key))));
        // With a `+`, SQLite goes by the few failures or the key, not by all of a model's calls.
        let plus = if failed || filter.key.is_some() { "+" } else { "" };
        let model = filter.model.as_deref().map(|model| binds.add(model));
        all.add_option(model.map(|model| match self.side {
            Side::Charges if plus.is_empty() => format!("model = {model}"),
            // PostgreSQL knows no `+` for texts.
            Side::Charges => format!("COALESCE(model, '') = {model}"),
            Side::Refusals => format!("model = {model}"),
        }));
        if let Some(call) = filter.call_id.as_deref() {
            let call = binds.add(call);
            all.add(format!("(id = {call} OR call_id = {call})"));
        }
        for (column, value) in
            [("end_user", &filter.end_user), ("deployment_id", &filter.deployment), ("provider", &filter.provider)]
        {
            all.add_option(value.as_deref().map(|value| format!("{column} = {}", binds.add(value))));
        }
        all
    }

    /// One statement for all: whose it is is a condition among others.
    pub fn single(&self, columns: &str, joins: &str) -> (String, Binds) {
        let mut binds = Binds::default();
        let mut all = self.conditions(&mut binds);
        all.add_option(self.scope().condition(&mut binds));
        let (table, direction, limit) = (self.side.table(), self.order.direction(), self.limit);
        let sql = match self.filter.tag.as_deref().map(|tag| binds.add(tag)) {
            // In this order: SQLite keeps to it with CROSS JOIN.
            Some(tag) => {
                let range = self.conditions_of_tags(&mut binds);
                format!(
                    "SELECT {columns} FROM charge_tags CROSS JOIN charges AS call{joins} \
                     WHERE charge_tags.tag = {tag}{range} AND call.id = charge_tags.charge_id AND {all} \
                     ORDER BY charge_tags.charge_id {direction} LIMIT {limit}"
                )
            }
            None => {
                format!(
                    "SELECT {columns} FROM {table} AS call{joins} WHERE {all} ORDER BY call.id {direction} LIMIT {limit}"
                )
            }
        };
        (sql, binds)
    }

    fn conditions_of_tags(&self, binds: &mut Binds) -> String {
        let Some(after) = self.after else { return String::new() };
        let sign = if self.order == Order::NewestFirst { '<' } else { '>' };
        format!(" AND charge_tags.charge_id {sign} {}", binds.add(after))
    }

    /// One statement for some ownerships and, maybe, a key: the first rows of each, and of those the first.
    pub fn branched(&self, columns: &str, joins: &str, ownerships: &[i64], key: bool) -> (String, Binds) {
        let mut binds = Binds::default();
        let all = self.conditions(&mut binds);
        let (table, direction, limit) = (self.side.table(), self.order.direction(), self.limit);
        let mut branches: Vec<String> =
            ownerships.iter().map(|id| format!("ownership_id = {} AND ownership_id <> 0", binds.add(*id))).collect();
        if key {
            branches.push(self.scope().key_branch(&mut binds));
        }
        let branches: Vec<String> = branches
            .into_iter()
            .map(|branch| {
                format!(
                    "SELECT id AS found FROM (SELECT id FROM {table} WHERE {branch} AND {all} \
                     ORDER BY id {direction} LIMIT {limit}) AS branch"
                )
            })
            .collect();
        // In this order: SQLite keeps to it with CROSS JOIN.
        let sql = format!(
            "SELECT {columns} FROM ({}) AS branches CROSS JOIN {table} AS call{joins} \
             WHERE call.id = branches.found ORDER BY call.id {direction} LIMIT {limit}",
            branches.join(" UNION ALL ")
        );
        (sql, binds)
    }
}

impl Store {
    /// The statements that together find a page of a search, each at most that many rows: what is not among the first of
    /// their rows is on a later page.
    pub(crate) async fn statements(
        &self,
        search: &Search<'_>,
        columns: &str,
        joins: &str,
    ) -> Result<Vec<(String, Binds)>, StoreError> {
        if search.is_nothing() {
            return Ok(Vec::new());
        }
        let branches = if search.has_other_way() { None } else { self.branches(&search.scope()).await? };
        let Some(branches) = branches else { return Ok(vec![search.single(columns, joins)]) };
        let mut statements: Vec<_> =
            branches.ownerships.chunks(BRANCHES).map(|chunk| search.branched(columns, joins, chunk, false)).collect();
        if branches.key {
            statements.push(search.branched(columns, joins, &[], true));
        }
        Ok(statements)
    }

    /// The rows of a page, in no order, each once; maybe more than `limit`.
    #[expect(clippy::too_many_arguments, reason = "they are those of a search")]
    pub(crate) async fn find_calls(
        &self,
        side: Side,
        visible: &Visible,
        filter: &RequestFilter,
        columns: &str,
        order: Order,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<QueryResult>, StoreError> {
        let search = Search::new(side, visible, filter, order, after, limit);
        let statements = self.statements(&search, columns, "").await?;
        let several = statements.len() > 1;
        let mut rows = Vec::new();
        for (sql, binds) in statements {
            rows.extend(self.read(&sql, binds).await?);
        }
        if several {
            let mut seen = HashSet::new();
            let mut ids = rows.iter().map(|row| row.try_get_by::<String, _>("id"));
            let ids = ids.by_ref().collect::<Result<Vec<_>, _>>()?;
            let mut ids = ids.into_iter();
            rows.retain(|_| ids.next().is_some_and(|id| seen.insert(id)));
        }
        Ok(rows)
    }
}
