//! The overview's plots, from its sums.

use std::collections::HashMap;

use tollgate_domain::Nanos;
use tollgate_domain::summary::{Overview, Period};

use super::period_name;
use crate::api::OverviewView;
use crate::charts::{Colour, Kind, Palette, PlotData, Series, Unit};
use crate::components::{count_text, millis_text};

/// How many models have a layer of their own.
const LAYERS: usize = 7;

/// The period's dearest models, the dearest first.
fn dearest(overview: &Overview) -> Vec<(String, Nanos)> {
    let mut totals: HashMap<&str, i64> = HashMap::new();
    for (model, cost) in overview.steps.iter().flat_map(|step| &step.cost_by_model) {
        let total = totals.entry(model).or_default();
        *total = total.saturating_add(cost.0);
    }
    let mut totals: Vec<_> = totals.into_iter().filter(|(_, total)| *total > 0).collect();
    totals.sort_by(|a, b| (b.1, a.0).cmp(&(a.1, b.0)));
    totals.truncate(LAYERS);
    totals.into_iter().map(|(model, total)| (model.to_owned(), Nanos(total))).collect()
}

/// The colours of every model that is configured or seen.
pub fn palette(view: &OverviewView) -> Palette {
    let seen = view.overview.steps.iter().flat_map(|step| &step.cost_by_model).map(|(model, _)| model.as_str());
    let top = view.overview.top_models.iter().map(|share| share.id.as_str());
    Palette::new(view.models.iter().map(String::as_str), seen.chain(top))
}

/// Spend by model, the dearest at the bottom; the rest on top.
pub fn spend(overview: &Overview, period: Period, palette: &Palette) -> PlotData {
    let models = dearest(overview);
    let mut rest: Vec<i64> = overview.steps.iter().map(|step| step.cost.0).collect();
    let mut series = Vec::with_capacity(models.len() + 1);
    for (model, total) in &models {
        let values = model_costs(overview, model);
        for (rest, value) in rest.iter_mut().zip(&values) {
            *rest = rest.saturating_sub(*value);
        }
        let values = values.into_iter().map(Some).collect();
        series.push(Series { name: model.clone(), colour: palette.of(model), values, total: Some(total.0) });
    }
    let others = rest.iter().copied().fold(0, i64::saturating_add);
    if others > 0 {
        let values = rest.into_iter().map(Some).collect();
        series.push(Series { name: "Others".to_owned(), colour: Colour::Neutral, values, total: Some(others) });
    }
    let most = models.first().map(|(model, total)| format!(" Most of it, {}, on {model}.", total.display()));
    PlotData {
        id: "spend",
        title: "Spend by model",
        description: format!(
            "{}: {} in all.{}",
            period_name(period),
            overview.cost.display(),
            most.filter(|_| models.len() > 1).unwrap_or_default()
        ),
        unit: Unit::Money,
        kind: Kind::Stacked,
        period,
        steps: overview.steps.iter().map(|step| step.start).collect(),
        series,
        empty: "Nothing was spent in this period.",
    }
}

/// What a model cost, one value a step.
pub fn model_costs(overview: &Overview, model: &str) -> Vec<i64> {
    let cost = |costs: &[(String, Nanos)]| costs.iter().find(|(name, _)| name == model).map_or(0, |(_, cost)| cost.0);
    overview.steps.iter().map(|step| cost(&step.cost_by_model)).collect()
}

/// What these models cost together.
pub fn cost_of(overview: &Overview, models: &[String]) -> Nanos {
    let costs = overview.steps.iter().flat_map(|step| &step.cost_by_model);
    let costs = costs.filter(|(model, _)| models.contains(model)).map(|(_, cost)| cost.0);
    Nanos(costs.fold(0, i64::saturating_add))
}

/// Calls by how they ended, the answered ones at the bottom.
pub fn calls(overview: &Overview, period: Period) -> PlotData {
    let series = |name: &str, colour, value: fn(i64, i64, i64) -> i64| {
        let of = |calls, errors, refused| value(calls, errors, refused).max(0);
        Series {
            name: name.to_owned(),
            colour,
            values: overview.steps.iter().map(|step| Some(of(step.calls, step.errors, step.refused))).collect(),
            total: Some(of(overview.calls, overview.errors, overview.refused)),
        }
    };
    PlotData {
        id: "calls",
        title: "Calls",
        description: format!(
            "{}: {} calls, {} of which failed or were refused.",
            period_name(period),
            count_text(overview.calls),
            count_text(overview.errors)
        ),
        unit: Unit::Count,
        kind: Kind::Stacked,
        period,
        steps: overview.steps.iter().map(|step| step.start).collect(),
        series: vec![
            series("Answered", Colour::Accent, |calls, errors, _| calls - errors),
            series("Refused", Colour::Warning, |_, _, refused| refused),
            series("Failed", Colour::Bad, |_, errors, refused| errors - refused),
        ],
        empty: "No calls in this period.",
    }
}

