//! Typed values out of the tree: environment references resolved, every mistake reported with its place and path.

use std::time::Duration;

use tollgate_domain::limits::BudgetDuration;
use tollgate_domain::money::{MoneyError, Nanos, Picos};
use tollgate_domain::secret::Secret;

use super::env::{Env, Variables};
use super::finding::{Report, shown};
use super::yaml::{Node, Place, Value};

/// A day: a call that takes longer is a mistake in the configuration.
const LONGEST_TIMEOUT: f64 = 86_400.0;

const AMOUNT_HELP: &str = "write dollars, such as `5000` or `0.25`; for no limit, take the key away";

/// A place in the tree, with its path.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'n> {
    pub node: &'n Node,
    pub path: String,
}

impl<'n> Cursor<'n> {
    pub fn root(node: &'n Node) -> Self {
        Self { node, path: String::new() }
    }

    pub fn place(&self) -> Place {
        self.node.place
    }

    /// The value under `key`; `None` when there is none or it is null.
    pub fn get(&self, key: &str) -> Option<Self> {
        self.entries().find(|(name, _, value)| *name == key && !value.node.is_null()).map(|(_, _, value)| value)
    }

    /// The keys of a mapping with their places and values.
    pub fn entries(&self) -> impl Iterator<Item = (&'n str, Place, Self)> + '_ {
        self.node.entries().iter().map(|entry| {
            (entry.key.as_str(), entry.place, Self { node: &entry.node, path: self.child_path(&entry.key) })
        })
    }

    /// The items of a list.
    pub fn items(&self) -> impl Iterator<Item = Self> + '_ {
        self.node.items().iter().enumerate().map(|(i, node)| Self { node, path: format!("{}[{i}]", self.path) })
    }

    /// `value`, which was read here, for a message: not shown where it came from an environment variable.
    pub fn tell(&self, value: &str) -> String {
        match &self.node.value {
            Value::Scalar { text, .. } if text.starts_with("os.environ/") || text.contains("${") => {
                "the value of an environment variable".to_owned()
            }
            _ => shown(value),
        }
    }

    pub fn child_path(&self, key: &str) -> String {
        let name = shown(key);
        let name = name.trim_matches('`');
        let simple =
            !key.is_empty() && name == key && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        match (simple, self.path.is_empty()) {
            (true, true) => key.to_owned(),
            (true, false) => format!("{}.{key}", self.path),
            (false, _) => format!("{}[\"{name}\"]", self.path),
        }
    }
}

/// A text with its environment references resolved.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub value: String,
    /// The variables that it was made from.
    pub variables: Vec<String>,
    /// Without quotes in the file, or from a variable: may be a truth value or a number.
    plain: bool,
}

impl Text {
    /// For messages: the text as it stands in the file, or the variable's name instead of its value.
    pub fn shown(&self) -> String {
        match self.variables.as_slice() {
            [] => shown(&self.value),
            [name] => format!("the value of the environment variable `{name}`"),
            names => format!("the value made from the environment variables `{}`", names.join("`, `")),
        }
    }
}

/// Reads values and collects what is wrong with them. A reading function gives `None` when the value is missing or
/// when it was wrong and has been reported.
pub(super) struct Reader<'e> {
    pub report: Report,
    pub variables: Variables<'e>,
}

impl<'e> Reader<'e> {
    pub fn new(env: &'e dyn Env) -> Self {
        Self { report: Report::default(), variables: Variables::new(env) }
    }

    pub fn wrong(&mut self, cursor: &Cursor<'_>, message: impl Into<String>, help: impl Into<String>) {
        self.report.error(cursor.place(), &cursor.path, message, help);
    }

