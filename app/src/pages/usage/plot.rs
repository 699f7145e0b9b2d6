//! The plot of usage: what each day cost, the dearest told apart.

use tollgate_domain::Nanos;
use tollgate_domain::report::Dimension;
use tollgate_domain::summary::Period;

use super::words::words;
use crate::api::UsageView;
use crate::charts::{Colour, Kind, Palette, PlotData, Series, Unit};

/// Spend by day, a layer for each of the dearest and one for the rest.
pub fn plot(view: &UsageView, period: &str) -> PlotData {
    let names: Vec<&str> = view.layers.iter().filter_map(|layer| layer.name.as_deref()).collect();
    // Models have the same colours as on the overview.
    let palette = if view.by == Dimension::Model {
        Palette::new(view.models.iter().map(String::as_str), names.iter().copied())
    } else {
        Palette::new(names.iter().copied(), [])
    };
    let series: Vec<Series> = view
        .layers
        .iter()
        .map(|layer| {
            let total = layer.costs.iter().fold(0_i64, |sum, cost| sum.saturating_add(cost.0));
            let (name, colour) = match &layer.name {
                Some(name) => (name.clone(), palette.of(name)),
                None if names.is_empty() => ("Spend".to_owned(), Colour::Accent),
                None => ("Others".to_owned(), Colour::Neutral),
            };
            Series { name, colour, values: layer.costs.iter().map(|cost| Some(cost.0)).collect(), total: Some(total) }
        })
        .collect();
    let dearest = view.layers.first().and_then(|layer| layer.name.as_deref()).filter(|_| names.len() > 1);
    let dearest = dearest.map(|name| format!(" Most of it on {name}.")).unwrap_or_default();
    let total = Nanos(series.iter().filter_map(|series| series.total).fold(0, i64::saturating_add));
    PlotData {
        id: "usage",
        title: words(view.by).spend,
        description: format!("{period}: {} in all.{dearest}", total.display()),
        unit: Unit::Money,
        kind: Kind::Stacked,
        period: Period::Month,
        steps: view.days.clone(),
        series,
        empty: "Nothing was spent in this period.",
    }
}
