//! Budgets and limits in a form: one set of fields for teams, people, keys, budgets, customers and tags, and how they
//! are read back.

use std::collections::BTreeMap;

use leptos::prelude::*;
use tollgate_domain::limits::{BudgetDuration, BudgetWindow, Limits, ModelLimits};
use tollgate_domain::{Nanos, Timestamp};

use super::Form;

/// What the data plane does with limits today: said wherever they can be set.
pub const LIMITS_NOTE: &str = "A call that could go beyond is refused before it is made.";

const DURATION: &str = "Write a number and a unit, such as 24h, 7d, 30d or 1mo; or hourly, daily, weekly or monthly.";
const WINDOW: &str = "Write a length of time and an amount of dollars in each line: 24h 10.";
const SHADOW: &str = "Write what to try: budget=50 per=30d tpm=100000 rpm=60.";
const MODEL: &str = "Write a model and what holds for it in each line: gpt-4o budget=50 per=30d tpm=100000 rpm=60.";

/// The names of the fields: a form may hold several sets.
#[derive(Clone, Copy, Debug)]
pub struct LimitNames {
    max_budget: &'static str,
    soft_budget: &'static str,
    budget_duration: &'static str,
    windows: &'static str,
    temporary_increase: &'static str,
    temporary_until: &'static str,
    tpm_limit: &'static str,
    rpm_limit: &'static str,
    tpd_limit: &'static str,
    rpd_limit: &'static str,
    max_parallel_requests: &'static str,
    models: &'static str,
    shadow: &'static str,
}

impl LimitNames {
    /// What the thing itself may spend.
    pub const OWN: Self = Self {
        max_budget: "max_budget",
        soft_budget: "soft_budget",
        budget_duration: "budget_duration",
        windows: "budget_windows",
        temporary_increase: "temporary_increase",
        temporary_until: "temporary_until",
        tpm_limit: "tpm_limit",
        rpm_limit: "rpm_limit",
        tpd_limit: "tpd_limit",
        rpd_limit: "rpd_limit",
        max_parallel_requests: "max_parallel_requests",
        models: "model_limits",
        shadow: "shadow_limits",
    };

    /// What each of a team's members may spend.
    pub const MEMBER: Self = Self {
        max_budget: "member_max_budget",
        soft_budget: "member_soft_budget",
        budget_duration: "member_budget_duration",
        windows: "member_budget_windows",
        temporary_increase: "member_temporary_increase",
        temporary_until: "member_temporary_until",
        tpm_limit: "member_tpm_limit",
        rpm_limit: "member_rpm_limit",
        tpd_limit: "member_tpd_limit",
        rpd_limit: "member_rpd_limit",
        max_parallel_requests: "member_max_parallel_requests",
        models: "member_model_limits",
        shadow: "member_shadow_limits",
    };

    /// The field that stands for one of [`Limits`].
    fn of(&self, field: &str) -> &'static str {
        match field {
            "max_budget" => self.max_budget,
            "soft_budget" => self.soft_budget,
            "windows" => self.windows,
            "temporary_increase" => self.temporary_increase,
            "tpm_limit" => self.tpm_limit,
            "rpm_limit" => self.rpm_limit,
            "tpd_limit" => self.tpd_limit,
            "rpd_limit" => self.rpd_limit,
            "max_parallel_requests" => self.max_parallel_requests,
            "models" => self.models,
            "shadow" => self.shadow,
            _ => "",
        }
    }

    /// Those that few need.
    fn rare(&self) -> [&'static str; 8] {
        let Self {
            windows,
            temporary_increase,
            temporary_until,
            tpd_limit,
            rpd_limit,
            models,
            soft_budget,
            shadow,
            ..
        } = *self;
        [soft_budget, windows, temporary_increase, temporary_until, tpd_limit, rpd_limit, models, shadow]
    }
}

