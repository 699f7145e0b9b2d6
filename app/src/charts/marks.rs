//! The marks of a plot: one path a series, in units of a step wide and [`HEIGHT`] high.

use std::fmt::Write as _;

use super::html::Html;
use super::palette::Colour;
use super::plot::{HEIGHT, Kind, Series};
use super::scale::Scale;

/// What is not nothing is at least so high: one error among ten thousand calls must be seen.
const LEAST: i64 = 8;

/// The heights of a series, one a step.
fn heights(series: &Series, steps: usize, scale: Scale) -> Vec<i64> {
    let mut heights: Vec<_> = series
        .values
        .iter()
        .map(|value| match value.unwrap_or_default() {
            ..=0 => 0,
            value => scale.position(value, HEIGHT).max(LEAST),
        })
        .collect();
    heights.resize(steps, 0);
    heights
}

/// Bars on top of one another. The heights go along for the script that takes a series out of the stack.
pub fn bars(series: &[Series], steps: usize, scale: Scale, html: &mut Html) {
    // Narrow bars can't afford gaps and edges.
    let dense = steps > 100;
    let gap = if dense { 10 } else { 20 };
    let mut base = vec![0; steps];
    for (i, series) in series.iter().enumerate() {
        let heights = heights(series, steps, scale);
        let mut path = String::new();
        for (x, height) in heights.iter().enumerate().filter(|(_, height)| **height > 0) {
            let y = HEIGHT - base.get(x).copied().unwrap_or_default();
            let _ = write!(path, "M{x}.{:02} {y}v-{height}h.{}v{height}z", gap / 2, 100 - gap);
        }
        for (base, height) in base.iter_mut().zip(&heights) {
            *base += height;
        }
        let heights = heights.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let class = format!("bar {}{}", series.colour.class(), if dense { " dense" } else { "" });
        html.open(
            "path",
            &[("class", &class), ("data-series", &i), ("data-gap", &gap), ("data-heights", &heights), ("d", &path)],
        )
        .close("path");
    }
}

/// Lines through the middles of the steps; a value without neighbours is a dot.
pub fn lines(series: &[Series], scale: Scale, html: &mut Html) {
    for (i, series) in series.iter().enumerate() {
        let (mut line, mut dots) = (String::new(), String::new());
        let mut before = false;
        for (x, value) in series.values.iter().enumerate() {
            if let Some(value) = value {
                let y = HEIGHT - scale.position((*value).max(0), HEIGHT);
                if before {
                    let _ = write!(line, "L{x}.5 {y}");
                } else if matches!(series.values.get(x + 1), Some(Some(_))) {
                    let _ = write!(line, "M{x}.5 {y}");
                } else {
                    // A line of no length with round ends.
                    let _ = write!(dots, "M{x}.5 {y}h0");
                }
            }
            before = value.is_some();
        }
        // Every other line is thin, so that they differ without colour too.
        let thin = if i % 2 == 1 { " thin" } else { "" };
        let class = series.colour.class();
        for (kind, path) in [(format!("line {class}{thin}"), line), (format!("dots {class}"), dots)] {
            if !path.is_empty() {
                html.open("path", &[("class", &kind), ("data-series", &i), ("d", &path)]).close("path");
            }
        }
    }
}

/// A series' mark in the legend.
pub fn swatch(kind: Kind, colour: Colour, html: &mut Html) {
    let shape = match kind {
        Kind::Stacked => "swatch",
        Kind::Lines => "swatch swatch-line",
    };
    let class = format!("{shape} {}", colour.class());
    html.leaf("span", &[("class", &class), ("aria-hidden", &"true")], "");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(draw: impl FnOnce(&mut Html)) -> Vec<String> {
        let mut html = Html::default();
        draw(&mut html);
        html.finish().split(" d=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
    }

    fn series(values: &[Option<i64>]) -> Series {
        Series { name: String::new(), colour: Colour::Accent, values: values.to_vec(), total: None }
    }

    #[test]
    fn bars_stand_on_those_below() {
        let scale = Scale { step: 50, top: 100 };
        let both = [series(&[Some(20), Some(0), Some(50)]), series(&[Some(30), Some(10), None])];
        let paths = drawn(|html| bars(&both, 3, scale, html));
        assert_eq!(paths[0], "M0.10 1000v-200h.80v200zM2.10 1000v-500h.80v500z");
        assert_eq!(paths[1], "M0.10 800v-300h.80v300zM1.10 1000v-100h.80v100z");
    }

    #[test]
    fn the_smallest_something_is_seen_and_nothing_is_not() {
        let scale = Scale { step: 50_000, top: 100_000 };
        let paths = drawn(|html| bars(&[series(&[Some(1), Some(0), None, Some(-5)])], 4, scale, html));
        assert_eq!(paths[0], format!("M0.10 1000v-{LEAST}h.80v{LEAST}z"));
    }

    #[test]
    fn lines_break_where_there_is_nothing() {
        let scale = Scale { step: 5, top: 10 };
        let values = [Some(5), Some(10), None, Some(0), None];
        assert_eq!(drawn(|html| lines(&[series(&values)], scale, html)), ["M0.5 500L1.5 0", "M3.5 1000h0"]);
    }
}
