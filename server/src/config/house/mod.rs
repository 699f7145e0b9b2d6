//! Budgets and rate limits that the configuration sets: [`House`].

mod named;
mod period;

use std::collections::BTreeMap;

use tollgate_domain::ids::BudgetId;
use tollgate_domain::ledger::{BUDGET_STATUS, House, RateKind, THRESHOLDS};
use tollgate_domain::limits::{BudgetDuration, Limits};
use tollgate_domain::money::Nanos;

use super::files::{Document, Section};
use super::finding::shown;
use super::providers;
use super::target::SIMULATOR;
use super::value::{Cursor, Reader};
use period::Periods;

/// The largest limit of a number of requests or tokens.
const MOST: u64 = 1_000_000_000_000_000;
/// What a client may get when a budget refuses its call.
const STATUSES: [u16; 4] = [400, 402, 422, 429];

pub(super) fn read(
    document: &Document,
    general: &Section<'_>,
    litellm: &Section<'_>,
    router: &Section<'_>,
    reader: &mut Reader<'_>,
) -> House {
    let general = with_nested(general, litellm, reader);
    let mut periods = Periods::new(&general, reader);
    let mut house = House {
        gateway: gateway(&general, litellm, &mut periods, reader),
        customer: customer(litellm, &mut periods, reader),
        customer_budget: litellm.get("max_end_user_budget_id", reader).and_then(|cursor| budget_id(&cursor, reader)),
        key: each_key(&general, reader),
        token_kind: token_kind(&general, reader),
        throttle: litellm.get("budget_exceeded_throttle_percentage", reader).and_then(|cursor| share(&cursor, reader)),
        user_default: user_default(litellm, &mut periods, reader),
        providers: of_providers(router, &mut periods, reader),
        budget_status: litellm
            .get("budget_exceeded_status_code", reader)
            .and_then(|cursor| reader.number_of(&cursor, &STATUSES))
            .unwrap_or(BUDGET_STATUS),
        thresholds: general
            .get("budget_alert_thresholds", reader)
            .and_then(|cursor| thresholds(cursor, reader))
            .unwrap_or_else(|| THRESHOLDS.to_vec()),
        ..House::default()
    };
    house.teams = named::teams(document, &mut periods, reader);
    house.users = named::users(document, &mut periods, reader);
    periods.finish(reader);
    house
}

/// `general_settings`, and what a guide to LiteLLM writes below `litellm_settings` of it.
fn with_nested<'d>(general: &Section<'d>, litellm: &Section<'d>, reader: &mut Reader<'_>) -> Section<'d> {
    let nested = litellm.0.iter().filter_map(|part| part.get("general_settings"));
    let nested: Vec<_> = nested.filter_map(|part| reader.mapping(part)).collect();
    Section(nested.into_iter().chain(general.0.iter().cloned()).collect())
}

fn gateway(general: &Section<'_>, litellm: &Section<'_>, periods: &mut Periods<'_>, reader: &mut Reader<'_>) -> Limits {
    let budget = litellm.get("max_budget", reader).and_then(|cursor| {
        let amount = reader.dollars(&cursor)?;
        if amount == Nanos::ZERO {
            // So it is in LiteLLM, whose default it is.
            reader.report.notice(cursor.place(), &cursor.path, "0 is no limit here");
        }
        (amount > Nanos::ZERO).then_some(amount)
    });
    let (max_budget, budget_duration) = with_period(budget, litellm, "budget_duration", periods, reader);
    let max_parallel_requests = parallel(general, reader);
    Limits { max_budget, budget_duration, max_parallel_requests, ..Limits::default() }
}

