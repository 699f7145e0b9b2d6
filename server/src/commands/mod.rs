//! The subcommands.

mod audit;
mod doctor;
mod export;
mod keys;
mod ledger;
mod office;
mod reconcile;
mod replay;
mod reprice;
mod secrets;
mod sso_preview;
mod users;

use std::path::Path;
use std::process::ExitCode;

use tollgate_domain::secret::Secret;
use tollgate_store::{Store, StoreOptions};

use crate::cli::{Arguments, Command, ConfigCommand, DatabaseArguments, SecretsCommand};
use crate::config::{self, Severity};
use crate::start::{self, StartError};
use crate::terminal::say;

pub async fn run(arguments: Arguments) -> Result<ExitCode, StartError> {
    match arguments.command {
        None => start::serve(arguments.serve).await.map(|()| ExitCode::SUCCESS),
        Some(Command::Serve(serve)) => start::serve(serve).await.map(|()| ExitCode::SUCCESS),
        Some(Command::Migrate(database)) => migrate(&database).await,
        Some(Command::Config { command: ConfigCommand::Check { config } }) => Ok(check_config(&config)),
        Some(Command::Audit { command }) => audit::run(command).await,
        Some(Command::Ledger { command }) => ledger::run(command).await,
        Some(Command::Export { command }) => export::run(*command).await,
        Some(Command::Key { command }) => keys::run(command).await,
        Some(Command::User { command }) => users::run(command).await,
        Some(Command::Secrets { command: SecretsCommand::Reencrypt(database) }) => secrets::reencrypt(&database).await,
        Some(Command::SsoPreview(database)) => sso_preview::run(&database).await,
        Some(Command::Doctor(database)) => doctor::run(&database).await,
    }
}

/// The configuration's master key, or the environment's.
fn master_key(arguments: &DatabaseArguments) -> Result<Option<Secret>, StartError> {
    let loaded = match &arguments.config {
        Some(path) => config::load(path, &config::ProcessEnv),
        None => config::default_config(&config::ProcessEnv),
    };
    let loaded = loaded.map_err(|findings| StartError::Configuration(config::render(&findings.0)))?;
    Ok(loaded.config.master_key)
}

async fn open_store(arguments: &DatabaseArguments) -> Result<Store, StartError> {
    let configured = match &arguments.config {
        Some(path) => {
            let loaded = config::load(path, &config::ProcessEnv)
                .map_err(|findings| StartError::Configuration(config::render(&findings.0)))?;
            loaded.config.database_url
        }
        None => None,
    };
    let url = start::database_url(arguments, configured.as_ref())?;
    Ok(Store::open(&url, StoreOptions::default()).await?)
}

async fn migrate(database: &DatabaseArguments) -> Result<ExitCode, StartError> {
    let store = open_store(database).await?;
    store.migrate().await?;
    store.check_schema().await?;
    say(&format!("The schema of the {} database is up to date.", store.backend_name()));
    Ok(ExitCode::SUCCESS)
}

fn check_config(path: &Path) -> ExitCode {
    let (findings, models) = match config::load(path, &config::ProcessEnv) {
        Ok(loaded) => {
            let models = loaded.config.catalog.names().len();
            (loaded.findings, Some(models))
        }
        Err(findings) => (findings, None),
    };
    if !findings.0.is_empty() {
        say(&config::render(&findings.0));
    }
    let count = |severity| findings.0.iter().filter(|finding| finding.severity == severity).count();
    say(&format!(
        "{}: {} errors, {} warnings, {} notices{}.",
        path.display(),
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Notice),
        models.map_or_else(String::new, |models| format!("; {models} models")),
    ));
    if models.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
