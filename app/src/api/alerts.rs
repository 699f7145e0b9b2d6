//! What the pages about alerts and about limits that are tried ask.

use std::collections::HashMap;

use tollgate_control::alerts::{self, AlertFilter, ShadowSum};
use tollgate_control::replay::{self, Outcome, Proposal};
use tollgate_control::{Control, usage};
use tollgate_domain::ledger::{AccountKey, AccountKind, Alert, AlertKind};
use tollgate_domain::limits::{BudgetDuration, Limits};
use tollgate_domain::report::Dimension;
use tollgate_domain::{Nanos, Timestamp};

use super::ServerError;
use crate::kit::{ListQuery, parse_day};

/// Lines of a page.
const PAGE: u32 = 50;

/// The most limits in shadow that are told of.
const MOST_SHADOWS: u32 = 100;

/// The most charges that a page plays: some seconds.
const MOST_CHARGES: u64 = 200_000;

const DAY_SECONDS: i64 = 86_400;

/// A page of alerts, and what limits in shadow would have done.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertsView {
    pub rows: Vec<Alert>,
    pub next: Option<String>,
    /// On the first page alone.
    pub shadows: Vec<ShadowSum>,
    pub names: AccountNames,
}

/// What people call accounts, by kind and id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountNames(HashMap<(AccountKind, String), String>);

impl AccountNames {
    /// `team Search, model gpt-4o`; with its id where it has no name.
    pub fn text(&self, account: &AccountKey) -> String {
        let Some(name) = self.0.get(&(account.kind, account.id.to_string())) else { return account.to_string() };
        match &account.model {
            Some(model) => format!("{} {name}, model {model}", account.kind.as_str()),
            None => format!("{} {name}", account.kind.as_str()),
        }
    }

    fn put(&mut self, kind: AccountKind, names: HashMap<String, String>) {
        self.0.extend(names.into_iter().map(|(id, name)| ((kind, id), name)));
    }
}

/// What people call these: whoever may see what was told of an account may see its name.
async fn account_names(control: &Control, accounts: &[&AccountKey]) -> Result<AccountNames, ServerError> {
    let ids = |kind: AccountKind| {
        let of_kind = accounts.iter().filter(move |account| account.kind == kind);
        of_kind.map(|account| account.id.to_string()).collect::<Vec<_>>()
    };
    let mut names = AccountNames::default();
    for (kind, by) in [
        (AccountKind::Key, Dimension::Key),
        (AccountKind::Team, Dimension::Team),
        (AccountKind::Organisation, Dimension::Organisation),
        (AccountKind::User, Dimension::User),
        (AccountKind::Person, Dimension::User),
    ] {
        names.put(kind, usage::names(control, by, &ids(kind)).await?);
    }
    // `team:ID:USER`: an id may have a colon itself, then it stays what it is.
    let members: Vec<(String, String, String)> = ids(AccountKind::Membership)
        .into_iter()
        .filter_map(|id| {
            let (team, user) = id.strip_prefix("team:")?.split_once(':')?;
            let (team, user) = (team.to_owned(), user.to_owned());
            Some((id, team, user))
        })
        .collect();
    let teams: Vec<String> = members.iter().map(|(_, team, _)| team.clone()).collect();
    let users: Vec<String> = members.iter().map(|(_, _, user)| user.clone()).collect();
    let teams = usage::names(control, Dimension::Team, &teams).await?;
    let users = usage::names(control, Dimension::User, &users).await?;
    let named = members.into_iter().filter_map(|(id, team, user)| {
        let text = format!("{} in {}", users.get(&user)?, teams.get(&team)?);
        Some((id, text))
    });
    names.put(AccountKind::Membership, named.collect());
    Ok(names)
}

