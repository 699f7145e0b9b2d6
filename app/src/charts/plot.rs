//! One plot: heading, legend, axes, marks, and the table behind it.
//!
//! The drawing area is as wide as its place and of a fixed height. Marks are in a nested SVG that stretches with it
//! (one unit wide a step, [`HEIGHT`] units high); texts are outside of that one and never stretch, so they are as
//! readable on a phone as on a desk.

use leptos::prelude::*;
use tollgate_domain::Timestamp;
use tollgate_domain::summary::Period;

use super::html::Html;
use super::marks;
use super::palette::Colour;
use super::scale::Scale;
use super::unit::Unit;
use super::{table, time};

/// The height of the drawing area in its own units.
pub(super) const HEIGHT: i64 = 1000;

/// How the values are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bars, the series on top of one another: for what adds up.
    Stacked,
    /// Lines, with gaps where there is no value: for what does not.
    Lines,
}

/// A line, or a layer of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    pub name: String,
    pub colour: Colour,
    /// One a step.
    pub values: Vec<Option<i64>>,
    /// Beside the name in the legend: the sum, or what stands for the whole period.
    pub total: Option<i64>,
}

/// What a plot shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlotData {
    /// Unique in its page: letters and hyphens.
    pub id: &'static str,
    pub title: &'static str,
    /// What a reader sees in it, in one or two sentences.
    pub description: String,
    pub unit: Unit,
    pub kind: Kind,
    pub period: Period,
    pub steps: Vec<Timestamp>,
    pub series: Vec<Series>,
    /// Shown in place of marks where there are no values.
    pub empty: &'static str,
}

/// Draws `plot`.
#[component]
pub fn Plot(plot: PlotData) -> impl IntoView {
    view! { <figure class="plot" data-plot="" data-whole="" inner_html=plot.into_html()></figure> }
}

impl PlotData {
    fn scale(&self) -> Scale {
        let values = |step: usize| self.series.iter().filter_map(move |s| s.values.get(step).copied().flatten());
        let steps = 0..self.steps.len();
        let max = match self.kind {
            Kind::Stacked => steps.map(|step| values(step).fold(0, i64::saturating_add)).max(),
            Kind::Lines => steps.filter_map(|step| values(step).max()).max(),
        };
        Scale::up_to(max.unwrap_or_default())
    }

    fn is_empty(&self) -> bool {
        let something = |value: &Option<i64>| match self.kind {
            Kind::Stacked => value.is_some_and(|value| value != 0),
            Kind::Lines => value.is_some(),
        };
        !self.series.iter().any(|series| series.values.iter().any(something))
    }

    fn into_html(self) -> String {
        let mut html = Html::default();
        html.open("figcaption", &[("class", &"plot-head")]);
        html.leaf("h2", &[], self.title);
        if self.is_empty() {
            html.close("figcaption");
            html.leaf("p", &[("class", &"plot-empty")], self.empty);
            return html.finish();
        }
        self.legend(&mut html);
        html.close("figcaption");
        let scale = self.scale();
        html.open("div", &[("class", &"plot-body")]);
        html.open("ol", &[("class", &"axis-y"), ("aria-hidden", &"true")]);
        for tick in scale.ticks().rev() {
            html.leaf("li", &[], &self.unit.tick(tick, scale));
        }
        html.close("ol").open("div", &[("class", &"plot-area")]);
        self.canvas(scale, &mut html);
        self.time_axis(&mut html);
        html.close("div").close("div");
        table::write(&self, &mut html);
        html.finish()
    }

    fn legend(&self, html: &mut Html) {
        html.open("ul", &[("class", &"legend")]);
        for (i, series) in self.series.iter().enumerate() {
            html.open("li", &[("data-series", &i)]);
            marks::swatch(self.kind, series.colour, html);
            html.leaf("span", &[("class", &"legend-name")], &series.name);
            if let Some(total) = series.total {
                html.leaf("span", &[("class", &"legend-value")], &self.unit.text(total));
            }
            html.close("li");
        }
        html.close("ul");
    }

