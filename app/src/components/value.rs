//! Values in running text and in tables: money, counts, moments, durations.

use leptos::prelude::*;
use tollgate_domain::{Nanos, Timestamp};

/// An amount of money with as many digits as matter; the exact amount on hover.
#[component]
pub fn Money(value: Nanos) -> impl IntoView {
    view! { <span class="money" title=exact_money(value)>{value.display()}</span> }
}

/// A whole number with thousands separators.
#[component]
pub fn Count(value: i64) -> impl IntoView {
    view! { <span class="count">{count_text(value)}</span> }
}

/// A moment in UTC. The page's script turns the text into the viewer's own time where there is a script; the server
/// can't know the zone, and both must render the same.
#[component]
pub fn Moment(at: Timestamp) -> impl IntoView {
    view! { <time class="moment" datetime=at.to_rfc3339()>{moment_text(at)}</time> }
}

/// How long something took, from microseconds.
#[component]
pub fn Elapsed(micros: i64) -> impl IntoView {
    let exact = format!("{} µs", count_text(micros));
    view! { <span class="elapsed" title=exact>{micros_text(micros)}</span> }
}

/// `$0.000042123`: every digit, for titles.
pub fn exact_money(value: Nanos) -> String {
    let decimal = value.to_decimal();
    match decimal.strip_prefix('-') {
        Some(positive) => format!("-${positive}"),
        None => format!("${decimal}"),
    }
}

/// `18,204`
pub fn count_text(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        out.push('-');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `2026-11-22 13:05:07 UTC`
pub fn moment_text(at: Timestamp) -> String {
    let text = at.to_rfc3339();
    match (text.get(..10), text.get(11..19)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => text,
    }
}

/// `640 µs`, `84 ms`, `1.24 s`, `2 min 5 s`: three digits at most where that is enough.
pub fn micros_text(micros: i64) -> String {
    if micros < 1000 {
        return format!("{micros} µs");
    }
    if micros < 10_000 {
        return format!("{}.{} ms", micros / 1000, micros % 1000 / 100);
    }
    let millis = (micros + 500) / 1000;
    if millis < 1000 {
        return format!("{millis} ms");
    }
    if millis < 10_000 {
        let hundredths = (millis + 5) / 10;
        return format!("{}.{:02} s", hundredths / 100, hundredths % 100);
    }
    let tenths = (millis + 50) / 100;
    if tenths < 600 {
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    let seconds = (millis + 500) / 1000;
    format!("{} min {} s", seconds / 60, seconds % 60)
}

/// [`micros_text`] of a number of milliseconds, as percentiles come.
#[expect(clippy::cast_possible_truncation, reason = "clamped to what fits first")]
pub fn millis_text(millis: f64) -> String {
    micros_text((millis * 1000.0).round().clamp(0.0, 1e15) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_separators() {
        assert_eq!(count_text(0), "0");
        assert_eq!(count_text(999), "999");
        assert_eq!(count_text(1_000), "1,000");
        assert_eq!(count_text(-1_234_567), "-1,234,567");
    }

    #[test]
    fn moments_are_in_utc_to_the_second() {
        assert_eq!(moment_text(Timestamp(1_795_352_707_123_456)), "2026-11-22 13:05:07 UTC");
    }

    #[test]
    fn money_on_hover_is_exact() {
        assert_eq!(exact_money(Nanos(42_123)), "$0.000042123");
        assert_eq!(exact_money(Nanos(-1_500_000_000)), "-$1.5");
    }

    #[test]
    fn durations_keep_the_digits_that_matter() {
        assert_eq!(micros_text(640), "640 µs");
        assert_eq!(micros_text(8_460), "8.4 ms");
        assert_eq!(micros_text(84_400), "84 ms");
        assert_eq!(micros_text(999_600), "1.00 s");
        assert_eq!(micros_text(1_236_000), "1.24 s");
        assert_eq!(micros_text(59_940_000), "59.9 s");
        assert_eq!(micros_text(125_000_000), "2 min 5 s");
        assert_eq!(millis_text(0.64), "640 µs");
        assert_eq!(millis_text(f64::NAN), "0 µs");
    }
}
