//! What the page about usage asks: sums by one dimension, and how they came about day by day.

use std::collections::HashMap;

use tollgate_control::{Control, ControlError, OpContext, usage};
use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::report::{Dimension, Measures, Totals, TotalsOf, UsageFilter, UsageRow};
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_domain::{Nanos, Timestamp};

use super::ServerError;
use super::choices::meant;
use super::requests::find_key;
use crate::kit::ListQuery;

/// Lines of the page; a file has more.
const LINES: u32 = 500;

/// How many have a layer of their own in the plot.
const LAYERS: usize = 7;

/// More days than any period has.
const DAYS: u32 = 400;

const DAY_SECONDS: i64 = 86_400;

/// Which days a report is about, all of them whole, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsagePeriod {
    Week,
    /// 30 days.
    Month,
    /// From the first of this month.
    ThisMonth,
    LastMonth,
    /// 90 days.
    Quarter,
    /// 365 days.
    Year,
}

impl UsagePeriod {
    pub const ALL: [Self; 6] = [Self::Week, Self::Month, Self::ThisMonth, Self::LastMonth, Self::Quarter, Self::Year];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Week => "7d",
            Self::Month => "30d",
            Self::ThisMonth => "month",
            Self::LastMonth => "last-month",
            Self::Quarter => "90d",
            Self::Year => "365d",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.as_str() == text)
    }

    /// The beginning of its first day, and the end of its last.
    pub fn days(self, now: Timestamp) -> (Timestamp, Timestamp) {
        let today = now.plus_seconds(-now.0.div_euclid(Timestamp::MICROS_PER_SECOND).rem_euclid(DAY_SECONDS));
        let today = Timestamp(today.0 - today.0.rem_euclid(Timestamp::MICROS_PER_SECOND));
        let end = today.plus_seconds(DAY_SECONDS);
        let last = |days: i64| (end.plus_seconds(-days * DAY_SECONDS), end);
        match self {
            Self::Week => last(7),
            Self::Month => last(30),
            Self::Quarter => last(90),
            Self::Year => last(365),
            Self::ThisMonth => (first_of_month(today), end),
            Self::LastMonth => {
                let end = first_of_month(today);
                (first_of_month(end.plus_seconds(-DAY_SECONDS)), end)
            }
        }
    }
}

/// The first moment of the month that a day is in.
fn first_of_month(day: Timestamp) -> Timestamp {
    let text = day.to_rfc3339();
    let number = text.get(8..10).and_then(|digits| digits.parse::<i64>().ok()).unwrap_or(1);
    day.plus_seconds((1 - number) * DAY_SECONDS)
}

