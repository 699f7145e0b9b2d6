//! `tollgate ledger replay`

use std::process::ExitCode;

use tollgate_control::replay::{self, Outcome, Proposal};
use tollgate_domain::limits::{BudgetDuration, Limits};
use tollgate_domain::{Nanos, Timestamp};

use super::office::open;
use crate::cli::{DatabaseArguments, LimitArguments};
use crate::start::StartError;
use crate::terminal::{counted, say};

/// Progress is told after so many charges.
const STRIDE: u64 = 100_000;

pub async fn run(
    account: &str,
    limits: &LimitArguments,
    since: Option<&str>,
    until: Option<&str>,
    database: &DatabaseArguments,
) -> Result<ExitCode, StartError> {
    let account = replay::account(account)?;
    let limits = limits_of(limits)?;
    let (since, until) = (since.map(moment).transpose()?, until.map(moment).transpose()?);
    let (control, op) = open(database).await?;
    let until = until.unwrap_or_else(|| control.clock().now());
    let since = since.unwrap_or_else(|| until.plus_seconds(-replay::PERIOD));
    let mut replay = replay::begin(&control, &op, Proposal { account, limits, since, until }).await?;
    let mut told = STRIDE;
    while replay.step().await? {
        if replay.played() >= told {
            say(&format!("{:>12} charges …", replay.played()));
            told = replay.played() + STRIDE;
        }
    }
    tell(&replay.outcome());
    Ok(ExitCode::SUCCESS)
}

fn limits_of(arguments: &LimitArguments) -> Result<Limits, StartError> {
    let wrong = |what: &str| StartError::Configuration(what.to_owned());
    let budget = arguments.max_budget.as_deref().map(str::parse::<Nanos>).transpose();
    let duration = match arguments.duration.as_deref() {
        Some(text) => {
            Some(BudgetDuration::parse(text).ok_or_else(|| wrong("the duration is one such as 24h, 30d or 1mo"))?)
        }
        None => None,
    };
    Ok(Limits {
        max_budget: budget.map_err(|_| wrong("the budget is an amount of dollars such as 100 or 12.5"))?,
        budget_duration: duration,
        rpm_limit: arguments.rpm,
        tpm_limit: arguments.tpm,
        rpd_limit: arguments.rpd,
        tpd_limit: arguments.tpd,
        max_parallel_requests: arguments.parallel,
        ..Limits::default()
    })
}

fn moment(text: &str) -> Result<Timestamp, StartError> {
    Timestamp::parse_rfc3339(text)
        .ok_or_else(|| StartError::Configuration(format!("`{text}` is no moment such as 2026-11-01T00:00:00Z")))
}

fn tell(outcome: &Outcome) {
    let (calls, callers) = (counted(outcome.calls, "charge"), counted(outcome.callers, "caller"));
    let were = if outcome.calls == 1 { "was" } else { "were" };
    say(&format!("{calls} {were} played: ${}.", outcome.cost.to_decimal()));
    let Some((at, id, reason)) = &outcome.first else {
        say("None would have been refused.");
        return;
    };
    say(&format!(
        "{} would have been refused, of {callers}, with a cost of ${}.",
        outcome.refused,
        outcome.saved.to_decimal()
    ));
    say(&format!("The first at {}, {id}: {reason}", at.to_rfc3339()));
    for one in &outcome.who {
        let name = if one.user_id.is_empty() { format!("key {}", one.key_id) } else { format!("user {}", one.user_id) };
        let (calls, saved, first) = (one.calls, one.saved.to_decimal(), one.first_at.to_rfc3339());
        let calls = counted(calls, "call");
        say(&format!("{calls:>18}, ${saved}, from {first}: {name}"));
    }
}
