//! A plot as small as a word, for tables.

use std::fmt::Write as _;

use leptos::prelude::*;

/// The height in its own units.
const HEIGHT: i64 = 100;

/// Bars without axes: it shows when, not how much; the figure beside it does that. Hidden from screen readers.
#[component]
pub fn Sparkline(
    /// One a step.
    values: Vec<i64>,
    /// A [`super::Colour`]'s class.
    class: &'static str,
) -> impl IntoView {
    let view_box = format!("0 0 {} {HEIGHT}", values.len().max(1));
    let path = path(values);
    view! {
        <svg class=format!("spark {class}") viewBox=view_box preserveAspectRatio="none" aria-hidden="true">
            <path d=path></path>
        </svg>
    }
}

fn path(values: Vec<i64>) -> String {
    let max = values.iter().copied().max().unwrap_or_default().max(1);
    let mut path = String::new();
    for (x, value) in values.into_iter().enumerate().filter(|(_, value)| *value > 0) {
        let height = i128::from(value) * i128::from(HEIGHT) / i128::from(max);
        let height = height.max(6);
        let _ = write!(path, "M{x}.1 {HEIGHT}v-{height}h.8v{height}z");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn the_largest_is_full_height_and_nothing_is_nothing() {
        assert_eq!(path(vec![0, 50, 100]), "M1.1 100v-50h.8v50zM2.1 100v-100h.8v100z");
        assert_eq!(path(vec![0, 0]), "");
        assert_eq!(path(vec![i64::MAX]), "M0.1 100v-100h.8v100z");
    }
}