/// A page of alerts, newest first.
pub async fn list_alerts(list: ListQuery) -> Result<AlertsView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let day = |name: &str| list.get(name).and_then(|text| parse_day(&text));
    let filter = AlertFilter {
        kind: list.get("kind").and_then(|text| AlertKind::parse(&text)),
        account_kind: list.get("account_kind").and_then(|text| AccountKind::parse(&text)),
        account_id: list.get("account_id"),
        since: day("since"),
        // The whole of the last day.
        until: day("until").map(|day| day.plus_seconds(DAY_SECONDS)),
    };
    let page = alerts::list(&control, &op, &filter, list.after().as_ref(), PAGE).await?;
    let of_shadow = matches!(filter.kind, None | Some(AlertKind::Shadow)) && list.is_first_page();
    let shadows = if of_shadow { alerts::shadows(&control, &op, &filter, MOST_SHADOWS).await? } else { Vec::new() };
    let accounts = page.items.iter().map(|alert| &alert.account).chain(shadows.iter().map(|sum| &sum.account));
    let names = account_names(&control, &accounts.collect::<Vec<_>>()).await?;
    Ok(AlertsView { rows: page.items, next: page.next, shadows, names })
}

/// What came out of a limit that was tried; or nothing yet.
#[derive(Clone, Debug, PartialEq)]
pub enum TriedView {
    /// Nothing is asked for yet.
    Nothing,
    /// It can't be tried as it stands.
    Wrong(String),
    Done(Outcome, CallerNames),
}

/// What people call those whose calls were played.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerNames {
    /// By id.
    pub users: HashMap<String, String>,
    pub keys: HashMap<String, String>,
}

/// Tries a limit on the calls on record.
pub async fn try_limit(list: ListQuery) -> Result<TriedView, ServerError> {
    let Some(account) = list.get("account") else { return Ok(TriedView::Nothing) };
    let (control, op) = crate::server::op_context().await?;
    let proposal = match proposal(&list, &account, control.clock().now()) {
        Ok(proposal) => proposal,
        Err(problem) => return Ok(TriedView::Wrong(problem)),
    };
    match replay::run(&control, &op, proposal, MOST_CHARGES).await {
        Ok(outcome) => {
            let users: Vec<_> = outcome.who.iter().map(|one| one.user_id.clone()).collect();
            let keys: Vec<_> = outcome.who.iter().map(|one| one.key_id.clone()).collect();
            let names = CallerNames {
                users: usage::names(&control, Dimension::User, &users).await?,
                keys: usage::names(&control, Dimension::Key, &keys).await?,
            };
            Ok(TriedView::Done(outcome, names))
        }
        Err(
            error @ (tollgate_control::ControlError::Invalid { .. } | tollgate_control::ControlError::NotFound { .. }),
        ) => Ok(TriedView::Wrong(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

fn proposal(list: &ListQuery, account: &str, now: Timestamp) -> Result<Proposal, String> {
    let account = replay::account(account).map_err(|error| error.to_string())?;
    let number = |name: &str| match list.get(name) {
        None => Ok(None),
        Some(text) => text.parse::<i64>().map(Some).map_err(|_| "Write whole numbers, such as 1000.".to_owned()),
    };
    let max_budget = match list.get("max_budget") {
        None => None,
        Some(text) => {
            let amount: Result<Nanos, _> = text.trim_start_matches('$').parse();
            Some(amount.map_err(|_| "Write the budget as an amount of dollars, such as 12.50.".to_owned())?)
        }
    };
    let budget_duration = match list.get("duration") {
        None => None,
        Some(text) => {
            let duration = BudgetDuration::parse(&text.to_lowercase());
            Some(duration.ok_or_else(|| "Write how long the budget lasts as 24h, 7d, 30d or 1mo.".to_owned())?)
        }
    };
    let limits = Limits {
        max_budget,
        budget_duration,
        rpm_limit: number("rpm")?,
        tpm_limit: number("tpm")?,
        ..Limits::default()
    };
    let day = |name: &str| list.get(name).and_then(|text| parse_day(&text));
    let until = day("until").map_or(now, |day| day.plus_seconds(DAY_SECONDS));
    let since = day("since").unwrap_or_else(|| until.plus_seconds(-replay::PERIOD));
    Ok(Proposal { account, limits, since, until })
}

/// What limits in shadow would have refused of an account in the last 30 days.
pub async fn shadows_of(kind: AccountKind, id: String) -> Result<Vec<ShadowSum>, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let since = control.clock().now().plus_seconds(-replay::PERIOD);
    let filter =
        AlertFilter { account_kind: Some(kind), account_id: Some(id), since: Some(since), ..AlertFilter::default() };
    Ok(alerts::shadows(&control, &op, &filter, MOST_SHADOWS).await?)
}
