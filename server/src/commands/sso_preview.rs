//! `tollgate sso-preview`

use std::collections::BTreeSet;
use std::process::ExitCode;

use tollgate_control::access::{Foreseen, preview};
use tollgate_domain::ids::TeamId;

use super::office::open;
use crate::cli::DatabaseArguments;
use crate::config;
use crate::start::StartError;
use crate::terminal::say;

pub async fn run(database: &DatabaseArguments) -> Result<ExitCode, StartError> {
    let loaded = match &database.config {
        Some(path) => config::load(path, &config::ProcessEnv),
        None => config::default_config(&config::ProcessEnv),
    };
    let loaded = loaded.map_err(|findings| StartError::Configuration(config::render(&findings.0)))?;
    let (control, op) = open(database).await?;
    let (all, unknown) = preview(&control, &op, &loaded.config.sign_on.admission).await?;
    let changes: Vec<_> = all.iter().filter(|one| one.is_change()).collect();
    for one in &changes {
        say(&line(one));
    }
    say(&format!("{} of {} people who came through a provider would change.", changes.len(), all.len()));
    if unknown > 0 {
        say(&format!(
            "Of {unknown} more it is not known what their provider says: they were here before that was kept."
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(one: &Foreseen) -> String {
    let mut parts = Vec::new();
    if let Some(fault) = one.refused {
        parts.push(format!("not let in ({fault})"));
    }
    if one.role.0 != one.role.1 {
        parts.push(format!("{} -> {}", one.role.0.as_str(), one.role.1.as_str()));
    }
    let teams = |what: &str, teams: &BTreeSet<TeamId>| {
        let ids: Vec<&str> = teams.iter().map(TeamId::as_str).collect();
        (!ids.is_empty()).then(|| format!("{what} {}", ids.join(", ")))
    };
    parts.extend(teams("joins", &one.joins));
    parts.extend(teams("leaves", &one.leaves));
    format!("{} ({}, {}): {}", one.label, one.user, one.provider, parts.join("; "))
}
