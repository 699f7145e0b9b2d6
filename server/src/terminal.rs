//! What people see in the terminal: words on standard output, the log on standard error.

use std::io::{IsTerminal as _, Write as _};

use tracing_subscriber::EnvFilter;

use crate::cli::LogFormat;

/// Starts the log. `TOLLGATE_LOG` (or `RUST_LOG`) says how much, as `info,tollgate_gateway=debug`.
pub fn start_logging(format: LogFormat) {
    let filter = ["TOLLGATE_LOG", "RUST_LOG"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .and_then(|text| EnvFilter::try_new(text).ok())
        .unwrap_or_else(|| EnvFilter::new("info,sqlx=warn,sea_orm=warn,sea_orm_migration=warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Json => builder.json().init(),
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).init(),
    }
}

/// Says something on standard output. That nobody listens is not an error.
pub fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// Says what went wrong on standard error.
pub fn say_error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "error: {text}");
}

/// `1 charge`, `2 charges`: with an s for all but one.
pub fn counted(number: impl TryInto<u64>, one: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}