/// The fields, filled in by [`Form::with_limits`] and read by [`Form::limits`].
pub fn limit_fields(form: &Form, names: &LimitNames) -> impl IntoView + use<> {
    let most = i64::MAX;
    let open = names.rare().iter().any(|name| form.get(name).is_some() || !form.problem(name).is_empty());
    let budget = form.dollars(names.max_budget, "Budget").help("Empty: no limit. 0: nothing may be spent.");
    let duration = form
        .length(names.budget_duration, "Renewed every")
        .placeholder("30d")
        .help("24h, 7d, 30d, 1mo, or monthly. Empty: the budget is for good.");
    let tpm = form.number(names.tpm_limit, "Tokens a minute", 0, most);
    let rpm = form.number(names.rpm_limit, "Requests a minute", 0, most);
    let parallel = form.number(names.max_parallel_requests, "Calls at once", 0, most);
    let soft = form.dollars(names.soft_budget, "Soft budget").help("Going beyond it is told, not refused.");
    let tpd = form.number(names.tpd_limit, "Tokens a day", 0, most);
    let rpd = form.number(names.rpd_limit, "Requests a day", 0, most);
    let increase =
        form.dollars(names.temporary_increase, "Temporary increase").help("Added to the budget for a while.");
    let until = form.date(names.temporary_until, "Increased until").help("The last day, in UTC.");
    let windows = form
        .lines(names.windows, "More budgets")
        .placeholder("24h 10")
        .help("One in a line: how long it lasts, and dollars. Each holds beside the budget above.");
    let models = form
        .lines(names.models, "Limits of single models")
        .placeholder("gpt-4o budget=50 per=30d tpm=100000 rpm=60")
        .help("One in a line: a model, then any of budget=, per=, tpm= and rpm=.");
    let shadow = form
        .text(names.shadow, "In shadow")
        .placeholder("budget=50 per=30d tpm=100000 rpm=60")
        .help("A limit to try: any of budget=, per=, tpm= and rpm=. It refuses nobody; Alerts tell whom it would have refused.");
    view! {
        <div class="form-row cluster">{budget.view()}{duration.view()}</div>
        <div class="form-row cluster">{tpm.view()}{rpm.view()}{parallel.view()}</div>
        <details class="more" open=open>
            <summary>"More limits"</summary>
            <div class="stack">
                <div class="form-row cluster">{soft.view()}{tpd.view()}{rpd.view()}</div>
                <div class="form-row cluster">{increase.view()}{until.view()}</div>
                {windows.view()}
                {models.view()}
                {shadow.view()}
            </div>
        </details>
    }
}

/// Limits as they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypedLimits(Limits);

impl TypedLimits {
    /// The limits that the form means, where these were before. A form knows the day on which an increase ends; where
    /// that is still the same, the moment stays as exact as it was.
    pub fn over(self, before: &Limits) -> Limits {
        let mut limits = self.0;
        if let (Some(old), Some(new)) = (before.temporary_until, limits.temporary_until)
            && last_day(old) == last_day(new)
        {
            limits.temporary_until = Some(old);
        }
        // No form has these.
        limits.budget_since = before.budget_since;
        // A form knows a part of it.
        if let (Some(old), Some(new)) = (&before.shadow, &limits.shadow)
            && shadow_line(old) == shadow_line(new)
        {
            limits.shadow.clone_from(&before.shadow);
        }
        limits.rates.clone_from(&before.rates);
        for (name, model) in before.models.iter().filter(|(_, model)| !model.rates.is_empty()) {
            limits.models.entry(name.clone()).or_default().rates.clone_from(&model.rates);
        }
        limits
    }

    /// The limits of something new.
    pub fn fresh(self) -> Limits {
        self.0
    }
}

impl Form {
    /// Fills limits in.
    pub fn with_limits(mut self, names: &LimitNames, limits: &Limits) -> Self {
        let money = |amount: Option<Nanos>| amount.map(Nanos::to_decimal).unwrap_or_default();
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        let windows = limits.windows.iter().map(|w| format!("{} {}", w.duration, w.max_budget.to_decimal()));
        let typed =
            |limits: &ModelLimits| ModelLimits { rates: Vec::new(), ..limits.clone() } != ModelLimits::default();
        let models = limits.models.iter().filter(|(_, limits)| typed(limits));
        let models = models.map(|(model, limits)| model_line(model, limits));
        let values = [
            (names.max_budget, money(limits.max_budget)),
            (names.soft_budget, money(limits.soft_budget)),
            (names.budget_duration, limits.budget_duration.as_ref().map(ToString::to_string).unwrap_or_default()),
            (names.windows, windows.collect::<Vec<_>>().join("\n")),
            (names.temporary_increase, money(limits.temporary_increase)),
            (names.temporary_until, limits.temporary_until.map(last_day).unwrap_or_default()),
            (names.tpm_limit, number(limits.tpm_limit)),
            (names.rpm_limit, number(limits.rpm_limit)),
            (names.tpd_limit, number(limits.tpd_limit)),
            (names.rpd_limit, number(limits.rpd_limit)),
            (names.max_parallel_requests, number(limits.max_parallel_requests)),
            (names.models, models.collect::<Vec<_>>().join("\n")),
            (names.shadow, limits.shadow.as_deref().map(shadow_line).unwrap_or_default()),
        ];
        self.extend(values.map(|(name, value)| (name.to_owned(), value)));
        self
    }

