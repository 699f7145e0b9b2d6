//! What is said of single teams and people: `budgets`, `team_rate_limits`, `user_rate_limits`.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_domain::ids::UserId;
use tollgate_domain::ledger::{Period, RateKind};
use tollgate_domain::limits::{BudgetDuration, BudgetWindow, Limits, ModelLimits, RateLimit};
use tollgate_domain::money::Nanos;
use tollgate_domain::user::normalise_email;

use super::period::{self, Periods};
use super::{count, first_of};
use crate::config::files::Document;
use crate::config::finding::shown;
use crate::config::value::{Cursor, Reader};
use crate::config::yaml::Value;

/// Where rate limits may stand: LiteLLM guides differ.
const SECTIONS: [&[&str]; 4] =
    [&[], &["litellm_settings"], &["litellm_settings", "general_settings"], &["general_settings"]];

/// A number among limits.
type Number = fn(&mut Limits) -> &mut Option<i64>;

/// The keys of a budget, and the limits that they are.
const OF_BUDGET: [(&str, &str, Number); 5] = [
    ("rpm_limit", "rpm_limit", |limits| &mut limits.rpm_limit),
    ("rpd_limit", "rpd_limit", |limits| &mut limits.rpd_limit),
    ("tpm_limit", "tpm_limit", |limits| &mut limits.tpm_limit),
    ("tpd_limit", "tpd_limit", |limits| &mut limits.tpd_limit),
    ("max_parallel_requests", "max_parallel_requests", |limits| &mut limits.max_parallel_requests),
];

/// The keys of rate limits, and the limits that they are.
const OF_RATES: [(&str, &str, Number); 5] = [
    ("requests_per_minute", "rpm_limit", |limits| &mut limits.rpm_limit),
    ("requests_per_day", "rpd_limit", |limits| &mut limits.rpd_limit),
    ("tokens_per_minute", "tpm_limit", |limits| &mut limits.tpm_limit),
    ("tokens_per_day", "tpd_limit", |limits| &mut limits.tpd_limit),
    ("max_parallel_requests", "max_parallel_requests", |limits| &mut limits.max_parallel_requests),
];

/// The keys of rate limits that have no name of their own in [`Limits`].
const RATES: [(&str, RateKind, Period); 8] = [
    ("requests_per_hour", RateKind::Requests, Period::Hour),
    ("tokens_per_hour", RateKind::Tokens, Period::Hour),
    ("input_tokens_per_minute", RateKind::InputTokens, Period::Minute),
    ("input_tokens_per_hour", RateKind::InputTokens, Period::Hour),
    ("input_tokens_per_day", RateKind::InputTokens, Period::Day),
    ("output_tokens_per_minute", RateKind::OutputTokens, Period::Minute),
    ("output_tokens_per_hour", RateKind::OutputTokens, Period::Hour),
    ("output_tokens_per_day", RateKind::OutputTokens, Period::Day),
];

const WINDOWS: [(&str, &str); 3] =
    [("daily_budget", "daily"), ("weekly_budget", "weekly"), ("monthly_budget", "monthly")];

/// One account's limits, put together from wherever they stand.
#[derive(Default)]
struct Draft<'n> {
    limits: Limits,
    /// By the limit's name.
    places: BTreeMap<&'static str, Cursor<'n>>,
    /// Other spellings of the account's name.
    spellings: BTreeSet<String>,
}

impl<'n> Draft<'n> {
    /// Notes where a limit stands; the place where it stood before is told.
    fn note(&mut self, limit: &'static str, cursor: Cursor<'n>, reader: &mut Reader<'_>) {
        let by = reader.report.name_place(cursor.place());
        if let Some(earlier) = self.places.insert(limit, cursor) {
            let message = format!("replaced by {by}");
            reader.report.warning(earlier.place(), &earlier.path, message, "keep one of the two");
        }
    }

    fn numbers(&mut self, item: &Cursor<'n>, keys: &[(&str, &'static str, Number)], reader: &mut Reader<'_>) {
        for (key, limit, field) in keys {
            let Some(cursor) = item.get(key) else { continue };
            if let Some(number) = count(&cursor, reader) {
                *field(&mut self.limits) = Some(number);
                self.note(limit, cursor, reader);
            }
        }
    }

    /// The main budget; its time goes with it.
    fn budget(&mut self, amount: Nanos, duration: Option<BudgetDuration>, at: Cursor<'n>, reader: &mut Reader<'_>) {
        self.limits.max_budget = Some(amount);
        self.limits.budget_duration = duration;
        self.note("max_budget", at, reader);
    }
}