/// How long calls took: the middle, and the slow end.
pub fn latency(overview: &Overview, period: Period) -> PlotData {
    let series = |name: &str, colour, value: fn(&tollgate_domain::summary::Step) -> Option<f64>, total: Option<f64>| {
        let values = overview.steps.iter().map(|step| value(step).map(micros)).collect();
        Series { name: name.to_owned(), colour, values, total: total.map(micros) }
    };
    let told = |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), millis_text);
    PlotData {
        id: "latency",
        title: "Latency",
        description: format!(
            "{}: half of the calls took less than {}, 19 of 20 less than {}.",
            period_name(period),
            told(overview.latency_p50_ms),
            told(overview.latency_p95_ms)
        ),
        unit: Unit::Time,
        kind: Kind::Lines,
        period,
        steps: overview.steps.iter().map(|step| step.start).collect(),
        series: vec![
            series("p50", Colour::Accent, |step| step.latency_p50_ms, overview.latency_p50_ms),
            series("p95", Colour::Neutral, |step| step.latency_p95_ms, overview.latency_p95_ms),
        ],
        empty: "No calls in this period.",
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to what fits first")]
fn micros(millis: f64) -> i64 {
    (millis * 1000.0).round().clamp(0.0, 1e15) as i64
}

#[cfg(test)]
mod tests {
    use tollgate_domain::Timestamp;
    use tollgate_domain::summary::Step;

    use super::*;

    fn step(costs: &[(&str, i64)], unlisted: i64) -> Step {
        Step {
            start: Timestamp(0),
            cost: Nanos(costs.iter().map(|(_, cost)| cost).sum::<i64>() + unlisted),
            cost_by_model: costs.iter().map(|(model, cost)| ((*model).to_owned(), Nanos(*cost))).collect(),
            calls: 10,
            errors: 3,
            refused: 1,
            ..Step::default()
        }
    }

    fn overview(steps: Vec<Step>) -> Overview {
        Overview { cost: Nanos(steps.iter().map(|step| step.cost.0).sum()), steps, ..Overview::default() }
    }

    #[test]
    fn the_layers_add_up_to_the_whole() {
        let names: Vec<String> = (0..12).map(|i| format!("m{i}")).collect();
        let costs: Vec<_> = names.iter().zip(1_i64..).map(|(name, cost)| (name.as_str(), cost)).collect();
        let overview = overview(vec![step(&costs, 5), step(&costs[..3], 0)]);
        let plot = spend(&overview, Period::Day, &Palette::default());
        assert_eq!(plot.series.len(), LAYERS + 1);
        assert_eq!((plot.series[0].name.as_str(), plot.series[7].name.as_str()), ("m11", "Others"));
        for (i, step) in overview.steps.iter().enumerate() {
            let sum: i64 = plot.series.iter().filter_map(|series| series.values[i]).sum();
            assert_eq!(sum, step.cost.0);
        }
        assert_eq!(plot.series.iter().filter_map(|series| series.total).sum::<i64>(), overview.cost.0);
    }

    #[test]
    fn made_up_money_is_told_apart() {
        let overview =
            overview(vec![step(&[("gpt-4o", 5), ("simulator/echo", 2)], 0), step(&[("simulator/echo", 3)], 0)]);
        assert_eq!(cost_of(&overview, &["simulator/echo".to_owned()]), Nanos(5));
        assert_eq!(cost_of(&overview, &[]), Nanos(0));
    }

    #[test]
    fn without_a_rest_there_is_no_layer_for_it() {
        let plot = spend(&overview(vec![step(&[("a", 1), ("b", 2)], 0)]), Period::Day, &Palette::default());
        assert_eq!(plot.series.iter().map(|series| series.name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    }

    #[test]
    fn calls_are_cut_into_answered_failed_and_refused() {
        let plot = calls(&overview(vec![step(&[], 0)]), Period::Day);
        let values: Vec<_> = plot.series.iter().map(|series| (series.name.as_str(), series.values[0])).collect();
        assert_eq!(values, [("Answered", Some(7)), ("Refused", Some(1)), ("Failed", Some(2))]);
    }
}
