//! Invoices: what a provider says was used and what it costs, beside what the ledger says.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::money::Nanos;

/// A file of a provider that was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    pub id: String,
    /// The file's name, as it was given.
    pub name: String,
    /// The SHA-256 of the file, in hexadecimal.
    pub digest: String,
    /// The provider whose charges it is compared with, as the configuration names it.
    pub provider: String,
    pub options: InvoiceOptions,
    /// Days since 1970.
    pub first_day: i64,
    pub last_day: i64,
    pub lines: u64,
    /// `None`: the file tells no costs.
    pub cost: Option<Nanos>,
    pub created_at: Timestamp,
    pub created_by: String,
}

/// How a file was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceOptions {
    /// `openai-usage`, `openai-cost`, `anthropic-usage`, `anthropic-cost` or `generic`.
    pub format: String,
    /// Where its days begin, in minutes east of UTC.
    pub zone_minutes: i32,
    /// Which deployments' charges a credential of the file stands for.
    pub credentials: Vec<CredentialMatch>,
}

/// The file's name for a key or project, and a deployment that calls with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialMatch {
    pub credential: String,
    pub deployment_id: String,
}

/// A line of a provider's file. What it doesn't say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// The line of the file that it is on, from 1, the heading's.
    pub line: u64,
    /// Days since 1970.
    pub day: i64,
    pub model: String,
    /// Empty: the file tells none apart.
    pub credential: String,
    pub amounts: Amounts,
}

/// What was used and what it costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    pub requests: Option<i64>,
    /// Cached ones included.
    pub input: Option<i64>,
    /// Of `input`: read from the provider's cache.
    pub cached: Option<i64>,
    pub output: Option<i64>,
    pub cost: Option<Nanos>,
}

fn plus(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (one, other) => one.or(other),
    }
}

impl Amounts {
    pub fn add(&mut self, other: &Self) {
        self.requests = plus(self.requests, other.requests);
        self.input = plus(self.input, other.input);
        self.cached = plus(self.cached, other.cached);
        self.output = plus(self.output, other.output);
        self.cost = plus(self.cost.map(|it| it.0), other.cost.map(|it| it.0)).map(Nanos);
    }
}

/// A day of a model at a credential, on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variance {
    /// Days since 1970.
    pub day: i64,
    pub model: String,
    /// As in the file; empty: all of the provider's.
    pub credential: String,
    /// `None`: the file has nothing of it.
    pub theirs: Option<Amounts>,
    /// `None`: the ledger has nothing of it.
    pub ours: Option<Amounts>,
    /// The names that the ledger has for the model, for finding its calls.
    pub our_models: Vec<String>,
    /// Within what was tolerated.
    pub agrees: bool,
}

impl Variance {
    /// Ours less theirs; `None`: one side says nothing.
    pub fn cost_difference(&self) -> Option<Nanos> {
        let theirs = self.theirs.map_or(Some(Nanos::ZERO), |it| it.cost)?;
        let ours = self.ours.map_or(Some(Nanos::ZERO), |it| it.cost)?;
        Some(Nanos(ours.0.saturating_sub(theirs.0)))
    }

    /// The same of tokens in and out.
    pub fn token_difference(&self) -> Option<i64> {
        let sum = |side: Option<Amounts>| {
            side.map_or(Some(0), |it| Some(it.input.unwrap_or_default().saturating_add(it.output?)))
        };
        Some(sum(self.ours)?.saturating_sub(sum(self.theirs)?))
    }

    /// The difference in hundredths of a per cent of theirs; `None`: theirs is nothing.
    pub fn basis_points(&self) -> Option<i64> {
        let theirs = self.theirs.and_then(|it| it.cost).filter(|cost| cost.0 != 0)?;
        points(self.cost_difference()?.0, theirs.0)
    }
}

