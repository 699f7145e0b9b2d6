//! `tollgate ledger reprice`

use std::process::ExitCode;

use tollgate_control::repricing;
use tollgate_domain::Nanos;
use tollgate_domain::repricing::{Line, NewPrice, RepricingOrder, RepricingReport, RepricingRun, RunState, Sums};

use super::export::{charges_of, moment};
use super::office::{NOTICED, open_with_models};
use crate::cli::RepriceArguments;
use crate::start::StartError;
use crate::terminal::{counted, say};

/// Between two words of how far it is.
const SECONDS: i64 = 5;

/// Lines of each table.
const MOST_SHOWN: usize = 50;

pub async fn run(arguments: RepriceArguments) -> Result<ExitCode, StartError> {
    let (control, op) = open_with_models(&arguments.database).await?;
    let RepriceArguments { dry_run, go_on, price, status, deployment, of, since, until, .. } = arguments;
    let mut run = if let Some(id) = go_on {
        repricing::get(&control, &op, &id).await?
    } else {
        let times = (moment(since.as_deref())?, moment(until.as_deref())?);
        let filter = charges_of(of, status.as_deref(), deployment, times)?;
        let sheet = repricing::parse_prices(&price.join(" "))?;
        let price = if sheet.is_empty() { NewPrice::Current } else { NewPrice::Sheet(sheet) };
        let order = RepricingOrder { filter, price };
        if dry_run {
            tell(&repricing::dry_run(&control, &op, &order).await?);
            return Ok(ExitCode::SUCCESS);
        }
        repricing::start(&control, &op, order).await?
    };
    while run.state == RunState::Running {
        run = repricing::proceed(&control, &op, &run.id, SECONDS).await?;
        say(&progress(&run));
    }
    say(&format!("The run {} is done. {NOTICED}", run.id));
    Ok(ExitCode::SUCCESS)
}

fn progress(run: &RepricingRun) -> String {
    let difference = run.difference.to_decimal();
    let written = if run.adjusted == 1 { "entry" } else { "entries" };
    format!("{} priced, {} adjusting {written} written: ${difference}", counted(run.charges, "charge"), run.adjusted)
}

fn tell(report: &RepricingReport) {
    say(&format!("{:>10} charges can be priced anew: {}", report.total.charges, difference(&report.total)));
    say(&format!("{:>10} of them cost something else: {}", report.changed.charges, difference(&report.changed)));
    if report.estimated.charges > 0 {
        let estimated = difference(&report.estimated);
        say(&format!("{:>10} of them have estimated usage: {estimated}", report.estimated.charges));
    }
    for (left, why) in [
        (&report.unknown, "nobody knows what they used"),
        (&report.estimated_without_usage, "they were estimated without usage"),
        (&report.without_price, "there is no price"),
    ] {
        if left.charges > 0 {
            say(&format!("{:>10} can't be priced, for {why}: they stay at {}", left.charges, dollars(left.old)));
        }
    }
    table("By model and day", &report.by_model_and_day);
    table("By team and key", &report.by_team_and_key);
    if !report.largest.is_empty() {
        say("The largest differences:");
    }
    for one in &report.largest {
        let (old, new) = (dollars(one.old), dollars(one.new));
        say(&format!("  {} {} {:?}: {old} → {new}", one.id, one.at.to_rfc3339(), one.model));
    }
    say("Nothing was changed.");
}

fn table(title: &str, lines: &[Line]) {
    let changed: Vec<_> = lines.iter().filter(|line| line.sums.difference() != Nanos::ZERO).collect();
    if changed.is_empty() {
        return;
    }
    say(&format!("{title}:"));
    for line in changed.iter().take(MOST_SHOWN) {
        let [one, other] = &line.of;
        // Callers make up some of these: escaped, they can't do anything to a terminal.
        say(&format!("  {one:?} {other:?}: {}, {}", counted(line.sums.charges, "charge"), difference(&line.sums)));
    }
    if changed.len() > MOST_SHOWN {
        say(&format!("  … and {} more", changed.len() - MOST_SHOWN));
    }
}

fn difference(sums: &Sums) -> String {
    let sign = if sums.difference().0 > 0 { "+" } else { "" };
    format!("{} → {} ({sign}{})", dollars(sums.old), dollars(sums.new), sums.difference().to_decimal())
}

fn dollars(amount: Nanos) -> String {
    format!("${}", amount.to_decimal())
}
