//! What is told of budgets and limits: written with the charges, read by whoever may see the accounts' spend.

use sea_orm::QueryResult;
use serde::{Deserialize, Serialize};
use tollgate_domain::actor::Visible;
use tollgate_domain::ledger::{AccountKey, AccountKind, Alert, AlertKind, Span};
use tollgate_domain::page::{Cursor, Page};
use tollgate_domain::{Nanos, Timestamp};

use crate::error::within;
use crate::ledger::bulk::{Bulk, Connection};
use crate::ledger::indexed;
use crate::sql::{All, Binds};
use crate::{LARGEST_PAGE, Store, StoreError};

/// How long writing may take: nobody waits for it.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(30);

const ALERTS: Bulk = Bulk {
    table: "budget_events",
    columns: &[
        "id",
        "at",
        "kind",
        "account_kind",
        "account_id",
        "model",
        "limited",
        "told_by",
        "is_money",
        "span_start",
        "span_end",
        "percent",
        "limit_value",
        "used",
        "reserved",
        "asked",
        "charge_id",
        "ownership_id",
        "cost_nanos",
    ],
    conflict: "DO NOTHING",
};

const COLUMNS: &str = "id, at, kind, account_kind, account_id, model, limited, is_money, span_start, span_end, percent, \
                       limit_value, used, reserved, asked, charge_id, ownership_id, cost_nanos";

/// Which of them: all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertFilter {
    pub kind: Option<AlertKind>,
    pub account_kind: Option<AccountKind>,
    pub account_id: Option<String>,
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// What a limit in shadow would have done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShadowSum {
    pub account: AccountKey,
    /// Which of the account's limits.
    pub limited: String,
    /// Calls that it would have refused.
    pub calls: i64,
    /// People who made them.
    pub users: i64,
    /// What they cost.
    pub saved: Nanos,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

impl AlertFilter {
    fn conditions(&self, visible: &Visible, binds: &mut Binds) -> All {
        let mut all = All::default();
        all.add_option(self.kind.map(|kind| format!("kind = {}", binds.add(kind.as_str()))));
        all.add_option(self.account_kind.map(|kind| format!("account_kind = {}", binds.add(kind.as_str()))));
        all.add_option(self.account_id.as_deref().map(|id| format!("account_id = {}", binds.add(&*indexed(id)))));
        all.add_option(self.since.map(|at| format!("at >= {}", binds.add(at.0))));
        all.add_option(self.until.map(|at| format!("at < {}", binds.add(at.0))));
        all.add_option(seen(visible, binds));
        all
    }
}

/// Who may see what was spent by a team may see what is told of the team; the same for the others. Of accounts that
/// belong to nobody it takes the right to see everything.
fn seen(visible: &Visible, binds: &mut Binds) -> Option<String> {
    let Visible::Within { user, teams, organisations, key } = visible else { return None };
    let teams: Vec<_> = teams.iter().map(tollgate_domain::ids::TeamId::as_str).collect();
    let organisations: Vec<_> = organisations.iter().map(tollgate_domain::ids::OrganisationId::as_str).collect();
    let owned = |conditions: Vec<Option<String>>| {
        let any: Vec<_> = conditions.into_iter().flatten().collect();
        (!any.is_empty()).then(|| format!("ownership_id IN (SELECT id FROM ownerships WHERE {})", any.join(" OR ")))
    };
    let mut any: Vec<String> = Vec::new();
    let of_people = owned(vec![
        binds.among("user_id", user.iter().map(tollgate_domain::ids::UserId::as_str)),
        binds.among("team_id", teams.iter().copied()),
        binds.among("organisation_id", organisations.iter().copied()),
    ]);
    any.extend(of_people.map(|owned| format!("(account_kind IN ('key', 'membership', 'user') AND {owned})")));
    let in_teams = binds.among("account_id", teams.iter().copied());
    any.extend(in_teams.map(|teams| format!("(account_kind = 'team' AND {teams})")));
    let of_organisation = owned(vec![binds.among("organisation_id", organisations.iter().copied())]);
    any.extend(of_organisation.map(|owned| format!("(account_kind = 'team' AND {owned})")));
    let in_organisations = binds.among("account_id", organisations.iter().copied());
    any.extend(in_organisations.map(|ids| format!("(account_kind = 'organisation' AND {ids})")));
    any.extend(key.map(|key| format!("(account_kind = 'key' AND account_id = {})", binds.add(key.to_string()))));
    Some(if any.is_empty() { "1 = 0".to_owned() } else { format!("({})", any.join(" OR ")) })
}

impl Store {
    /// Keeps what was not told before, and gives the ids of that.
    pub async fn append_alerts(&self, alerts: &[Alert]) -> Result<Vec<String>, StoreError> {
        if alerts.is_empty() {
            return Ok(Vec::new());
        }
        let write = async {
            let mut tx = Connection::begin(&self.writer, self.is_postgres()).await?;
            let new = ALERTS
                .insert_returning(&mut tx, alerts, |arguments, alert| {
                    arguments.text(&alert.id);
                    arguments.int(alert.at.0);
                    arguments.text(alert.kind.as_str());
                    arguments.text(alert.account.kind.as_str());
                    arguments.text(&indexed(&alert.account.id));
                    arguments.text(&indexed(alert.account.model.as_deref().unwrap_or_default()));
                    arguments.text(&alert.limited);
                    arguments.text(&alert.told_by());
                    arguments.flag(alert.is_money);
                    arguments.int_or_null(alert.span.map(|span| span.start.0));
                    arguments.int_or_null(alert.span.map(|span| span.end.0));
                    arguments.small(i16::from(alert.percent.unwrap_or_default()));
                    arguments.int(alert.limit);
                    arguments.int(alert.used);
                    arguments.int(alert.reserved);
                    arguments.int(alert.asked);
                    arguments.text(&alert.charge_id);
                    arguments.int(alert.ownership_id);
                    arguments.int(alert.cost.0);
                })
                .await?;
            tx.commit().await?;
            Ok::<_, StoreError>(new)
        };
        within(LIMIT, write).await
    }