pub(super) fn teams(
    document: &Document,
    periods: &mut Periods<'_>,
    reader: &mut Reader<'_>,
) -> BTreeMap<String, Limits> {
    let mut drafts = BTreeMap::new();
    for layer in document.layers() {
        for section in [Some(layer.clone()), layer.get("litellm_settings")].into_iter().flatten() {
            let list = section.get("budgets").and_then(|cursor| reader.list(cursor));
            for item in list.iter().flat_map(Cursor::items) {
                if let Some(item) = reader.mapping(item) {
                    budget(&item, &mut drafts, periods, reader);
                }
            }
        }
    }
    let name = |cursor: &Cursor<'_>, text: &str, reader: &mut Reader<'_>| {
        let name = text.trim();
        if name.is_empty() {
            reader.wrong(cursor, "a team without a name", "the team's id or name: `engineering:`");
        }
        (!name.is_empty()).then(|| name.to_owned())
    };
    rates(document, "team_rate_limits", name, &mut drafts, periods, reader);
    finish(drafts)
}

pub(super) fn users(
    document: &Document,
    periods: &mut Periods<'_>,
    reader: &mut Reader<'_>,
) -> BTreeMap<String, Limits> {
    let mut drafts = BTreeMap::new();
    let name = |cursor: &Cursor<'_>, text: &str, reader: &mut Reader<'_>| {
        let name = normalise_email(text).or_else(|| UserId::parse(text).map(|id| id.to_string()));
        if name.is_none() {
            let message = format!("neither an e-mail address nor a user's id: {}", shown(text));
            reader.wrong(cursor, message, "write `ann@example.com:`, or the id under which the user is listed");
        }
        name
    };
    rates(document, "user_rate_limits", name, &mut drafts, periods, reader);
    finish(drafts)
}

fn finish(drafts: BTreeMap<String, Draft<'_>>) -> BTreeMap<String, Limits> {
    let mut all = BTreeMap::new();
    for (name, draft) in drafts {
        for spelling in draft.spellings.into_iter().filter(|spelling| *spelling != name) {
            all.insert(spelling, draft.limits.clone());
        }
        all.insert(name, draft.limits);
    }
    all.retain(|_, limits| !limits.is_empty());
    all
}

/// One of `budgets`.
fn budget<'n>(
    item: &Cursor<'n>,
    drafts: &mut BTreeMap<String, Draft<'n>>,
    periods: &mut Periods<'_>,
    reader: &mut Reader<'_>,
) {
    let Some(id) = item.get("budget_id") else {
        let help = "the id or the name of the team whose budget it is: `budget_id: engineering`";
        return reader.report.error(item.place(), &item.child_path("budget_id"), "is missing", help);
    };
    let Some(name) = reader.name(&id) else { return };
    let draft = drafts.entry(name.value.trim().to_owned()).or_default();
    draft.numbers(item, &OF_BUDGET, reader);
    shadow(item, draft, periods, reader);

    let max = item.get("max_budget");
    let amount = max.as_ref().and_then(|cursor| reader.dollars(cursor));
    let soft = first_of(item, &["soft_budget", "alert_on_budget"], reader);
    let soft_amount = soft.as_ref().and_then(|cursor| reader.dollars(cursor));
    let own = period::of(item, reader);
    if amount.is_none() && soft_amount.is_none() {
        if let Some(cursor) = item.get("budget_duration").or_else(|| item.get("time_period")) {
            period::tell_unused(&cursor, reader);
        }
    } else {
        let duration = own.or_else(|| periods.fallback());
        if let (Some(amount), Some(cursor)) = (amount, max) {
            draft.budget(amount, duration, cursor, reader);
        } else if draft.limits.max_budget.is_none() {
            draft.limits.budget_duration = duration;
        }
    }
    if let (Some(amount), Some(cursor)) = (soft_amount, soft) {
        draft.limits.soft_budget = Some(amount);
        draft.note("soft_budget", cursor, reader);
    }
    if let Some(map) = item.get("model_max_budget").and_then(|cursor| reader.mapping(cursor)) {
        draft.limits.models = map
            .entries()
            .filter_map(|(name, _, cursor)| Some((name.to_owned(), of_model(cursor, periods, reader)?)))
            .collect();
        if let Err(error) = draft.limits.check() {
            reader.wrong(&map, error.message, "models' names, or patterns such as `gpt-*`");
        }
        draft.note("models", map, reader);
    }
}

