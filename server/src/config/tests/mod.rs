//! Whole configurations: what loads, what is said about it, and what is refused.

mod appendix;
mod broken;
mod deployments;
mod files;
mod house;
mod seed;
mod sso;
mod without_file;

use std::collections::HashMap;

use super::finding::Finding;
use super::*;

/// An environment of these variables and no others.
fn env(pairs: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> + use<> {
    let map: HashMap<String, String> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    move |name: &str| map.get(name).cloned()
}

fn load_with(text: &str, variables: &[(&str, &str)]) -> Loaded {
    load_text("config.yaml", text, &env(variables)).unwrap_or_else(|findings| panic!("{findings}"))
}

/// `line severity path: message` and the help, of every finding.
fn told(findings: &Findings) -> Vec<String> {
    let tell = |f: &Finding| {
        let help = f.help.as_deref().map_or_else(String::new, |help| format!(" [{help}]"));
        format!("{} {} {}: {}{help}", f.line, f.severity.as_str(), f.path, f.message)
    };
    findings.0.iter().map(tell).collect()
}

/// The findings of one weight.
fn of(findings: &Findings, severity: Severity) -> Vec<String> {
    told(&Findings(findings.0.iter().filter(|f| f.severity == severity).cloned().collect()))
}
