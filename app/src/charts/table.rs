//! The numbers behind a plot, for those who read rather than look, and for the tooltip.

use tollgate_domain::summary::Period;

use super::html::Html;
use super::plot::{Kind, PlotData};
use super::time::step_name;

/// Steps without any value are left out.
pub fn write(plot: &PlotData, html: &mut Html) {
    html.open("details", &[("class", &"plot-table")]);
    html.leaf("summary", &[], "Show the numbers");
    let label = format!("{}: the numbers", plot.title);
    html.open("div", &[("class", &"table-wrap"), ("tabindex", &0), ("role", &"region"), ("aria-label", &label)]);
    html.open("table", &[("class", &"table")]).open("thead", &[]).open("tr", &[]);
    html.leaf("th", &[("scope", &"col")], "Time (UTC)");
    for series in &plot.series {
        html.leaf("th", &[("scope", &"col"), ("class", &"num")], &series.name);
    }
    html.close("tr").close("thead").open("tbody", &[]);
    let last = plot.steps.len().saturating_sub(1);
    for (step, at) in plot.steps.iter().enumerate() {
        let values = || plot.series.iter().map(|series| series.values.get(step).copied().flatten());
        let nothing = values().all(|value| match plot.kind {
            Kind::Stacked => value.unwrap_or_default() == 0,
            Kind::Lines => value.is_none(),
        });
        if nothing {
            continue;
        }
        html.open("tr", &[("data-step", &step)]);
        let name = step_name(plot.period, *at);
        let name = if step == last { format!("{name}, so far") } else { name };
        match plot.period {
            Period::Hour | Period::Day => html.leaf("th", &[("scope", &"row"), ("data-at", &at.0)], &name),
            Period::Week | Period::Month => html.leaf("th", &[("scope", &"row")], &name),
        };
        for value in values() {
            let text = value.map_or_else(|| "–".to_owned(), |value| plot.unit.text(value));
            html.leaf("td", &[("class", &"num")], &text);
        }
        html.close("tr");
    }
    html.close("tbody").close("table").close("div").close("details");
}
