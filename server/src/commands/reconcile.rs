//! `tollgate ledger reconcile`

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use tollgate_control::invoices::{self, Import, MAX_BYTES, Mapping};
use tollgate_domain::Nanos;
use tollgate_domain::clock::Timestamp;
use tollgate_domain::invoice::{Amounts, CredentialMatch, Reconciliation, Tolerance, Variance};

use super::office::open;
use crate::cli::ReconcileArguments;
use crate::start::StartError;
use crate::terminal::{counted, say};

/// Lines that are told.
const MOST_SHOWN: usize = 200;

/// Fails, as a check does, if the two do not agree.
pub async fn run(arguments: ReconcileArguments) -> Result<ExitCode, StartError> {
    let (tolerance, import) = (tolerance(&arguments)?, how(&arguments)?);
    let bytes = read(&arguments.file)?;
    let (control, op) = open(&arguments.database).await?;
    let invoice = match invoices::of_file(&control, &op, &bytes).await? {
        Some(known) => {
            say(&format!("This file was imported already, as {}.", known.id));
            known
        }
        None => invoices::import(&control, &op, import, &bytes).await?,
    };
    let compared = invoices::reconcile(&control, &op, &invoice.id, tolerance).await?;
    tell(&compared);
    Ok(if compared.disagreements == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(path: &Path) -> Result<Vec<u8>, StartError> {
    let failed = |source| StartError::Io { what: format!("reading {}", path.display()), source };
    let mut bytes = Vec::new();
    // One more than may be: what is too large is told by whoever knows the limit.
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX) + 1;
    std::fs::File::open(path).map_err(failed)?.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn tolerance(arguments: &ReconcileArguments) -> Result<Tolerance, StartError> {
    let cost: Nanos = arguments
        .tolerance
        .parse::<Nanos>()
        .map_err(|error| StartError::Configuration(format!("the tolerance is {error}")))?;
    if cost.0 < 0 || arguments.tolerance_points < 0 {
        return Err(StartError::Configuration("the tolerance can't be below nought".to_owned()));
    }
    Ok(Tolerance { cost, points: arguments.tolerance_points })
}

fn how(arguments: &ReconcileArguments) -> Result<Import, StartError> {
    let pair = |text: &str, what: &str| match text.split_once('=') {
        Some((one, other)) => Ok((one.to_owned(), other.to_owned())),
        None => Err(StartError::Configuration(format!("`{text}` is no {what}"))),
    };
    let rate = arguments
        .rate
        .as_deref()
        .map(|text| {
            let (currency, rate) = pair(text, "rate such as `EUR=1.08`")?;
            let rate =
                rate.parse::<Nanos>().map_err(|error| StartError::Configuration(format!("the rate is {error}")))?;
            Ok::<_, StartError>((currency, rate))
        })
        .transpose()?;
    let credential = |text: &String| {
        let (credential, deployment_id) = pair(text, "credential and deployment such as `key_1=d-1`")?;
        Ok::<_, StartError>(CredentialMatch { credential, deployment_id })
    };
    let name = arguments.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Import {
        name,
        provider: arguments.provider.clone(),
        format: arguments.format.clone(),
        mapping: arguments.columns.as_deref().map(Mapping::parse).transpose()?,
        zone_minutes: arguments.zone_minutes,
        rate,
        credentials: arguments.credential.iter().map(credential).collect::<Result<_, _>>()?,
    })
}

fn tell(compared: &Reconciliation) {
    let invoice = &compared.invoice;
    let (first, last) = (day(invoice.first_day), day(invoice.last_day));
    let lines = counted(invoice.lines, "line");
    say(&format!("{:?}: {lines} of {:?}, {first} to {last}", invoice.name, invoice.provider));
    say(&format!("  theirs: {}", amounts(Some(compared.theirs))));
    say(&format!("  ours:   {}", amounts(Some(compared.ours))));
    let apart = || compared.variances.iter().filter(|it| !it.agrees);
    for one in apart().take(MOST_SHOWN) {
        say(&line(one));
    }
    let more = compared.disagreements.saturating_sub(apart().take(MOST_SHOWN).count() as u64);
    if more > 0 {
        say(&format!("… and {more} more."));
    }
    if compared.disagreements == 0 {
        say("They agree.");
    } else {
        let groups = counted(compared.disagreements, "group");
        say(&format!("They do not agree in {groups}."));
    }
}

fn line(one: &Variance) -> String {
    let credential = if one.credential.is_empty() { String::new() } else { format!(" {:?}", one.credential) };
    let difference = match (one.cost_difference(), one.basis_points()) {
        (Some(money), Some(points)) => {
            let sign = if points < 0 { "-" } else { "" };
            let points = points.unsigned_abs();
            format!("; ${} ({sign}{}.{:02} %)", money.to_decimal(), points / 100, points % 100)
        }
        (Some(money), None) => format!("; ${}", money.to_decimal()),
        (None, _) => String::new(),
    };
    let tokens = one.token_difference().filter(|tokens| *tokens != 0);
    let tokens = tokens.map_or_else(String::new, |tokens| format!("; {tokens} tokens"));
    let (theirs, ours) = (amounts(one.theirs), amounts(one.ours));
    format!("{} {:?}{credential}: theirs {theirs}, ours {ours}{difference}{tokens}", day(one.day), one.model)
}

fn amounts(side: Option<Amounts>) -> String {
    let Some(side) = side else { return "nothing".to_owned() };
    let cost = side.cost.map(|cost| format!("${}", cost.to_decimal()));
    let count = |count: Option<i64>, what: &str| count.map(|count| format!("{count} {what}"));
    let parts = [cost, count(side.requests, "requests"), count(side.input, "in"), count(side.output, "out")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn day(days: i64) -> String {
    Timestamp(days.saturating_mul(24 * Timestamp::MICROS_PER_HOUR)).to_datetime().format("%Y-%m-%d").to_string()
}