/// `shadow`: limits that refuse nobody, and tell whom they would have refused.
fn shadow<'n>(item: &Cursor<'n>, draft: &mut Draft<'n>, periods: &mut Periods<'_>, reader: &mut Reader<'_>) {
    let Some(map) = item.get("shadow").and_then(|cursor| reader.mapping(cursor)) else { return };
    let mut found = Draft::default();
    found.numbers(&map, &OF_BUDGET, reader);
    let max_budget = map.get("max_budget").and_then(|cursor| reader.dollars(&cursor));
    let own = period::of(&map, reader);
    if max_budget.is_some() {
        found.limits.max_budget = max_budget;
        found.limits.budget_duration = own.or_else(|| periods.fallback());
    }
    if !found.limits.is_empty() {
        draft.limits.shadow = Some(Box::new(found.limits));
        draft.note("shadow", map, reader);
    }
}

/// `{budget_limit, time_period, tpm_limit, rpm_limit}`, or an amount alone.
fn of_model(cursor: Cursor<'_>, periods: &mut Periods<'_>, reader: &mut Reader<'_>) -> Option<ModelLimits> {
    if let Value::Scalar { .. } = cursor.node.value {
        let max_budget = Some(reader.dollars(&cursor)?);
        return Some(ModelLimits { max_budget, budget_duration: periods.fallback(), ..ModelLimits::default() });
    }
    let item = reader.mapping(cursor)?;
    let max_budget = first_of(&item, &["budget_limit", "max_budget"], reader).and_then(|at| reader.dollars(&at));
    let own = period::of(&item, reader);
    Some(ModelLimits {
        max_budget,
        budget_duration: max_budget.and_then(|_| own.or_else(|| periods.fallback())),
        tpm_limit: item.get("tpm_limit").and_then(|at| count(&at, reader)),
        rpm_limit: item.get("rpm_limit").and_then(|at| count(&at, reader)),
        rates: Vec::new(),
    })
}

/// `team_rate_limits` or `user_rate_limits`, wherever they stand. `name` gives the account's name for a key.
fn rates<'d>(
    document: &'d Document,
    key: &str,
    name: impl Fn(&Cursor<'_>, &str, &mut Reader<'_>) -> Option<String>,
    drafts: &mut BTreeMap<String, Draft<'d>>,
    periods: &mut Periods<'_>,
    reader: &mut Reader<'_>,
) {
    for layer in document.layers() {
        for section in SECTIONS {
            let found = section.iter().try_fold(layer.clone(), |cursor, part| cursor.get(part));
            let map = found.and_then(|cursor| cursor.get(key)).and_then(|cursor| reader.mapping(cursor));
            for (text, _, cursor) in map.iter().flat_map(Cursor::entries) {
                let Some(item) = reader.mapping(cursor) else { continue };
                let Some(name) = name(&item, text, reader) else { continue };
                let draft = drafts.entry(name).or_default();
                draft.spellings.insert(text.to_owned());
                rate(&item, draft, periods, reader);
            }
        }
    }
}

fn rate<'n>(item: &Cursor<'n>, draft: &mut Draft<'n>, periods: &mut Periods<'_>, reader: &mut Reader<'_>) {
    draft.numbers(item, &OF_RATES, reader);
    shadow(item, draft, periods, reader);
    for (key, kind, period) in RATES {
        let Some(cursor) = item.get(key) else { continue };
        let Some(limit) = count(&cursor, reader) else { continue };
        let rate = RateLimit { kind, period, limit };
        draft.limits.rates.retain(|known| !known.stands_for(&rate));
        draft.limits.rates.push(rate);
        draft.note(key, cursor, reader);
    }
    if let Some(cursor) = item.get("max_budget")
        && let Some(amount) = reader.dollars(&cursor)
    {
        draft.budget(amount, periods.fallback(), cursor, reader);
    }
    for (key, duration) in WINDOWS {
        let Some(cursor) = item.get(key) else { continue };
        let (Some(max_budget), Some(duration)) = (reader.dollars(&cursor), BudgetDuration::parse(duration)) else {
            continue;
        };
        draft.limits.windows.retain(|window| window.duration != duration);
        draft.limits.windows.push(BudgetWindow { duration, max_budget });
        draft.note(key, cursor, reader);
    }
}
