//! What is to be said about a configuration: mistakes, doubts, and what is not acted on.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;

use super::yaml::Place;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Known, and not acted on yet; or a choice that was made for the reader.
    Notice,
    /// Probably not what was meant; the rest is used.
    Warning,
    /// The configuration can't be used.
    Error,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing to say about a configuration. Its texts never hold a secret; of environment variables they hold the name,
/// not the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// The file, as it was named; empty for the command line and the environment.
    pub file: String,
    /// From 1; 0 where there is no file.
    pub line: u32,
    /// From 1; 0 where there is no file.
    pub column: u32,
    /// `model_list[2].litellm_params.api_key`; empty for the file as a whole.
    pub path: String,
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

/// Everything that was found, in the order of the files and lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|finding| finding.severity == Severity::Error)
    }
}

impl Deref for Findings {
    type Target = [Finding];

    fn deref(&self) -> &[Finding] {
        &self.0
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render(&self.0))
    }
}

/// The findings as text for a terminal or a log, one or two lines each. Notices that say the same of the same key of
/// several list items are shown once, with their number.
pub fn render(findings: &[Finding]) -> String {
    use fmt::Write;

    let same = |finding: &Finding| (without_indices(&finding.path), finding.message.clone(), finding.help.clone());
    let mut repeated: HashMap<_, usize> = HashMap::new();
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Notice) {
        *repeated.entry(same(finding)).or_default() += 1;
    }
    let mut out = String::new();
    for finding in findings {
        let mut times = 1;
        if finding.severity == Severity::Notice {
            match repeated.remove(&same(finding)) {
                Some(count) => times = count,
                None => continue,
            }
        }
        if !finding.file.is_empty() {
            let _ = write!(out, "{}:{}:{}: ", finding.file, finding.line, finding.column);
        }
        let _ = write!(out, "{}: ", finding.severity.as_str());
        if !finding.path.is_empty() {
            let _ = write!(out, "{}: ", finding.path);
        }
        out.push_str(&finding.message);
        if times > 1 {
            let _ = write!(out, " (and {} more like it)", times - 1);
        }
        out.push('\n');
        if let Some(help) = &finding.help {
            let _ = writeln!(out, "  help: {help}");
        }
    }
    out
}

fn without_indices(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        inside &= c != ']';
        if !inside {
            out.push(c);
        }
        inside |= c == '[';
    }
    out
}

/// Collects findings while a configuration is read.
#[derive(Debug, Default)]
pub(super) struct Report {
    files: Vec<String>,
    findings: Vec<(Place, Finding)>,
}

impl Report {
    /// Names a file; places in it carry the number that is returned.
    pub fn add_file(&mut self, name: String) -> u16 {
        self.files.push(name);
        u16::try_from(self.files.len() - 1).unwrap_or(u16::MAX)
    }

    pub fn file_name(&self, place: Place) -> &str {
        place.file.and_then(|file| self.files.get(usize::from(file))).map_or("", String::as_str)
    }

    /// `config.yaml:12`, for texts that point to a second place.
    pub fn name_place(&self, place: Place) -> String {
        format!("{}:{}", self.file_name(place), place.line)
    }

    pub fn add(
        &mut self,
        severity: Severity,
        place: Place,
        path: &str,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let finding = Finding {
            severity,
            file: self.file_name(place).to_owned(),
            line: place.line,
            column: place.column,
            path: path.to_owned(),
            message: message.into(),
            help,
        };
        self.findings.push((place, finding));
    }

    pub fn error(&mut self, place: Place, path: &str, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Error, place, path, message, Some(help.into()));
    }

    pub fn warning(&mut self, place: Place, path: &str, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Warning, place, path, message, Some(help.into()));
    }

    pub fn notice(&mut self, place: Place, path: &str, message: impl Into<String>) {
        self.add(Severity::Notice, place, path, message, None);
    }

    /// How many errors there are so far.
    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|(_, finding)| finding.severity == Severity::Error).count()
    }

    /// The findings in the order of the files and lines, each once.
    pub fn finish(mut self) -> Findings {
        self.findings.sort_by_key(|(place, finding)| (*place, std::cmp::Reverse(finding.severity)));
        let mut findings: Vec<Finding> = self.findings.into_iter().map(|(_, finding)| finding).collect();
        findings.dedup();
        Findings(findings)
    }
}

/// `text` in backquotes for a message, cut when it is long, and hidden when it looks like a key: people paste keys
/// into the wrong places.
pub(super) fn shown(text: &str) -> String {
    const SECRET_PREFIXES: [&str; 9] =
        ["sk-", "gsk_", "xai-", "AIza", "hf_", "ghp_", "github_pat_", "pplx-", "Bearer "];
    if SECRET_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) || text.contains("://") && text.contains('@') {
        return "`…`".to_owned();
    }
    let mut cut: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("`{cut}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(severity: Severity, path: &str) -> Finding {
        let help = (severity == Severity::Error).then(|| "do this".to_owned());
        Finding {
            severity,
            file: "config.yaml".to_owned(),
            line: 12,
            column: 7,
            path: path.to_owned(),
            message: "what".to_owned(),
            help,
        }
    }

    #[test]
    fn findings_are_shown_with_place_path_and_help_and_like_notices_once() {
        let findings = [
            finding(Severity::Error, "model_list[0].a"),
            finding(Severity::Notice, "model_list[0].b"),
            finding(Severity::Error, "model_list[1].a"),
            finding(Severity::Notice, "model_list[1].b"),
            finding(Severity::Notice, "model_list[2].b"),
            finding(Severity::Notice, "c"),
        ];
        assert_eq!(
            render(&findings),
            "config.yaml:12:7: error: model_list[0].a: what\n  help: do this\n\
             config.yaml:12:7: notice: model_list[0].b: what (and 2 more like it)\n\
             config.yaml:12:7: error: model_list[1].a: what\n  help: do this\n\
             config.yaml:12:7: notice: c: what\n"
        );
    }

    #[test]
    fn a_finding_without_a_file_has_no_place() {
        let finding = Finding { file: String::new(), ..finding(Severity::Warning, "") };
        assert_eq!(render(&[finding]), "warning: what\n");
    }

    #[test]
    fn what_looks_like_a_key_is_not_shown() {
        assert_eq!(shown("gpt-4o"), "`gpt-4o`");
        assert_eq!(shown("sk-1234567890"), "`…`");
        assert_eq!(shown("https://user:pass@host"), "`…`");
        assert_eq!(shown(&"a".repeat(99)), format!("`{}…`", "a".repeat(60)));
        assert_eq!(shown("a\nb"), "`a b`");
    }
}
