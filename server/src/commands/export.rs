//! `tollgate export …`

use std::io::Write;
use std::process::ExitCode;

use tollgate_control::export::{self, Format, Layout};
use tollgate_control::usage;
use tollgate_domain::Timestamp;
use tollgate_domain::report::UsageFilter;
use tollgate_domain::summary::{RequestFilter, StatusFilter};

use super::office::open;
use crate::cli::{ExportCommand, FileArguments, SpendArguments};
use crate::start::StartError;

pub async fn run(command: ExportCommand) -> Result<ExitCode, StartError> {
    match command {
        ExportCommand::Charges { status, deployment, of, file, database } => {
            let (format, filter) = (format_of(&file)?, charges_of(of, status.as_deref(), deployment, moments(&file)?)?);
            let mut out = Out::open(&file)?;
            let (control, op) = open(&database).await?;
            let mut export = export::charges(&control, &op, filter, format).await?;
            while let Some(part) = export.next().await? {
                out.write(&part)?;
            }
            out.close()?;
        }
        ExportCommand::Usage { by, focus, of, file, database } => {
            let format = format_of(&file)?;
            let (since, until) = moments(&file)?;
            let mut out = Out::open(&file)?;
            let (control, op) = open(&database).await?;
            let filter = usage_of(of, since, until.unwrap_or_else(|| control.clock().now()));
            let by = usage::dimensions(&by, &filter)?;
            let layout = if focus { Layout::focus(&by)? } else { Layout::By(by) };
            out.write(&export::usage(&control, &op, &filter, &layout, format).await?)?;
            out.close()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn charges_of(
    of: SpendArguments,
    status: Option<&str>,
    deployment: Option<String>,
    (since, until): (Option<Timestamp>, Option<Timestamp>),
) -> Result<RequestFilter, StartError> {
    let status = status
        .map(|text| {
            // What was refused is no charge.
            let known = StatusFilter::parse(text).filter(|status| *status != StatusFilter::Refused);
            known.ok_or_else(|| StartError::Configuration("the status is `success` or `failed`".to_owned()))
        })
        .transpose()?;
    Ok(RequestFilter {
        key: of.key,
        user: of.user,
        team: of.team,
        organisation: of.organisation,
        end_user: of.customer,
        tag: of.tag,
        deployment,
        provider: of.provider,
        model: of.model,
        status,
        call_id: None,
        since,
        until,
    })
}

fn usage_of(of: SpendArguments, since: Option<Timestamp>, until: Timestamp) -> UsageFilter {
    let list = |value: Option<String>| value.into_iter().collect();
    UsageFilter {
        since: since.unwrap_or_else(|| until.plus_seconds(-usage::PERIOD)),
        until,
        keys: list(of.key),
        users: list(of.user),
        teams: list(of.team),
        organisations: list(of.organisation),
        models: list(of.model),
        providers: list(of.provider),
        customers: list(of.customer),
        tags: list(of.tag),
    }
}

pub(super) fn format_of(file: &FileArguments) -> Result<Format, StartError> {
    Format::parse(&file.format).ok_or_else(|| StartError::Configuration("the format is `csv` or `jsonl`".to_owned()))
}

pub(super) fn moments(file: &FileArguments) -> Result<(Option<Timestamp>, Option<Timestamp>), StartError> {
    Ok((moment(file.since.as_deref())?, moment(file.until.as_deref())?))
}

pub(super) fn moment(text: Option<&str>) -> Result<Option<Timestamp>, StartError> {
    let Some(text) = text else { return Ok(None) };
    Timestamp::parse_rfc3339(text)
        .map(Some)
        .ok_or_else(|| StartError::Configuration(format!("`{text}` is no moment such as 2026-11-01T00:00:00Z")))
}

/// Where an export is written to.
pub(super) struct Out(Box<dyn Write>);

impl Out {
    /// A new file, so that none is lost, or standard output.
    pub(super) fn open(file: &FileArguments) -> Result<Self, StartError> {
        Ok(Self(match &file.output {
            Some(path) => Box::new(std::fs::File::create_new(path).map_err(failed)?),
            None => Box::new(std::io::stdout()),
        }))
    }

    pub(super) fn write(&mut self, part: &[u8]) -> Result<(), StartError> {
        self.0.write_all(part).map_err(failed)
    }

    pub(super) fn close(mut self) -> Result<(), StartError> {
        self.0.flush().map_err(failed)
    }
}

fn failed(source: std::io::Error) -> StartError {
    StartError::Io { what: "writing the export".to_owned(), source }
}
