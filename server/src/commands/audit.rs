//! `tollgate audit …`

use std::process::ExitCode;

use tollgate_control::audit::{self, AuditFilter, AuditVerdict};
use tollgate_control::export;

use super::export::{Out, format_of, moments};
use super::office::open;
use crate::cli::AuditCommand;
use crate::start::StartError;
use crate::terminal::{counted, say};

pub async fn run(command: AuditCommand) -> Result<ExitCode, StartError> {
    match command {
        AuditCommand::Verify(database) => {
            let (control, op) = open(&database).await?;
            Ok(match audit::verify(&control, &op).await? {
                AuditVerdict::Intact { lines, last_hash } => {
                    say(&format!("The audit log is intact: {}.", counted(lines, "line")));
                    say(&format!("  Its last hash, to be kept elsewhere: {last_hash}"));
                    ExitCode::SUCCESS
                }
                AuditVerdict::Broken { seq, reason } => {
                    say(&format!("The audit log is broken at line {seq}: {reason}."));
                    ExitCode::FAILURE
                }
            })
        }
        AuditCommand::Export { action, file, database } => {
            let (format, mut out) = (format_of(&file)?, Out::open(&file)?);
            let (since, until) = moments(&file)?;
            let filter = AuditFilter { action, since, until, ..AuditFilter::default() };
            let (control, op) = open(&database).await?;
            let mut export = export::audit(&control, &op, filter, format).await?;
            while let Some(part) = export.next().await? {
                out.write(&part)?;
            }
            out.close()?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
