//! A form: what was typed, what is wrong with it, each word at its field. The same value fills the page and is read by
//! the handler, so that whatever was typed comes back.

use std::fmt;
use std::ops::RangeInclusive;

use leptos::prelude::*;
use tollgate_control::ControlError;
use tollgate_domain::secret::Secret;
use tollgate_domain::{Nanos, Timestamp};

use super::parse_span;
use crate::components::{Notice, Tone};

/// The handler puts a form that was not accepted into the page's context; the page shows it with
/// [`Form::of_context`]. Its `Debug` tells names only: a form may hold secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form {
    values: Vec<(String, String)>,
    /// By field; an empty name is the form as a whole.
    problems: Vec<(String, String)>,
    changed_meanwhile: bool,
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.values.iter().map(|(name, _)| name).collect();
        f.debug_struct("Form").field("names", &names).field("problems", &self.problems).finish_non_exhaustive()
    }
}

impl Form {
    /// What a browser sent.
    pub fn sent(values: Vec<(String, String)>) -> Self {
        Self { values, ..Self::default() }
    }

    /// A form that is filled in with what is there. Several values of a name are several ticks.
    pub fn filled<'a>(values: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        Self::sent(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Adds values.
    pub(super) fn extend(&mut self, values: impl IntoIterator<Item = (String, String)>) {
        self.values.extend(values);
    }

    /// Puts another value in place of what was typed: the id in place of the name.
    pub fn set(&mut self, name: &str, value: String) {
        self.values.retain(|(n, _)| n != name);
        self.values.push((name.to_owned(), value));
    }

    /// The form that was sent to the page that is being rendered, if it was not accepted.
    pub fn of_context() -> Option<Self> {
        use_context()
    }

    /// The last value of this name as it was typed.
    pub fn typed(&self, name: &str) -> String {
        self.values.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// The last value of this name without the space around it, unless it is empty.
    pub fn get(&self, name: &str) -> Option<String> {
        Some(self.typed(name).trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// Every value of this name, each once, in their order.
    pub fn all(&self, name: &str) -> Vec<String> {
        distinct(self.values.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()))
    }

    pub fn is_ticked(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// What is never shown again, as it was typed.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.get(name).map(Secret::new)
    }

    /// The version of a thing that the form was made from.
    pub fn version(&self) -> Option<i64> {
        self.get("version")?.parse().ok()
    }

    /// A text that must be there.
    pub fn required(&mut self, name: &str, problem: &str) -> String {
        let value = self.get(name);
        if value.is_none() {
            self.refuse_at(name, problem);
        }
        value.unwrap_or_default()
    }

    /// A whole number, if there is one.
    pub fn integer(&mut self, name: &str, range: &RangeInclusive<i64>) -> Option<i64> {
        let text = self.get(name)?.replace([',', ' '], "");
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            self.refuse_at(name, format!("Write a whole number from {} to {}.", range.start(), range.end()));
        }
        number
    }

    /// Dollars, if there are any: `12.50`, `$1,000`. Never negative.
    pub fn money(&mut self, name: &str) -> Option<Nanos> {
        let text = self.get(name)?;
        let amount: Option<Nanos> = text.trim_start_matches('$').replace(',', "").parse().ok();
        let amount = amount.filter(|amount| *amount >= Nanos::ZERO);
        if amount.is_none() {
            self.refuse_at(name, "Write an amount of dollars, such as 200 or 12.50.");
        }
        amount
    }

    /// Seconds, from `30d` and the like, if there are any.
    pub fn span(&mut self, name: &str) -> Option<i64> {
        let text = self.get(name)?;
        let seconds = parse_span(&text);
        if seconds.is_none() {
            self.refuse_at(name, "Write a number and a unit: 45m, 12h, 30d, 1mo.");
        }
        seconds
    }

    /// The end of the typed day in UTC: what ends on a date works on that day.
    pub fn end_of_day(&mut self, name: &str) -> Option<Timestamp> {
        let date = self.get(name)?;
        let midnight = Timestamp::parse_rfc3339(&format!("{date}T00:00:00Z")).filter(|_| date.len() == 10);
        if midnight.is_none() {
            self.refuse_at(name, "That is not a date; write it as 2027-01-31.");
        }
        midnight.map(|at| at.plus_seconds(86_400))
    }

    /// What was ticked under this name, and what was typed beside it, a line or a comma apart; each once.
    pub fn models(&self, name: &str) -> Vec<String> {
        let typed = self.typed(&other(name));
        let ticked = self.all(name);
        distinct(ticked.iter().map(String::as_str).chain(pieces(&typed)))
    }

    /// Words that were typed, a line or a comma apart; each once.
    pub fn tags(&self, name: &str) -> Vec<String> {
        distinct(pieces(&self.typed(name)))
    }

    /// Says what is wrong at a field.
    pub fn refuse_at(&mut self, name: &str, problem: impl Into<String>) {
        self.problems.push((name.to_owned(), sentence(&problem.into())));
    }

    /// Says why the control plane did not take it: at the field that it is about, where there is one.
    ///
    /// `names` tells which field of the form stands for which of the control plane's; `conflict` is the one that can be
    /// in somebody's way.
    pub fn refuse(&mut self, error: &ControlError, names: &[(&str, &str)]) {
        let renamed =
            |field: &str| names.iter().find(|(theirs, _)| *theirs == field).map(|(_, ours)| (*ours).to_owned());
        let (field, problem) = match error {
            ControlError::Invalid { field, message } => {
                let sent = self.values.iter().any(|(name, _)| name == field).then(|| (*field).to_owned());
                match renamed(field).or(sent) {
                    Some(name) => (name, message.clone()),
                    None => (String::new(), error.to_string()),
                }
            }
            ControlError::Conflict { message } => (renamed("conflict").unwrap_or_default(), message.clone()),
            other => {
                if let ControlError::Internal(source) = other {
                    leptos::logging::error!("a form of the dashboard failed: {source}");
                }
                (String::new(), other.to_string())
            }
        };
        self.refuse_at(&field, problem);
    }

    /// Somebody else changed the thing after the form was opened.
    pub fn refuse_as_changed(&mut self) {
        self.changed_meanwhile = true;
    }

    pub fn is_refused(&self) -> bool {
        self.changed_meanwhile || !self.problems.is_empty()
    }

    /// What is wrong at a field; empty for nothing.
    pub fn problem(&self, name: &str) -> String {
        let problems = self.problems.iter().filter(|(n, _)| n == name).map(|(_, problem)| problem.as_str());
        problems.collect::<Vec<_>>().join(" ")
    }

    /// What is wrong with the form as a whole: goes first into it.
    pub fn whole(&self) -> impl IntoView + use<> {
        let problem = self.problem("");
        let changed = self.changed_meanwhile.then(|| {
            view! {
                <Notice tone=Tone::Bad>
                    "Somebody changed this after you opened the form, so nothing was saved. Below is what you typed. Save again to write yours over it, or leave the page to discard yours."
                </Notice>
            }
        });
        view! {
            {(!problem.is_empty()).then(|| view! { <Notice tone=Tone::Bad>{problem}</Notice> })}
            {changed}
        }
    }

    /// The hidden field of the version, where a thing is changed that may have been changed meanwhile.
    pub fn version_field(&self, now: i64) -> impl IntoView + use<> {
        // Sending it once more after that was told is meant as it is.
        let version = self.version().filter(|_| !self.changed_meanwhile).unwrap_or(now);
        view! { <input type="hidden" name="version" value=version.to_string() /> }
    }
}

/// The field beside ticked ones, for what is not in the list.
pub(super) fn other(name: &str) -> String {
    format!("{name}_other")
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', ',']).map(str::trim).filter(|piece| !piece.is_empty())
}

fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for value in values {
        if !found.iter().any(|known| known == value) {
            found.push(value.to_owned());
        }
    }
    found
}