    /// Reads limits; what is wrong is told at its field.
    pub fn limits(&mut self, names: &LimitNames) -> TypedLimits {
        let limits = Limits {
            max_budget: self.money(names.max_budget),
            soft_budget: self.money(names.soft_budget),
            budget_duration: self.duration(names.budget_duration),
            windows: self.lines_of(names.windows, WINDOW, window),
            temporary_increase: self.money(names.temporary_increase),
            temporary_until: self.end_of_day(names.temporary_until),
            budget_since: None,
            tpm_limit: self.count_of(names.tpm_limit),
            rpm_limit: self.count_of(names.rpm_limit),
            tpd_limit: self.count_of(names.tpd_limit),
            rpd_limit: self.count_of(names.rpd_limit),
            max_parallel_requests: self.count_of(names.max_parallel_requests),
            rates: Vec::new(),
            models: BTreeMap::from_iter(self.lines_of(names.models, MODEL, model)),
            shadow: self.shadow(names.shadow),
        };
        // Half of a pair may be missing because it was refused already.
        if !self.is_refused()
            && let Err(error) = limits.check()
        {
            self.refuse_at(names.of(error.field), error.message);
        }
        TypedLimits(limits)
    }

    fn shadow(&mut self, name: &str) -> Option<Box<Limits>> {
        let text = self.get(name)?;
        let limits = if text == OTHER { Some(Limits::default()) } else { shadow(&text) };
        if limits.is_none() {
            self.refuse_at(name, SHADOW);
        }
        limits.map(Box::new)
    }

    fn duration(&mut self, name: &str) -> Option<BudgetDuration> {
        let text = self.get(name)?;
        let duration = BudgetDuration::parse(&text.to_lowercase());
        if duration.is_none() {
            self.refuse_at(name, DURATION);
        }
        duration
    }

    fn count_of(&mut self, name: &str) -> Option<i64> {
        let text = self.get(name)?;
        let number = whole(&text);
        if number.is_none() {
            self.refuse_at(name, "Write a whole number, such as 1000.");
        }
        number
    }

    fn lines_of<T>(&mut self, name: &str, problem: &str, read: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let text = self.typed(name);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let read: Option<Vec<T>> = lines.map(read).collect();
        if read.is_none() {
            self.refuse_at(name, problem);
        }
        read.unwrap_or_default()
    }
}

fn whole(text: &str) -> Option<i64> {
    text.replace([',', ' '], "").parse().ok().filter(|number| *number >= 0)
}

fn amount(text: &str) -> Option<Nanos> {
    text.trim_start_matches('$').replace(',', "").parse().ok().filter(|amount| *amount >= Nanos::ZERO)
}

/// `24h 10`
fn window(line: &str) -> Option<BudgetWindow> {
    let (duration, dollars) = line.split_once(char::is_whitespace)?;
    Some(BudgetWindow {
        duration: BudgetDuration::parse(&duration.to_lowercase())?,
        max_budget: amount(dollars.trim())?,
    })
}

/// `gpt-4o budget=50 per=30d tpm=100000 rpm=60`; the model's name may have spaces in it.
fn model(line: &str) -> Option<(String, ModelLimits)> {
    let mut limits = ModelLimits::default();
    let mut rest = line;
    while let Some((before, word)) = rest.rsplit_once(char::is_whitespace) {
        let Some((name, value)) = word.split_once('=') else { break };
        match name {
            "budget" => limits.max_budget = Some(amount(value)?),
            "per" => limits.budget_duration = Some(BudgetDuration::parse(&value.to_lowercase())?),
            "tpm" => limits.tpm_limit = Some(whole(value)?),
            "rpm" => limits.rpm_limit = Some(whole(value)?),
            _ => break,
        }
        rest = before.trim_end();
    }
    (limits != ModelLimits::default() && !rest.is_empty()).then(|| (rest.to_owned(), limits))
}

/// `budget=50 per=30d tpm=100000 rpm=60`
fn shadow(text: &str) -> Option<Limits> {
    // As for a model, without its name.
    let (name, of) = model(&format!("shadow {text}"))?;
    (name == "shadow").then(|| Limits {
        max_budget: of.max_budget,
        budget_duration: of.budget_duration,
        tpm_limit: of.tpm_limit,
        rpm_limit: of.rpm_limit,
        ..Limits::default()
    })
}

/// Stands for limits in shadow that a line can't say: left as it is, so are they.
const OTHER: &str = "other limits";

