//! `tollgate doctor`: looks at everything that a start needs, changes nothing, and says what to do.

use std::path::Path;
use std::process::ExitCode;

use tollgate_store::{AuditVerdict, Store};

use crate::cli::DatabaseArguments;
use crate::config::{self, Loaded, Severity};
use crate::start::{StartError, environment_secret, vault};
use crate::terminal::{counted, say};

/// What was found, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Good,
    Warning,
    Bad,
}

struct Report(Verdict);

impl Report {
    fn tell(&mut self, verdict: Verdict, what: &str, advice: &str) {
        let mark = match verdict {
            Verdict::Good => "ok      ",
            Verdict::Warning => "warning ",
            Verdict::Bad => "WRONG   ",
        };
        say(&format!("{mark}{what}"));
        if !advice.is_empty() {
            say(&format!("        {advice}"));
        }
        self.0 = self.0.max(verdict);
    }
}

pub async fn run(database: &DatabaseArguments) -> Result<ExitCode, StartError> {
    let mut report = Report(Verdict::Good);
    let loaded = configuration(database, &mut report);
    if let Some(loaded) = &loaded {
        secrets(loaded, &mut report);
    }
    folder(&database.data_dir, &mut report);
    match super::open_store(database).await {
        Ok(store) => look_at(&store, &mut report).await?,
        Err(error) => {
            report.tell(Verdict::Bad, &format!("the database can't be opened: {error}"), "Check DATABASE_URL.");
        }
    }
    match std::env::var("PROXY_BASE_URL") {
        Ok(url) if url.starts_with("https://") => report.tell(Verdict::Good, &format!("reached at {url}"), ""),
        Ok(url) => report.tell(
            Verdict::Warning,
            &format!("PROXY_BASE_URL is {url}: without https, sessions can be read on the way"),
            "Put a proxy with a certificate in front, and set its address.",
        ),
        Err(_) => report.tell(
            Verdict::Warning,
            "PROXY_BASE_URL is not set",
            "Set it to the address that people use, so that links and sign-in work behind a proxy.",
        ),
    }
    Ok(if report.0 == Verdict::Bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn configuration(database: &DatabaseArguments, report: &mut Report) -> Option<Loaded> {
    let loaded = match &database.config {
        Some(path) => config::load(path, &config::ProcessEnv),
        None => config::default_config(&config::ProcessEnv),
    };
    let name =
        database.config.as_ref().map_or_else(|| "no configuration file".to_owned(), |path| path.display().to_string());
    match loaded {
        Ok(loaded) => {
            let warnings = loaded.findings.0.iter().filter(|finding| finding.severity == Severity::Warning).count();
            let models = loaded.config.catalog.names().len();
            let verdict = if warnings > 0 { Verdict::Warning } else { Verdict::Good };
            let advice = if warnings > 0 { "`tollgate config check` tells them." } else { "" };
            report.tell(verdict, &format!("configuration: {name}, {models} models, {warnings} warnings"), advice);
            Some(loaded)
        }
        Err(findings) => {
            let errors = findings.0.iter().filter(|finding| finding.severity == Severity::Error).count();
            let advice = "`tollgate config check` tells them, and how to put them right.";
            report.tell(Verdict::Bad, &format!("configuration: {name} has {errors} errors"), advice);
            None
        }
    }
}

fn secrets(loaded: &Loaded, report: &mut Report) {
    let master = loaded.config.master_key.as_ref();
    match master {
        None => report.tell(
            Verdict::Warning,
            "there is no master key: the management API can only be used with administrators' keys",
            "Set TOLLGATE_MASTER_KEY to `sk-` and at least 32 random characters.",
        ),
        Some(key) if key.expose().len() < 32 => {
            report.tell(Verdict::Warning, "the master key is short", "Make one with `openssl rand -hex 32`.");
        }
        Some(_) => report.tell(Verdict::Good, "the master key is set", ""),
    }
    let own = environment_secret(&["TOLLGATE_SALT_KEY", "LITELLM_SALT_KEY"]).is_some();
    match (vault(master).current_key(), own) {
        (None, _) => report.tell(
            Verdict::Warning,
            "secrets of models and credentials can't be kept in the database",
            "Set TOLLGATE_SALT_KEY to a long random text, and keep it: without it they can't be read again.",
        ),
        (Some(_), false) => report.tell(
            Verdict::Warning,
            "secrets in the database are encrypted under the master key",
            "Set TOLLGATE_SALT_KEY, so that the master key can be exchanged alone.",
        ),
        (Some(id), true) => report.tell(Verdict::Good, &format!("secrets are encrypted under the key {id}"), ""),
    }
}

fn folder(folder: &Path, report: &mut Report) {
    if !folder.exists() {
        let advice = "It is made at the first start.";
        report.tell(Verdict::Good, &format!("the data folder {} is not there yet", folder.display()), advice);
        return;
    }
    let probe = folder.join(".doctor");
    let written = std::fs::write(&probe, b"tollgate").and_then(|()| std::fs::remove_file(&probe));
    match written {
        Ok(()) => report.tell(Verdict::Good, &format!("the data folder {} can be written", folder.display()), ""),
        Err(error) => report.tell(
            Verdict::Bad,
            &format!("the data folder {} can't be written: {error}", folder.display()),
            "The journal is kept there: without it no call is made.",
        ),
    }
}

async fn look_at(store: &Store, report: &mut Report) -> Result<(), StartError> {
    if let Err(error) = store.check_schema().await {
        report.tell(Verdict::Bad, &error.to_string(), "");
        return Ok(());
    }
    report.tell(Verdict::Good, &format!("the {} database has this program's schema", store.backend_name()), "");
    if !store.has_passwords().await? {
        report.tell(
            Verdict::Warning,
            "nobody can sign in at the dashboard yet",
            "Start Tollgate and open the setup link that it prints, or use `tollgate user create --role admin \
             --password-stdin ADDRESS`.",
        );
    }
    match store.verify_audit().await? {
        AuditVerdict::Intact { lines, .. } => {
            report.tell(Verdict::Good, &format!("the audit log is intact: {}", counted(lines, "line")), "");
        }
        AuditVerdict::Broken { seq, reason } => report.tell(
            Verdict::Bad,
            &format!("the audit log is broken at line {seq}: {reason}"),
            "Somebody changed the database by hand. Compare with a backup.",
        ),
    }
    Ok(())
}
