//! `tollgate audit …`

use std::io::Write;
use std::process::ExitCode;

use tollgate_control::audit::{self, AuditFilter, AuditVerdict};
use tollgate_control::export::{self, Format};
use tollgate_domain::Timestamp;

use super::office::open;
use crate::cli::AuditCommand;
use crate::start::StartError;
use crate::terminal::say;

pub async fn run(command: AuditCommand) -> Result<ExitCode, StartError> {
    match command {
        AuditCommand::Verify(database) => {
            let (control, op) = open(&database).await?;
            Ok(match audit::verify(&control, &op).await? {
                AuditVerdict::Intact { lines, last_hash } => {
                    say(&format!("The audit log is intact: {lines} lines."));
                    say(&format!("  Its last hash, to be kept elsewhere: {last_hash}"));
                    ExitCode::SUCCESS
                }
                AuditVerdict::Broken { seq, reason } => {
                    say(&format!("The audit log is broken at line {seq}: {reason}."));
                    ExitCode::FAILURE
                }
            })
        }
        AuditCommand::Export { format, output, action, since, until, database } => {
            let format = Format::parse(&format)
                .ok_or_else(|| StartError::Configuration("the format is `csv` or `jsonl`".to_owned()))?;
            let (since, until) = (moment(since.as_deref())?, moment(until.as_deref())?);
            let filter = AuditFilter { action, since, until, ..AuditFilter::default() };
            let failed = |source| StartError::Io { what: "writing the export".to_owned(), source };
            let mut out: Box<dyn Write> = match &output {
                Some(path) => Box::new(std::fs::File::create_new(path).map_err(failed)?),
                None => Box::new(std::io::stdout().lock()),
            };
            let (control, op) = open(&database).await?;
            let mut export = export::audit(&control, &op, filter, format).await?;
            while let Some(part) = export.next().await? {
                out.write_all(&part).map_err(failed)?;
            }
            out.flush().map_err(failed)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn moment(text: Option<&str>) -> Result<Option<Timestamp>, StartError> {
    text.map(|text| {
        Timestamp::parse_rfc3339(text)
            .ok_or_else(|| StartError::Configuration(format!("`{text}` is no moment such as 2026-11-01T00:00:00Z")))
    })
    .transpose()
}