/// What [`shadow`] reads.
pub(super) fn shadow_line(limits: &Limits) -> String {
    let of = ModelLimits {
        max_budget: limits.max_budget,
        budget_duration: limits.budget_duration.clone(),
        tpm_limit: limits.tpm_limit,
        rpm_limit: limits.rpm_limit,
        ..ModelLimits::default()
    };
    let line = model_line("", &of);
    if line.is_empty() { OTHER.to_owned() } else { line.trim_start().to_owned() }
}

/// What [`model`] reads.
pub(super) fn model_line(model: &str, limits: &ModelLimits) -> String {
    let parts = [
        limits.max_budget.map(|amount| format!("budget={}", amount.to_decimal())),
        limits.budget_duration.as_ref().map(|duration| format!("per={duration}")),
        limits.tpm_limit.map(|number| format!("tpm={number}")),
        limits.rpm_limit.map(|number| format!("rpm={number}")),
    ];
    parts.into_iter().flatten().fold(model.to_owned(), |line, part| format!("{line} {part}"))
}

/// The last day before this moment, in UTC: `2027-01-31`.
pub(super) fn last_day(until: Timestamp) -> String {
    let text = Timestamp(until.0 - 1).to_rfc3339();
    text.get(..10).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use tollgate_domain::ledger::{Period, RateKind};
    use tollgate_domain::limits::RateLimit;

    use super::*;

    fn all() -> Limits {
        Limits {
            max_budget: Some(Nanos(200_000_000_001)),
            soft_budget: Some(Nanos(0)),
            budget_duration: BudgetDuration::parse("monthly"),
            windows: vec![BudgetWindow {
                duration: BudgetDuration::parse("24h").unwrap(),
                max_budget: Nanos(10_500_000_000),
            }],
            temporary_increase: Some(Nanos(1)),
            temporary_until: Timestamp::parse_rfc3339("2027-02-01T15:30:00Z"),
            tpm_limit: Some(i64::MAX),
            rpm_limit: Some(0),
            tpd_limit: Some(7),
            rpd_limit: Some(8),
            max_parallel_requests: Some(3),
            models: BTreeMap::from([
                (
                    "gpt 4o=x".to_owned(),
                    ModelLimits { max_budget: Some(Nanos(42)), tpm_limit: Some(5), ..ModelLimits::default() },
                ),
                (
                    "o3".to_owned(),
                    ModelLimits {
                        budget_duration: BudgetDuration::parse("7d"),
                        rpm_limit: Some(0),
                        ..ModelLimits::default()
                    },
                ),
            ]),
            // What no form has stays as it was.
            budget_since: Some(Timestamp(7)),
            rates: vec![RateLimit { kind: RateKind::Tokens, period: Period::Hour, limit: 9 }],
            shadow: Some(Box::new(Limits { max_budget: Some(Nanos(1)), rpm_limit: Some(2), ..Limits::default() })),
        }
    }

    #[test]
    fn what_is_filled_in_is_read_back_exactly() {
        for names in [LimitNames::OWN, LimitNames::MEMBER] {
            for limits in [all(), Limits::default()] {
                let mut form = Form::default().with_limits(&names, &limits);
                let read = form.limits(&names).over(&limits);
                assert_eq!((read, form.is_refused()), (limits, false));
            }
        }
    }

    #[test]
    fn two_sets_do_not_mix() {
        let mut form =
            Form::default().with_limits(&LimitNames::OWN, &all()).with_limits(&LimitNames::MEMBER, &Limits::default());
        assert!(form.limits(&LimitNames::MEMBER).fresh().is_empty());
    }

    #[test]
    fn another_day_is_another_end() {
        let mut form = Form::default().with_limits(&LimitNames::OWN, &all());
        form.extend([("temporary_until".to_owned(), "2027-02-02".to_owned())]);
        let read = form.limits(&LimitNames::OWN).over(&all());
        assert_eq!(read.temporary_until, Timestamp::parse_rfc3339("2027-02-03T00:00:00Z"));
    }

    #[test]
    fn what_is_wrong_is_told_at_its_field() {
        for (name, text) in [
            ("max_budget", "-1"),
            ("max_budget", "1.0000000001"),
            ("budget_duration", "1y"),
            ("tpm_limit", "1.5"),
            ("budget_windows", "24h"),
            ("budget_windows", "10 24h"),
            ("model_limits", "gpt-4o"),
            ("model_limits", "budget=5"),
            ("model_limits", "gpt-4o budget=a"),
            ("temporary_increase", "5"),
            ("shadow_limits", "soon"),
            ("shadow_limits", "budget=soon"),
        ] {
            let mut form = Form::filled([(name, text.to_owned())]);
            form.limits(&LimitNames::OWN);
            assert!(!form.problem(name).is_empty(), "{name}={text}");
        }
    }
}