    /// A page of what was told, newest first.
    pub async fn list_alerts(
        &self,
        visible: &Visible,
        filter: &AlertFilter,
        cursor: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<Alert>, StoreError> {
        let limit = limit.clamp(1, LARGEST_PAGE);
        let mut binds = Binds::default();
        let mut all = filter.conditions(visible, &mut binds);
        if let Some(Cursor { at, id }) = cursor {
            let (at, id) = (binds.add(*at), binds.add(id.as_str()));
            all.add(format!("(at, id) < ({at}, {id})"));
        }
        let sql =
            format!("SELECT {COLUMNS} FROM budget_events WHERE {all} ORDER BY at DESC, id DESC LIMIT {}", limit + 1);
        let rows = self.read(&sql, binds).await?;
        let more = rows.len() > limit as usize;
        let items = rows.iter().take(limit as usize).map(alert).collect::<Result<Vec<_>, _>>()?;
        let next = items.last().filter(|_| more).map(|last| Cursor { at: last.at.0, id: last.id.clone() }.encode());
        Ok(Page { items, next })
    }

    /// What limits in shadow would have done, those that would have saved most first; at most so many lines.
    pub async fn shadow_sums(
        &self,
        visible: &Visible,
        filter: &AlertFilter,
        limit: u32,
    ) -> Result<Vec<ShadowSum>, StoreError> {
        let mut binds = Binds::default();
        let filter = AlertFilter { kind: Some(AlertKind::Shadow), ..filter.clone() };
        let all = filter.conditions(visible, &mut binds);
        // SUM is NUMERIC on PostgreSQL. A call is told of a limit once.
        let sql = format!(
            "SELECT account_kind, account_id, model, limited, COUNT(*), COUNT(DISTINCT whose.user_id), \
             CAST(SUM(cost_nanos) AS BIGINT), MIN(at), MAX(at) FROM budget_events \
             LEFT JOIN (SELECT id AS owners, NULLIF(user_id, '') AS user_id FROM ownerships) AS whose \
             ON whose.owners = ownership_id WHERE {all} GROUP BY account_kind, account_id, model, limited \
             ORDER BY 7 DESC, 5 DESC, 1, 2, 3, 4 LIMIT {}",
            limit.clamp(1, LARGEST_PAGE)
        );
        let rows = self.read(&sql, binds).await?;
        rows.iter()
            .map(|row| {
                Ok(ShadowSum {
                    account: account(row, 0)?,
                    limited: row.try_get_by_index(3)?,
                    calls: row.try_get_by_index(4)?,
                    users: row.try_get_by_index(5)?,
                    saved: Nanos(row.try_get_by_index(6)?),
                    first_at: Timestamp(row.try_get_by_index(7)?),
                    last_at: Timestamp(row.try_get_by_index(8)?),
                })
            })
            .collect()
    }
}

fn account(row: &QueryResult, first: usize) -> Result<AccountKey, StoreError> {
    let kind: String = row.try_get_by_index(first)?;
    let (id, model): (String, String) = (row.try_get_by_index(first + 1)?, row.try_get_by_index(first + 2)?);
    let kind = AccountKind::parse(&kind).ok_or_else(|| unknown(&kind))?;
    let account = AccountKey::new(kind, id);
    Ok(if model.is_empty() { account } else { account.of_model(model) })
}

fn unknown(word: &str) -> StoreError {
    StoreError::Unavailable(format!("`{word}` of budget_events is not known: a newer version wrote it"))
}

fn alert(row: &QueryResult) -> Result<Alert, StoreError> {
    let kind: String = row.try_get_by_index(2)?;
    let span: (Option<i64>, Option<i64>) = (row.try_get_by_index(8)?, row.try_get_by_index(9)?);
    let percent: i16 = row.try_get_by_index(10)?;
    Ok(Alert {
        id: row.try_get_by_index(0)?,
        at: Timestamp(row.try_get_by_index(1)?),
        kind: AlertKind::parse(&kind).ok_or_else(|| unknown(&kind))?,
        account: account(row, 3)?,
        limited: row.try_get_by_index(6)?,
        is_money: row.try_get_by_index(7)?,
        span: span.0.zip(span.1).map(|(start, end)| Span { start: Timestamp(start), end: Timestamp(end) }),
        percent: u8::try_from(percent).ok().filter(|percent| *percent > 0),
        limit: row.try_get_by_index(11)?,
        used: row.try_get_by_index(12)?,
        reserved: row.try_get_by_index(13)?,
        asked: row.try_get_by_index(14)?,
        charge_id: row.try_get_by_index(15)?,
        ownership_id: row.try_get_by_index(16)?,
        cost: Nanos(row.try_get_by_index(17)?),
    })
}