/// What an address asks for.
#[derive(Clone, Debug)]
pub struct WantedUsage {
    pub by: Dimension,
    pub filter: UsageFilter,
    /// What the filters' values are called, by their names.
    pub names: Vec<(&'static str, Option<String>)>,
}

/// A line: the id of what it is about, what that is called, and its sums.
#[derive(Clone, Debug, PartialEq)]
pub struct UsageLine {
    /// Empty: calls that have none.
    pub id: String,
    /// `None`: nothing but its id.
    pub name: Option<String>,
    pub measures: Measures,
}

/// A layer of the plot: a value for each day.
#[derive(Clone, Debug, PartialEq)]
pub struct UsageLayer {
    /// `None`: all the rest.
    pub name: Option<String>,
    pub costs: Vec<Nanos>,
}

/// Sums by one dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct UsageView {
    pub by: Dimension,
    /// The dearest first; days in their order, the newest first.
    pub lines: Vec<UsageLine>,
    /// There are more lines than these.
    pub more: bool,
    /// Of all calls that match, also those that no line counts.
    pub total: Measures,
    pub days: Vec<Timestamp>,
    pub layers: Vec<UsageLayer>,
    /// What the filters' values are called, by their names.
    pub names: Vec<(&'static str, Option<String>)>,
    /// What to offer in the filter.
    pub models: Vec<String>,
}

/// What the filters of an address mean. Names are looked up, so that one may type a team's name or a key's alias.
pub async fn wanted_usage(control: &Control, op: &OpContext, list: &ListQuery) -> Result<WantedUsage, ServerError> {
    let by = list.get("by").and_then(|text| Dimension::parse(&text)).unwrap_or(Dimension::Model);
    let period = list.get("period").and_then(|text| UsagePeriod::parse(&text)).unwrap_or(UsagePeriod::Month);
    let (since, until) = period.days(control.clock().now());
    let mut names = Vec::new();
    let mut filter = UsageFilter {
        since,
        until,
        models: list.get("model").into_iter().collect(),
        providers: list.get("provider").into_iter().collect(),
        customers: list.get("customer").into_iter().collect(),
        tags: list.get("tag").into_iter().collect(),
        ..UsageFilter::default()
    };
    if let Some(text) = list.get("key") {
        let (id, label) = find_key(control, op, &text).await?.map_or((text, None), |(id, label)| (id, Some(label)));
        names.push(("key", label));
        filter.keys.push(id);
    }
    for (name, dimension) in
        [("team", Dimension::Team), ("organisation", Dimension::Organisation), ("user", Dimension::User)]
    {
        let Some(text) = list.get(name) else { continue };
        let id = match dimension {
            Dimension::Team => meant::<Team>(control, op, text).await?,
            Dimension::Organisation => meant::<Organisation>(control, op, text).await?,
            _ => meant::<User>(control, op, text).await?,
        };
        let ids = vec![id.clone()];
        names.push((name, usage::names(control, dimension, &ids).await?.remove(&id)));
        match dimension {
            Dimension::Team => filter.teams = ids,
            Dimension::Organisation => filter.organisations = ids,
            _ => filter.users = ids,
        }
    }
    Ok(WantedUsage { by, filter, names })
}

/// What these used, ever: for those whose calls the actor may see.
pub(super) async fn totals_of(
    control: &Control,
    op: &OpContext,
    kind: TotalsOf,
    things: impl IntoIterator<Item = (String, Place)>,
) -> Result<HashMap<String, Totals>, ControlError> {
    let seen = things.into_iter().filter(|(_, place)| op.may(Action::Read, Resource::Request, place));
    let ids: Vec<String> = seen.map(|(id, _)| id).collect();
    let mut used = usage::totals_of(control, kind, &ids).await?;
    Ok(ids.into_iter().map(|id| (id.clone(), used.remove(&id).unwrap_or_default())).collect())
}

/// The same filter, narrowed down to some values of a dimension.
fn narrowed(filter: &UsageFilter, by: Dimension, values: Vec<String>) -> UsageFilter {
    let mut filter = filter.clone();
    match by {
        Dimension::Day => {}
        Dimension::Key => filter.keys = values,
        Dimension::User => filter.users = values,
        Dimension::Team => filter.teams = values,
        Dimension::Organisation => filter.organisations = values,
        Dimension::Model => filter.models = values,
        Dimension::Provider => filter.providers = values,
        Dimension::Customer => filter.customers = values,
        Dimension::Tag => filter.tags = values,
    }
    filter
}

/// Sums by one dimension, and how the dearest came about.
pub async fn load_usage(list: ListQuery) -> Result<UsageView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let WantedUsage { by, filter, names } = wanted_usage(&control, &op, &list).await?;
    let mut rows = usage::report(&control, &op, &filter, &[by], LINES + 1).await?;
    let most = usize::try_from(LINES).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    if by == Dimension::Day {
        rows.sort_by(|a, b| b.group.cmp(&a.group));
    }
    let ids: Vec<String> = rows.iter().filter_map(|row| row.group.first().cloned()).collect();
    let mut called = usage::names(&control, by, &ids).await?;
    let total = usage::report(&control, &op, &filter, &[], 1).await?;
    let total = total.first().map(|row| row.measures).unwrap_or_default();
    let lines: Vec<UsageLine> = rows
        .into_iter()
        .map(|UsageRow { group, measures }| {
            let id = group.into_iter().next().unwrap_or_default();
            UsageLine { name: called.remove(&id), id, measures }
        })
        .collect();
    let days = days_between(filter.since, filter.until);
    let layers = layers(&control, &op, by, &filter, &lines, &days).await?;
    let models = super::keys::model_names(&control, &op).await?;
    Ok(UsageView { by, lines, more, total, days, layers, names, models })
}

