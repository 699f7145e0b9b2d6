//! Limits where they are looked at.

use leptos::prelude::*;
use tollgate_domain::Nanos;
use tollgate_domain::ledger::Period;
use tollgate_domain::limits::{BudgetDuration, Limits, RateLimit};

use super::limits::{last_day, model_line, shadow_line};
use super::{Fact, Facts};
use crate::components::{count_text, exact_money, moment_text};

/// `$200 every 30d`, `$200 a month`, `$200 in all`, `No limit`: for cells and facts.
pub fn budget_text(limits: &Limits) -> String {
    match limits.max_budget {
        Some(amount) => within(amount, limits.budget_duration.as_ref()),
        None => "No limit".to_owned(),
    }
}

fn within(amount: Nanos, duration: Option<&BudgetDuration>) -> String {
    let span = match duration.map(BudgetDuration::as_str) {
        None => "in all".to_owned(),
        Some("hourly") => "an hour".to_owned(),
        Some("daily") => "a day".to_owned(),
        Some("weekly") => "a week".to_owned(),
        Some("monthly") => "a month".to_owned(),
        Some(other) => format!("every {other}"),
    };
    format!("{} {span}", amount.display())
}

/// The budget of some limits in a cell; the exact amount on hover.
#[component]
pub fn BudgetCell(limits: Limits) -> impl IntoView {
    let title = limits.max_budget.map(exact_money);
    let class = if limits.max_budget.is_some() { "count" } else { "muted" };
    view! { <span class=class title=title>{budget_text(&limits)}</span> }
}

/// `5,000 output tokens an hour, 20 requests a day`
fn rates_text(rates: &[RateLimit]) -> String {
    let one = |rate: &RateLimit| {
        let article = if rate.period == Period::Hour { "an" } else { "a" };
        format!("{} {} {article} {}", count_text(rate.limit), rate.kind.as_str(), rate.period.as_str())
    };
    rates.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Every limit that is set, in words.
fn told(limits: &Limits) -> Vec<(&'static str, String)> {
    let number = |label, number: Option<i64>| number.map(|number| (label, count_text(number)));
    let windows = limits.windows.iter().map(|window| within(window.max_budget, Some(&window.duration)));
    let windows = windows.collect::<Vec<_>>().join(", ");
    let models = limits.models.iter().map(|(model, limits)| model_line(model, limits)).collect::<Vec<_>>().join(", ");
    let increase = limits.temporary_increase.zip(limits.temporary_until);
    let rates = rates_text(&limits.rates);
    let facts = [
        Some(("Budget", budget_text(limits))),
        limits.soft_budget.map(|amount| ("Soft budget", within(amount, limits.budget_duration.as_ref()))),
        increase
            .map(|(amount, until)| ("Temporary increase", format!("{} until {}", amount.display(), last_day(until)))),
        limits
            .budget_since
            .map(|since| ("Begun anew", format!("{}; what was spent before doesn't count", moment_text(since)))),
        (!windows.is_empty()).then_some(("More budgets", windows)),
        number("Tokens a minute", limits.tpm_limit),
        number("Requests a minute", limits.rpm_limit),
        number("Tokens a day", limits.tpd_limit),
        number("Requests a day", limits.rpd_limit),
        number("Calls at once", limits.max_parallel_requests),
        (!rates.is_empty()).then_some(("More rate limits", rates)),
        (!models.is_empty()).then_some(("Single models", models)),
        limits.shadow.as_deref().map(|shadow| ("In shadow, refusing nobody", shadow_line(shadow))),
    ];
    facts.into_iter().flatten().collect()
}

/// The limits of something.
#[component]
pub fn LimitFacts(limits: Limits) -> impl IntoView {
    let facts = told(&limits).into_iter().map(|(label, text)| view! { <Fact label>{text}</Fact> }).collect_view();
    view! { <Facts>{facts}</Facts> }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::ledger::RateKind;

    use super::*;

    #[test]
    fn rates_are_told_in_words() {
        let rate = |kind, period, limit| RateLimit { kind, period, limit };
        let rates = [rate(RateKind::OutputTokens, Period::Hour, 5000), rate(RateKind::Requests, Period::Day, 20)];
        assert_eq!(rates_text(&rates), "5,000 output tokens an hour, 20 requests a day");
    }

    #[test]
    fn budgets_are_told_with_their_time() {
        let limits = |text: &str| Limits {
            max_budget: Some(Nanos(200_000_000_000)),
            budget_duration: BudgetDuration::parse(text),
            ..Limits::default()
        };
        assert_eq!(budget_text(&limits("30d")), "$200.00 every 30d");
        assert_eq!(budget_text(&limits("monthly")), "$200.00 a month");
        assert_eq!(budget_text(&limits("")), "$200.00 in all");
        assert_eq!(budget_text(&Limits::default()), "No limit");
    }
}