    fn canvas(&self, scale: Scale, html: &mut Html) {
        let (title, description) = (format!("{}-title", self.id), format!("{}-description", self.id));
        html.open(
            "svg",
            &[
                ("class", &"plot-canvas"),
                ("role", &"img"),
                ("aria-labelledby", &title),
                ("aria-describedby", &description),
            ],
        );
        html.leaf("title", &[("id", &title)], self.title);
        html.leaf("desc", &[("id", &description)], &self.description);
        for tick in scale.ticks() {
            // In tenths of a percent, from the top.
            let y = HEIGHT - scale.position(tick, HEIGHT);
            let y = format!("{}.{}%", y / 10, y % 10);
            let class = if tick == 0 { "base" } else { "grid" };
            html.open("line", &[("class", &class), ("x2", &"100%"), ("y1", &y), ("y2", &y)]).close("line");
        }
        let view_box = format!("0 0 {} {HEIGHT}", self.steps.len().max(1));
        html.open(
            "svg",
            &[
                ("class", &"marks"),
                ("viewBox", &view_box),
                ("preserveAspectRatio", &"none"),
                ("width", &"100%"),
                ("height", &"100%"),
            ],
        );
        match self.kind {
            Kind::Stacked => marks::bars(&self.series, self.steps.len(), scale, html),
            Kind::Lines => marks::lines(&self.series, scale, html),
        }
        html.close("svg").close("svg");
    }

    fn time_axis(&self, html: &mut Html) {
        html.open("svg", &[("class", &"axis-x"), ("aria-hidden", &"true")]);
        let steps = self.steps.len().max(1);
        for (i, label) in time::labels(self.period, &self.steps).iter().enumerate() {
            // The middle of the step, in tenths of a percent.
            let x = (2 * label.step + 1) * 500 / steps;
            let x = format!("{}.{}%", x / 10, x % 10);
            let class = if i % 2 == 1 { "tick odd" } else { "tick" };
            match label.clock {
                Some(at) => {
                    html.leaf("text", &[("class", &class), ("x", &x), ("y", &12), ("data-clock", &at.0)], &label.text)
                }
                None => html.leaf("text", &[("class", &class), ("x", &x), ("y", &12)], &label.text),
            };
        }
        html.close("svg");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(kind: Kind, series: Vec<Series>) -> PlotData {
        PlotData {
            id: "test",
            title: "Spend",
            description: "It rises.".to_owned(),
            unit: Unit::Money,
            kind,
            period: Period::Hour,
            steps: (0..4).map(|i| Timestamp(i * 60_000_000)).collect(),
            series,
            empty: "Nothing yet.",
        }
    }

    fn series(name: &str, values: [Option<i64>; 4]) -> Series {
        Series { name: name.to_owned(), colour: Colour::Accent, values: values.into(), total: None }
    }

    #[test]
    fn a_stack_is_as_high_as_the_sum_and_lines_as_the_largest() {
        let both = || vec![series("a", [Some(30), None, Some(1), None]), series("b", [Some(40), None, None, None])];
        assert_eq!(plot(Kind::Stacked, both()).scale().top, 80);
        assert_eq!(plot(Kind::Lines, both()).scale().top, 40);
    }

    #[test]
    fn without_values_there_is_a_sentence_and_no_axis() {
        for kind in [Kind::Stacked, Kind::Lines] {
            let html = plot(kind, vec![series("a", [None; 4])]).into_html();
            assert!(html.contains("Nothing yet.") && !html.contains("<svg"), "{html}");
        }
        let zeros = plot(Kind::Stacked, vec![series("a", [Some(0); 4])]);
        assert!(zeros.is_empty());
    }

    #[test]
    fn a_models_name_can_not_become_markup() {
        let html = plot(Kind::Stacked, vec![series("<img src=x>", [Some(1); 4])]).into_html();
        assert!(!html.contains("<img") && html.contains("&lt;img"), "{html}");
    }

    #[test]
    fn the_picture_has_a_name_a_description_and_its_numbers() {
        let html = plot(Kind::Lines, vec![series("p50", [Some(5), None, Some(7), None])]).into_html();
        assert!(html.contains(r#"aria-labelledby="test-title""#) && html.contains("It rises."), "{html}");
        assert!(html.contains("<table") && html.contains("$0.000000007"), "{html}");
    }
}