fn days_between(since: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    std::iter::successors(Some(since), |day| Some(day.plus_seconds(DAY_SECONDS)))
        .take_while(|day| *day < until)
        .collect()
}

/// The dearest, day by day; on top of them the rest, where lines don't overlap and leave nothing out.
async fn layers(
    control: &Control,
    op: &OpContext,
    by: Dimension,
    filter: &UsageFilter,
    lines: &[UsageLine],
    days: &[Timestamp],
) -> Result<Vec<UsageLayer>, ControlError> {
    let named = |line: &&UsageLine| by != Dimension::Day && !line.id.is_empty() && line.measures.cost > Nanos::ZERO;
    let top: Vec<&UsageLine> = lines.iter().filter(named).take(LAYERS).collect();
    let mut layers = Vec::with_capacity(top.len() + 1);
    if !top.is_empty() {
        let values = top.iter().map(|line| line.id.clone()).collect();
        let most = u32::try_from(LAYERS).unwrap_or(u32::MAX).saturating_mul(DAYS);
        let rows = usage::report(control, op, &narrowed(filter, by, values), &[by, Dimension::Day], most).await?;
        for line in top {
            let own = rows.iter().filter(|row| row.group.first() == Some(&line.id));
            let costs = by_day(own.map(|row| (row.group.get(1), row.measures.cost)), days);
            layers.push(UsageLayer { name: Some(line.name.clone().unwrap_or_else(|| line.id.clone())), costs });
        }
    }
    if !matches!(by, Dimension::Customer | Dimension::Tag) {
        let rows = usage::report(control, op, filter, &[Dimension::Day], DAYS).await?;
        let mut rest = by_day(rows.iter().map(|row| (row.group.first(), row.measures.cost)), days);
        for layer in &layers {
            for (rest, cost) in rest.iter_mut().zip(&layer.costs) {
                rest.0 = rest.0.saturating_sub(cost.0);
            }
        }
        if rest.iter().any(|cost| cost.0 > 0) {
            layers.push(UsageLayer { name: None, costs: rest });
        }
    }
    Ok(layers)
}

/// What each of the days cost.
fn by_day<'a>(rows: impl Iterator<Item = (Option<&'a String>, Nanos)>, days: &[Timestamp]) -> Vec<Nanos> {
    let mut costs = vec![Nanos::ZERO; days.len()];
    for (day, cost) in rows {
        let at = day.and_then(|day| crate::kit::parse_day(day)).and_then(|day| days.binary_search(&day).ok());
        if let Some(sum) = at.and_then(|at| costs.get_mut(at)) {
            sum.0 = sum.0.saturating_add(cost.0);
        }
    }
    costs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Timestamp {
        crate::kit::parse_day(text).unwrap()
    }

    #[test]
    fn periods_are_whole_days() {
        let now = Timestamp::parse_rfc3339("2026-03-01T13:05:07.123Z").unwrap();
        let end = day("2026-03-02");
        assert_eq!(UsagePeriod::Week.days(now), (day("2026-02-23"), end));
        assert_eq!(UsagePeriod::Month.days(now), (day("2026-01-31"), end));
        assert_eq!(UsagePeriod::ThisMonth.days(now), (day("2026-03-01"), end));
        assert_eq!(UsagePeriod::LastMonth.days(now), (day("2026-02-01"), day("2026-03-01")));
        assert_eq!(UsagePeriod::Year.days(now), (day("2025-03-02"), end));
        let days = days_between(day("2026-02-27"), end);
        assert_eq!(days, [day("2026-02-27"), day("2026-02-28"), day("2026-03-01")]);
    }

    #[test]
    fn each_period_has_a_name_of_its_own() {
        for period in UsagePeriod::ALL {
            assert_eq!(UsagePeriod::parse(period.as_str()), Some(period));
        }
    }
}
