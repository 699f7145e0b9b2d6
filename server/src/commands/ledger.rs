//! `tollgate ledger …`

use std::process::ExitCode;

use tollgate_store::LedgerReport;

use crate::cli::{DatabaseArguments, LedgerCommand};
use crate::start::StartError;
use crate::terminal::{counted, say};

pub async fn run(command: LedgerCommand) -> Result<ExitCode, StartError> {
    match command {
        LedgerCommand::Verify(database) => verify(&database).await,
        LedgerCommand::Reprice(arguments) => super::reprice::run(*arguments).await,
        LedgerCommand::Reconcile(arguments) => super::reconcile::run(*arguments).await,
        LedgerCommand::Replay { account, limits, since, until, database } => {
            super::replay::run(&account, &limits, since.as_deref(), until.as_deref(), &database).await
        }
    }
}

async fn verify(database: &DatabaseArguments) -> Result<ExitCode, StartError> {
    let store = super::open_store(database).await?;
    store.check_schema().await?;
    let report = store.verify_ledger().await?;
    tell(&report);
    Ok(if report.balances() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(report: &LedgerReport) {
    say(&format!(
        "{}, {} adjusting {} and {} were added up and compared with",
        counted(report.charges, "charge"),
        report.adjustments,
        if report.adjustments == 1 { "entry" } else { "entries" },
        counted(report.refusals, "refusal"),
    ));
    for (table, rows) in &report.tables {
        say(&format!("{rows:>12} rows of {table}"));
    }
    if report.balances() {
        let charges = counted(report.charges, "charge");
        say(&format!("The ledger balances: {charges}, ${}.", report.cost.to_decimal()));
        return;
    }
    for disagreement in &report.told {
        say(disagreement);
    }
    let untold = report.disagreements - report.told.len() as u64;
    if untold > 0 {
        say(&format!("… and {untold} more."));
    }
    say(&format!(
        "The ledger does not balance: {}. Somebody changed the database by hand, or a part of it is lost: \
         compare with a backup.",
        counted(report.disagreements, "disagreement")
    ));
}