/// `part` of `whole` in hundredths of a per cent, rounded towards zero.
pub fn points(part: i64, whole: i64) -> Option<i64> {
    let points = (i128::from(part) * 10_000).checked_div(i128::from(whole.checked_abs()?))?;
    i64::try_from(points).ok()
}

/// What a file and the ledger say of each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    pub invoice: Invoice,
    /// By day, model and credential.
    pub variances: Vec<Variance>,
    pub theirs: Amounts,
    pub ours: Amounts,
    /// Groups that do not agree.
    pub disagreements: u64,
    /// More groups than are told.
    pub cut: bool,
}

/// What is no variance yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tolerance {
    /// Absolute.
    pub cost: Nanos,
    /// In hundredths of a per cent of theirs.
    pub points: i64,
}

impl Default for Tolerance {
    /// A cent, or half a per cent.
    fn default() -> Self {
        Self { cost: Nanos(10_000_000), points: 50 }
    }
}

impl Tolerance {
    /// Whether the sides agree: in money, where both tell it; otherwise in tokens.
    pub fn covers(&self, variance: &Variance) -> bool {
        let within = |difference: i64, whole: i64| {
            difference == 0 || points(difference, whole).is_some_and(|points| points.abs() <= self.points)
        };
        let theirs = variance.theirs.unwrap_or_default();
        if let Some(difference) = variance.cost_difference() {
            let cost = theirs.cost.map_or(0, |it| it.0);
            return difference.0.unsigned_abs() <= self.cost.0.unsigned_abs() || within(difference.0, cost);
        }
        let tokens = theirs.input.unwrap_or_default().saturating_add(theirs.output.unwrap_or_default());
        variance.token_difference().is_some_and(|difference| within(difference, tokens))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variance(theirs: Option<Amounts>, ours: Option<Amounts>) -> Variance {
        let (model, credential) = ("m".to_owned(), String::new());
        Variance { day: 1, model, credential, theirs, ours, our_models: vec![], agrees: false }
    }

    fn amounts(cost: Option<i64>, tokens: Option<(i64, i64)>) -> Amounts {
        let (input, output) = tokens.unzip();
        Amounts { cost: cost.map(Nanos), input, output, ..Amounts::default() }
    }

    #[test]
    fn variances_are_exact_and_of_either_side() {
        let money = |nanos| Some(amounts(Some(nanos), None));
        let tokens = |input, output| Some(amounts(None, Some((input, output))));
        let both = variance(money(200), money(150));
        assert_eq!((both.cost_difference(), both.basis_points()), (Some(Nanos(-50)), Some(-2500)));
        assert_eq!(variance(None, money(5)).cost_difference(), Some(Nanos(5)));
        assert_eq!(variance(None, money(5)).basis_points(), None);
        assert_eq!(variance(money(5), None).cost_difference(), Some(Nanos(-5)));
        assert_eq!(variance(tokens(1, 2), money(5)).cost_difference(), None);
        assert_eq!(variance(tokens(10, 2), tokens(4, 2)).token_difference(), Some(-6));
        assert_eq!(points(i64::MAX, 1), None);
        assert_eq!(points(i64::MIN, i64::MIN), None);
    }

    #[test]
    fn what_is_tolerated_agrees() {
        let money = |nanos| Some(amounts(Some(nanos), None));
        let tokens = |input, output| Some(amounts(None, Some((input, output))));
        let tolerance = Tolerance { cost: Nanos(10), points: 100 };
        for (theirs, ours, agrees) in [
            (money(100), money(110), true),
            (money(100), money(111), false),
            (money(100_000), money(101_000), true),
            (money(100_000), money(101_010), false),
            (None, money(11), false),
            (money(10), None, true),
            // Tokens alone.
            (tokens(1000, 0), tokens(990, 0), true),
            (tokens(1000, 0), tokens(989, 0), false),
            (tokens(1000, 0), None, false),
        ] {
            assert_eq!(tolerance.covers(&variance(theirs, ours)), agrees, "{theirs:?} {ours:?}");
        }
    }
}
