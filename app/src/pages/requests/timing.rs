//! Where a request's time went: until the first byte, and from there to the last.

use leptos::prelude::*;

use crate::components::micros_text;

/// The bar's length in its own units.
const LENGTH: i64 = 1000;

/// A bar with its parts in words below. Without a first byte there is only the whole.
#[component]
pub fn Timing(duration_us: i64, first_byte_us: Option<i64>) -> impl IntoView {
    let first = first_byte_us.filter(|first| (0..=duration_us).contains(first));
    let split = first.map(|first| share(first, duration_us));
    let parts = match (first, split) {
        (Some(first), Some(split)) => view! {
            <rect class="timing-wait" x="0" y="0" width=split.to_string() height="8"></rect>
            <rect class="timing-answer" x=split.to_string() y="0" width=(LENGTH - split).to_string() height="8"></rect>
            <title>
                {format!(
                    "{} until the first byte, then {} until the last",
                    micros_text(first),
                    micros_text(duration_us - first),
                )}
            </title>
        }
        .into_any(),
        _ => view! {
            <rect class="timing-answer" x="0" y="0" width=LENGTH.to_string() height="8"></rect>
            <title>{format!("{} in all", micros_text(duration_us))}</title>
        }
        .into_any(),
    };
    let legend = first.map(|first| {
        view! {
            <LegendItem class="swatch timing-wait" name="Before the first byte" micros=first />
            <LegendItem class="swatch timing-answer" name="From the first to the last" micros=duration_us - first />
        }
    });
    view! {
        <svg class="timing" viewBox=format!("0 0 {LENGTH} 8") preserveAspectRatio="none" role="img">
            {parts}
        </svg>
        <ul class="legend">{legend} <LegendItem class="" name="In all" micros=duration_us /></ul>
    }
}

#[component]
fn LegendItem(class: &'static str, name: &'static str, micros: i64) -> impl IntoView {
    let swatch = (!class.is_empty()).then(|| view! { <span class=class></span> });
    view! {
        <li>
            {swatch} <span>{name}</span>
            <span class="legend-value">{micros_text(micros)}</span>
        </li>
    }
}

/// `part` of `whole` on the bar; something stays visible of either.
fn share(part: i64, whole: i64) -> i64 {
    let exact = i128::from(part) * i128::from(LENGTH) / i128::from(whole.max(1));
    i64::try_from(exact).unwrap_or(LENGTH).clamp(4, LENGTH - 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_its_share_and_none_vanishes() {
        assert_eq!(share(250, 1000), 250);
        assert_eq!(share(0, 1000), 4);
        assert_eq!(share(1000, 1000), 996);
        assert_eq!(share(0, 0), 4);
        assert_eq!(share(i64::MAX, i64::MAX), 996);
    }
}