/// `budget_alert_thresholds: [50, 80, 100]`: per cent; an empty list tells of none.
fn thresholds(cursor: Cursor<'_>, reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    let list = reader.list(cursor)?;
    let mut found: Vec<u8> = Vec::new();
    for item in list.items() {
        found.extend(reader.whole(&item, 1..=100).and_then(|percent| u8::try_from(percent).ok()));
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

/// `max_parallel_requests` is the whole gateway's in most guides and a key's in LiteLLM's code. Beside a limit that
/// says that it is the whole gateway's it can only be the latter.
fn parallel(general: &Section<'_>, reader: &mut Reader<'_>) -> Option<i64> {
    let whole = general.get("global_max_parallel_requests", reader);
    let cursor = whole.or_else(|| general.get("max_parallel_requests", reader))?;
    at_once(&cursor, reader)
}

/// What each key has that has no limit of its own.
fn each_key(general: &Section<'_>, reader: &mut Reader<'_>) -> Limits {
    let plain = general.get("global_max_parallel_requests", reader).and(general.get("max_parallel_requests", reader));
    Limits { max_parallel_requests: plain.and_then(|cursor| at_once(&cursor, reader)), ..Limits::default() }
}

fn at_once(cursor: &Cursor<'_>, reader: &mut Reader<'_>) -> Option<i64> {
    let limit = count(cursor, reader)?;
    if limit == 0 {
        let help = "write how many calls may be under way at once, or take the key away";
        reader.report.warning(cursor.place(), &cursor.path, "0 would refuse every call: read as no limit", help);
    }
    (limit > 0).then_some(limit)
}

/// `token_rate_limit_type`
fn token_kind(general: &Section<'_>, reader: &mut Reader<'_>) -> RateKind {
    let Some(cursor) = general.get("token_rate_limit_type", reader) else { return RateKind::Tokens };
    let Some(kind) = reader.name(&cursor) else { return RateKind::Tokens };
    match kind.value.as_str() {
        "total" => RateKind::Tokens,
        "input" => RateKind::InputTokens,
        "output" => RateKind::OutputTokens,
        _ => {
            reader.wrong(&cursor, format!("unknown kind of tokens {}", kind.shown()), "`total`, `input` or `output`");
            RateKind::Tokens
        }
    }
}

/// `budget_exceeded_throttle_percentage`: LiteLLM's name for what is a fraction; in millionths.
fn share(cursor: &Cursor<'_>, reader: &mut Reader<'_>) -> Option<u32> {
    let text = reader.text(cursor)?;
    // Read as money is: exactly.
    let fraction = text.value.trim().parse::<Nanos>().ok().filter(|part| (1_000..=1_000_000_000).contains(&part.0));
    if fraction.is_none() {
        let message = format!("needs a fraction, not {}", text.shown());
        reader.wrong(cursor, message, "above 0 and at most 1: `0.1` leaves a tenth of a key's rate limits");
    }
    fraction.and_then(|part| u32::try_from(part.0 / 1_000).ok())
}

fn customer(litellm: &Section<'_>, periods: &mut Periods<'_>, reader: &mut Reader<'_>) -> Limits {
    let max_budget = litellm.get("max_end_user_budget", reader).and_then(|cursor| reader.dollars(&cursor));
    let budget_duration = max_budget.and_then(|_| periods.fallback());
    Limits { max_budget, budget_duration, ..Limits::default() }
}

fn user_default(litellm: &Section<'_>, periods: &mut Periods<'_>, reader: &mut Reader<'_>) -> Limits {
    let budget = litellm.get("max_internal_user_budget", reader).and_then(|cursor| reader.dollars(&cursor));
    let (max_budget, budget_duration) = with_period(budget, litellm, "internal_user_budget_duration", periods, reader);
    Limits { max_budget, budget_duration, ..Limits::default() }
}

/// A budget and the time for which it is, under `key`.
fn with_period(
    budget: Option<Nanos>,
    section: &Section<'_>,
    key: &str,
    periods: &mut Periods<'_>,
    reader: &mut Reader<'_>,
) -> (Option<Nanos>, Option<BudgetDuration>) {
    let cursor = section.get(key, reader);
    let own = cursor.as_ref().and_then(|cursor| reader.duration(cursor));
    match (budget, cursor) {
        (Some(_), _) => (budget, own.or_else(|| periods.fallback())),
        (None, Some(cursor)) => {
            period::tell_unused(&cursor, reader);
            (None, None)
        }
        (None, None) => (None, None),
    }
}

fn budget_id(cursor: &Cursor<'_>, reader: &mut Reader<'_>) -> Option<BudgetId> {
    let text = reader.name(cursor)?;
    let id = BudgetId::parse(&text.value);
    if id.is_none() {
        let message = format!("not a budget's id: {}", text.shown());
        reader.wrong(cursor, message, "1 to 200 characters, as the budget was made: `free-tier`");
    }
    id
}

/// `router_settings.provider_budget_config`
fn of_providers(router: &Section<'_>, periods: &mut Periods<'_>, reader: &mut Reader<'_>) -> BTreeMap<String, Limits> {
    let mut found = BTreeMap::new();
    let mut places: BTreeMap<&str, Cursor<'_>> = BTreeMap::new();
    for part in &router.0 {
        let Some(map) = part.get("provider_budget_config").and_then(|cursor| reader.mapping(cursor)) else { continue };
        for (name, _, cursor) in map.entries() {
            let Some(item) = reader.mapping(cursor) else { continue };
            check_provider(name, &item, reader);
            let Some(amount) = first_of(&item, &["budget_limit", "max_budget"], reader) else {
                let path = item.child_path("budget_limit");
                reader.report.error(item.place(), &path, "is missing", "dollars: `budget_limit: 100`");
                continue;
            };
            let max_budget = reader.dollars(&amount);
            let budget_duration = period::of(&item, reader).or_else(|| periods.fallback());
            found.insert(name.to_owned(), Limits { max_budget, budget_duration, ..Limits::default() });
            if let Some(earlier) = places.insert(name, item.clone()) {
                let message = format!("replaced by {}", reader.report.name_place(item.place()));
                reader.report.warning(earlier.place(), &earlier.path, message, "keep one of the two");
            }
        }
    }
    found
}

fn check_provider(name: &str, item: &Cursor<'_>, reader: &mut Reader<'_>) {
    let (message, help) = match providers::find(name) {
        providers::Known::Spoken(_) => return,
        providers::Known::Unknown if name == SIMULATOR => return,
        providers::Known::NotYet => {
            let message = format!("{} is not supported yet: there is nothing to limit", shown(name));
            (message, "take it away, or leave it for later".to_owned())
        }
        providers::Known::Unknown => {
            let help = providers::suggest(name).map_or_else(
                || "the name before the `/` of `model`: `openai`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            (format!("no provider is called {}: nothing is limited by it", shown(name)), help)
        }
    };
    reader.report.warning(item.place(), &item.path, message, help);
}

/// The value under the first of `names` that is there; another one is told.
fn first_of<'n>(item: &Cursor<'n>, names: &[&str], reader: &mut Reader<'_>) -> Option<Cursor<'n>> {
    let mut found = names.iter().filter_map(|name| Some((*name, item.get(name)?)));
    let (name, first) = found.next()?;
    for (_, other) in found {
        let message = format!("not used: `{name}` counts");
        reader.report.warning(other.place(), &other.path, message, "keep one of the two");
    }
    Some(first)
}

/// How many requests or tokens.
pub(super) fn count(cursor: &Cursor<'_>, reader: &mut Reader<'_>) -> Option<i64> {
    reader.whole(cursor, 0..=MOST).and_then(|number| i64::try_from(number).ok())
}
