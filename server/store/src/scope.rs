//! Whose calls: what somebody may see, and what a filter names, as conditions on charges, refusals and sums of them.
//!
//! A call has an ownership, the combination of user, team and organisation that it was put down to. There are far fewer of
//! them than calls, so that they are looked up first.

use tollgate_domain::actor::Visible;

use crate::sql::{All, Binds};
use crate::{Store, StoreError};

/// With more ownerships than these, reading everything and leaving out what does not belong is the shorter way.
const MOST_OWNERSHIPS: usize = 2000;

/// Whose calls to read. Lists that are empty are no condition.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub visible: &'a Visible,
    pub users: &'a [String],
    pub teams: &'a [String],
    pub organisations: &'a [String],
}

impl<'a> Scope<'a> {
    pub fn of(visible: &'a Visible) -> Self {
        Self { visible, users: &[], teams: &[], organisations: &[] }
    }

    /// Whether every call is in it.
    pub fn is_all(&self) -> bool {
        *self.visible == Visible::All && !self.is_filtered()
    }

    fn is_filtered(&self) -> bool {
        !(self.users.is_empty() && self.teams.is_empty() && self.organisations.is_empty())
    }

    /// What the filter says of `ownerships`.
    fn filter(&self, binds: &mut Binds) -> All {
        let mut all = All::default();
        for (column, ids) in [("user_id", self.users), ("team_id", self.teams), ("organisation_id", self.organisations)]
        {
            all.add_option(binds.among(column, ids.iter().map(String::as_str)));
        }
        all
    }

    /// What is seen through users, teams and organisations, as a condition on `ownerships`. `None`: nothing is.
    fn ownerships(&self, binds: &mut Binds) -> Option<All> {
        let mut all = self.filter(binds);
        if let Visible::Within { user, teams, organisations, .. } = self.visible {
            let any: Vec<String> = [
                binds.among("user_id", user.iter().map(tollgate_domain::ids::UserId::as_str)),
                binds.among("team_id", teams.iter().map(tollgate_domain::ids::TeamId::as_str)),
                binds.among("organisation_id", organisations.iter().map(tollgate_domain::ids::OrganisationId::as_str)),
            ]
            .into_iter()
            .flatten()
            .collect();
            if any.is_empty() {
                return None;
            }
            all.add(format!("({})", any.join(" OR ")));
        }
        Some(all)
    }

    /// What is seen through a key alone: a condition on rows with a `key_id` and an `ownership_id`.
    fn own_key(&self, binds: &mut Binds) -> Option<String> {
        let Visible::Within { key: Some(key), .. } = self.visible else { return None };
        let key = format!("key_id = {}", binds.add(key.to_string()));
        if !self.is_filtered() {
            return Some(key);
        }
        let filter = self.filter(binds);
        Some(format!("({key} AND +ownership_id IN (SELECT id FROM ownerships WHERE {filter}))"))
    }

    /// A condition on rows with a `key_id` and an `ownership_id`, worded so that SQLite finds the rows by something else.
    /// `None`: none is needed.
    pub fn condition(&self, binds: &mut Binds) -> Option<String> {
        self.worded("+ownership_id", binds)
    }

    /// The same, worded so that the rows may be found by it.
    pub fn indexed_condition(&self, binds: &mut Binds) -> Option<String> {
        self.worded("ownership_id", binds)
    }

    fn worded(&self, column: &str, binds: &mut Binds) -> Option<String> {
        if self.is_all() {
            return None;
        }
        let owned = self.ownerships(binds);
        let owned = owned.map(|all| format!("{column} IN (SELECT id FROM ownerships WHERE {all})"));
        let any: Vec<String> = [owned, self.own_key(binds)].into_iter().flatten().collect();
        // Without any of them, nothing.
        Some(if any.is_empty() { "1 = 0".to_owned() } else { format!("({})", any.join(" OR ")) })
    }
}

/// The ways to find the rows of a scope, each through an index.
#[derive(Clone, Debug, Default)]
pub struct Branches {
    pub ownerships: Vec<i64>,
    /// The one key of which everything may be seen.
    pub key: bool,
}

impl Store {
    /// `None`: the scope has no few ways in; read everything, with [`Scope::condition`].
    pub(crate) async fn branches(&self, scope: &Scope<'_>) -> Result<Option<Branches>, StoreError> {
        if scope.is_all() {
            return Ok(None);
        }
        let key = matches!(scope.visible, Visible::Within { key: Some(_), .. });
        let mut binds = Binds::default();
        let Some(condition) = scope.ownerships(&mut binds) else {
            return Ok(Some(Branches { ownerships: Vec::new(), key }));
        };
        let sql = format!("SELECT id FROM ownerships WHERE {condition} ORDER BY id LIMIT {}", MOST_OWNERSHIPS + 1);
        let rows = self.read(&sql, binds).await?;
        if rows.len() > MOST_OWNERSHIPS {
            return Ok(None);
        }
        let ownerships = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
        Ok(Some(Branches { ownerships, key }))
    }
}

impl Scope<'_> {
    /// The condition of the branch that [`Branches::key`] is.
    pub fn key_branch(&self, binds: &mut Binds) -> String {
        self.own_key(binds).unwrap_or_else(|| "1 = 0".to_owned())
    }
}