/// With a capital at its beginning and a stop at its end.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return String::new() };
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{}{stop}", first.to_uppercase(), chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> Form {
        Form::filled(fields.iter().map(|&(name, value)| (name, value.to_owned())))
    }

    #[test]
    fn what_was_typed_is_read() {
        let mut form = form(&[
            ("alias", " team blue "),
            ("models", "gpt-4o"),
            ("models", "o3"),
            ("models_other", "openai/*\r\n gpt-4o ,azure/*\r\n\r\n"),
            ("budget", "$1,200.50"),
            ("rpm", "1 000"),
            ("window", "30d"),
            ("date", "2027-01-31"),
            ("on", "on"),
            ("empty", "  "),
            ("version", "3"),
        ]);
        assert_eq!(form.get("alias").as_deref(), Some("team blue"));
        assert_eq!(form.models("models"), ["gpt-4o", "o3", "openai/*", "azure/*"]);
        assert_eq!(form.money("budget"), Some(Nanos(1_200_500_000_000)));
        assert_eq!((form.integer("rpm", &(1..=5000)), form.span("window")), (Some(1000), Some(2_592_000)));
        assert_eq!(form.end_of_day("date"), Timestamp::parse_rfc3339("2027-02-01T00:00:00Z"));
        assert_eq!((form.is_ticked("on"), form.is_ticked("off"), form.version()), (true, false, Some(3)));
        assert_eq!((form.get("empty"), form.money("empty")), (None, None));
        assert!(!form.is_refused());
    }

    #[test]
    fn what_is_wrong_is_told_at_its_field() {
        let mut form = form(&[("budget", "-1"), ("rpm", "7.5"), ("window", "soon"), ("date", "2027-02-30")]);
        assert_eq!(form.money("budget"), None);
        assert_eq!(form.integer("rpm", &(1..=10)), None);
        assert_eq!(form.span("window"), None);
        assert_eq!(form.end_of_day("date"), None);
        assert_eq!(form.required("name", "give it a name"), "");
        for name in ["budget", "rpm", "window", "date", "name"] {
            assert!(!form.problem(name).is_empty(), "{name}");
        }
        assert_eq!(form.problem("name"), "Give it a name.");
        assert_eq!(form.typed("rpm"), "7.5");
    }

    #[test]
    fn the_control_planes_word_finds_its_field() {
        let invalid = |field| ControlError::Invalid { field, message: "is bad".to_owned() };
        let mut form = form(&[("alias", "x")]);
        form.refuse(&invalid("alias"), &[]);
        form.refuse(&invalid("expires_at"), &[("expires_at", "date")]);
        form.refuse(&invalid("metadata"), &[]);
        form.refuse(&ControlError::Conflict { message: "taken".to_owned() }, &[("conflict", "alias")]);
        assert_eq!(form.problem("alias"), "Is bad. Taken.");
        assert_eq!((form.problem("date").as_str(), form.problem("").as_str()), ("Is bad.", "Metadata: is bad."));
    }

    #[test]
    fn values_are_never_printed() {
        let text = format!("{:?}", form(&[("api_key", "sk-secret")]));
        assert!(text.contains("api_key") && !text.contains("sk-secret"), "{text}");
    }
}