    /// Text, with `os.environ/NAME` (as the whole value), `${NAME}` and `${NAME:-default}` (anywhere) resolved;
    /// `$${` stands for `${`.
    pub fn text(&mut self, cursor: &Cursor<'_>) -> Option<Text> {
        let Value::Scalar { text, plain } = &cursor.node.value else {
            let message = format!("needs text, this is {}", cursor.node.kind());
            self.wrong(cursor, message, "write one value after the colon");
            return None;
        };
        if let Some(name) = text.strip_prefix("os.environ/") {
            let value = self.variable(cursor, name.trim(), None)?;
            return Some(Text { value, variables: vec![name.trim().to_owned()], plain: true });
        }
        if text.starts_with("oidc/") {
            self.wrong(cursor, "`oidc/` tokens are not supported yet", "use a key: `os.environ/NAME`");
            return None;
        }
        let mut out = Text { value: String::with_capacity(text.len()), variables: Vec::new(), plain: *plain };
        let mut rest = text.as_str();
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                out.value.push_str(&rest[..at]);
                out.value.push('{');
                rest = &rest[at + 2..];
                continue;
            }
            out.value.push_str(&rest[..at]);
            let Some(length) = rest[at..].find('}') else {
                self.wrong(cursor, "`${` without its `}`", "write `${NAME}`; for the letters themselves `$${`");
                return None;
            };
            let inside = &rest[at + 2..at + length];
            let (name, default) = inside.split_once(":-").map_or((inside, None), |(name, d)| (name, Some(d)));
            let value = self.variable(cursor, name.trim(), default)?;
            out.value.push_str(&value);
            out.variables.push(name.trim().to_owned());
            rest = &rest[at + length + 1..];
        }
        out.value.push_str(rest);
        Some(out)
    }

    fn variable(&mut self, cursor: &Cursor<'_>, name: &str, default: Option<&str>) -> Option<String> {
        let valid = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !name.as_bytes()[0].is_ascii_digit();
        if !valid {
            let message = format!("{} is not the name of an environment variable", shown(name));
            self.wrong(cursor, message, "letters, digits and `_`: `os.environ/OPENAI_API_KEY`");
            return None;
        }
        let value = self.variables.get(name).or_else(|| default.map(str::to_owned));
        if value.is_none() {
            let message = format!("the environment variable `{name}` is not set");
            self.wrong(cursor, message, format!("set `{name}`, or write the value here"));
        }
        value
    }

    /// Text that is not empty.
    pub fn name(&mut self, cursor: &Cursor<'_>) -> Option<Text> {
        let text = self.text(cursor)?;
        if text.value.trim().is_empty() {
            self.wrong(cursor, "is empty", "write a value, or take the key away");
            return None;
        }
        Some(text)
    }

    /// A secret text; an empty one counts as missing.
    pub fn secret(&mut self, cursor: &Cursor<'_>) -> Option<Secret> {
        let text = self.text(cursor)?;
        (!text.value.is_empty()).then(|| Secret::new(text.value))
    }

    /// `true`, `false`, and what YAML 1.1 (and so LiteLLM) takes for them: `yes`, `no`, `on`, `off`.
    pub fn truth(&mut self, cursor: &Cursor<'_>) -> Option<bool> {
        if let Value::List(_) | Value::Map(_) = cursor.node.value {
            self.wrong(
                cursor,
                format!("needs true or false, this is {}", cursor.node.kind()),
                "write `true` or `false`",
            );
            return None;
        }
        let text = self.text(cursor)?;
        let lower = text.value.to_ascii_lowercase();
        match lower.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            "yes" | "on" if text.plain => Some(true),
            "no" | "off" if text.plain => Some(false),
            _ => {
                self.wrong(cursor, format!("needs true or false, not {}", text.shown()), "write `true` or `false`");
                None
            }
        }
    }

    /// A whole number within `range`.
    pub fn whole(&mut self, cursor: &Cursor<'_>, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let text = self.scalar(cursor, "a whole number")?;
        let digits = text.value.trim().replace('_', "");
        let digits = digits.strip_suffix(".0").unwrap_or(&digits);
        match digits.parse::<u64>() {
            Ok(number) if range.contains(&number) => Some(number),
            _ => {
                let message = format!("needs a whole number, not {}", text.shown());
                self.wrong(cursor, message, format!("from {} to {}", range.start(), range.end()));
                None
            }
        }
    }

    /// A number of seconds, fractions allowed; at most a day.
    pub fn seconds(&mut self, cursor: &Cursor<'_>) -> Option<Duration> {
        let text = self.scalar(cursor, "a number of seconds")?;
        let seconds = text.value.trim().parse::<f64>().ok().filter(|s| *s > 0.0 && *s <= LONGEST_TIMEOUT);
        if let Some(duration) = seconds.and_then(|s| Duration::try_from_secs_f64(s).ok()) {
            return Some(duration);
        }
        let message = format!("needs a number of seconds, not {}", text.shown());
        self.wrong(cursor, message, format!("above 0 and at most {LONGEST_TIMEOUT}, without a unit: `60` or `0.5`"));
        None
    }

    /// A size in mebibytes, fractions allowed, as bytes; at most 10 GiB.
    pub fn megabytes(&mut self, cursor: &Cursor<'_>) -> Option<u64> {
        let text = self.scalar(cursor, "a number of megabytes")?;
        let size = text.value.trim().parse::<f64>().ok().filter(|mb| *mb > 0.0 && *mb <= 10_240.0);
        if let Some(mb) = size {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 1 and 10 GiB")]
            return Some((mb * 1_048_576.0).ceil() as u64);
        }
        let message = format!("needs a number of megabytes, not {}", text.shown());
        self.wrong(cursor, message, "above 0 and at most 10240, without a unit: `100`");
        None
    }

    /// A price in dollars a unit.
    pub fn price(&mut self, cursor: &Cursor<'_>) -> Option<Picos> {
        let text = self.scalar(cursor, "a price")?;
        let help = "write dollars a unit, such as `0.0000025` or `2.5e-06` for $2.50 per million tokens";
        let parsed = match text.value.parse::<Picos>() {
            Err(MoneyError::TooFine) => {
                let rounded = Picos::from_decimal_rounded_up(&text.value);
                if let Ok(picos) = rounded {
                    let message = format!("finer than a pico-dollar: rounded up to {}", picos.to_decimal());
                    self.report.warning(cursor.place(), &cursor.path, message, "write at most 12 decimals");
                }
                rounded
            }
            other => other,
        };
        match parsed {
            Ok(picos) if picos >= Picos::ZERO => Some(picos),
            Ok(_) => {
                self.wrong(cursor, "a price can't be negative", help);
                None
            }
            Err(error) => {
                self.wrong(cursor, format!("needs a price, not {}: {error}", text.shown()), help);
                None
            }
        }
    }

    /// An amount of dollars, exact and not negative.
    pub fn dollars(&mut self, cursor: &Cursor<'_>) -> Option<Nanos> {
        let text = self.scalar(cursor, "an amount of dollars")?;
        match text.value.replace('_', "").parse::<Nanos>() {
            Ok(amount) if amount >= Nanos::ZERO => return Some(amount),
            Ok(_) => self.wrong(cursor, "an amount can't be negative", AMOUNT_HELP),
            Err(MoneyError::TooFine) => {
                let message = format!("finer than a nano-dollar: {}", text.shown());
                self.wrong(cursor, message, "write at most 9 decimals");
            }
            Err(error) => {
                let message = format!("needs an amount of dollars, not {}: {error}", text.shown());
                self.wrong(cursor, message, AMOUNT_HELP);
            }
        }
        None
    }

    /// How long a budget lasts.
    pub fn duration(&mut self, cursor: &Cursor<'_>) -> Option<BudgetDuration> {
        let text = self.scalar(cursor, "a length of time")?;
        let duration = BudgetDuration::parse(text.value.trim());
        if duration.is_none() {
            let message = format!("needs a length of time, not {}", text.shown());
            let help = "a number and one of s, m, h, d, w, mo (`30d`), or hourly, daily, weekly, monthly";
            self.wrong(cursor, message, help);
        }
        duration
    }

    /// One of a few whole numbers.
    pub fn number_of(&mut self, cursor: &Cursor<'_>, numbers: &[u16]) -> Option<u16> {
        let text = self.scalar(cursor, "a whole number")?;
        let number = text.value.trim().parse().ok().filter(|number| numbers.contains(number));
        if number.is_none() {
            let known: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            self.wrong(cursor, format!("can't be {}", text.shown()), format!("one of: {}", known.join(", ")));
        }
        number
    }

    fn scalar(&mut self, cursor: &Cursor<'_>, what: &str) -> Option<Text> {
        if let Value::List(_) | Value::Map(_) = cursor.node.value {
            self.wrong(
                cursor,
                format!("needs {what}, this is {}", cursor.node.kind()),
                "write one number after the colon",
            );
            return None;
        }
        self.text(cursor)
    }

    /// The cursor itself when it is a mapping.
    pub fn mapping<'n>(&mut self, cursor: Cursor<'n>) -> Option<Cursor<'n>> {
        if let Value::Map(_) = cursor.node.value {
            return Some(cursor);
        }
        let message = format!("needs a mapping, this is {}", cursor.node.kind());
        self.wrong(&cursor, message, "write `key: value` lines, indented below this key");
        None
    }

    /// The cursor itself when it is a list.
    pub fn list<'n>(&mut self, cursor: Cursor<'n>) -> Option<Cursor<'n>> {
        if let Value::List(_) = cursor.node.value {
            return Some(cursor);
        }
        let message = format!("needs a list, this is {}", cursor.node.kind());
        self.wrong(&cursor, message, "write `- ` before each item, indented below this key");
        None
    }
}
