//! What a plot's numbers are, and how its axis and its table write them.

use tollgate_domain::Nanos;

use super::scale::Scale;
use crate::components::{count_text, micros_text};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nano-dollars.
    Money,
    Count,
    /// Microseconds.
    Time,
}

impl Unit {
    /// A value in a table or a legend.
    pub fn text(self, value: i64) -> String {
        match self {
            Self::Money => Nanos(value).display(),
            Self::Count => count_text(value),
            Self::Time => micros_text(value),
        }
    }

    /// A tick of `scale`: exact, and all of an axis in the same form.
    pub fn tick(self, value: i64, scale: Scale) -> String {
        match self {
            Self::Money if value == 0 => "$0".to_owned(),
            Self::Money => format!("${}", fixed(value, 9, scale, true)),
            Self::Count => fixed(value, 0, scale, false),
            Self::Time if value == 0 => "0".to_owned(),
            Self::Time if scale.top < 1000 => format!("{value} µs"),
            Self::Time if scale.top < 1_000_000 => format!("{} ms", fixed(value, 3, scale, false)),
            Self::Time => format!("{} s", fixed(value, 6, scale, false)),
        }
    }
}

/// A tick as a decimal number, `places` of whose digits are behind the point: with as many decimals as the step needs;
/// from ten thousand on in thousands and millions. `cents`: no amount with a single decimal.
fn fixed(value: i64, places: u32, scale: Scale, cents: bool) -> String {
    let one = 10_i64.pow(places);
    let large = scale.top / one >= 10_000;
    let (suffix, places) = match value / one {
        0 if value == 0 => return "0".to_owned(),
        1_000_000_000.. if large => ("B", places + 9),
        1_000_000.. if large => ("M", places + 6),
        _ if large => ("k", places + 3),
        _ => ("", places),
    };
    let digits = format!("{value:0>width$}", width = places as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places as usize);
    // How many decimals a step of the axis needs; in thousands each tick needs its own.
    let needed = if large { fraction.trim_end_matches('0').len() } else { decimals(scale.step, places) };
    let needed = if cents && !large && needed == 1 { 2 } else { needed };
    let whole: i64 = whole.parse().unwrap_or_default();
    match fraction.get(..needed) {
        Some(shown) if needed > 0 => format!("{}.{shown}{suffix}", count_text(whole)),
        _ => format!("{}{suffix}", count_text(whole)),
    }
}

fn decimals(step: i64, places: u32) -> usize {
    let mut needed = places as usize;
    let mut rest = step;
    while needed > 0 && rest % 10 == 0 {
        rest /= 10;
        needed -= 1;
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(unit: Unit, max: i64) -> Vec<String> {
        let scale = Scale::up_to(max);
        scale.ticks().map(|tick| unit.tick(tick, scale)).collect()
    }

    #[test]
    fn money_ticks_are_exact() {
        assert_eq!(ticks(Unit::Money, 42_000), ["$0", "$0.00002", "$0.00004", "$0.00006"]);
        assert_eq!(ticks(Unit::Money, 180_000_000), ["$0", "$0.05", "$0.10", "$0.15", "$0.20"]);
        assert_eq!(ticks(Unit::Money, 1_840_000_000), ["$0", "$0.50", "$1.00", "$1.50", "$2.00"]);
        assert_eq!(ticks(Unit::Money, 12_400_000_000), ["$0", "$5", "$10", "$15"]);
        assert_eq!(ticks(Unit::Money, 9_100_000_000), ["$0", "$2.50", "$5.00", "$7.50", "$10.00"]);
        assert_eq!(ticks(Unit::Money, 3_900_000_000_000), ["$0", "$1,000", "$2,000", "$3,000", "$4,000"]);
        assert_eq!(ticks(Unit::Money, 9_900_000_000_000), ["$0", "$2.5k", "$5k", "$7.5k", "$10k"]);
        assert_eq!(ticks(Unit::Money, 1_900_000_000_000_000), ["$0", "$500k", "$1M", "$1.5M", "$2M"]);
        assert_eq!(ticks(Unit::Money, 3), ["$0", "$0.000000001", "$0.000000002", "$0.000000003"]);
    }

    #[test]
    fn counts_have_no_fractions() {
        assert_eq!(ticks(Unit::Count, 0), ["0", "1"]);
        assert_eq!(ticks(Unit::Count, 7), ["0", "2", "4", "6", "8"]);
        assert_eq!(ticks(Unit::Count, 3_700), ["0", "1,000", "2,000", "3,000", "4,000"]);
        assert_eq!(ticks(Unit::Count, 37_000), ["0", "10k", "20k", "30k", "40k"]);
        assert_eq!(ticks(Unit::Count, 9_000_000_000), ["0", "2.5B", "5B", "7.5B", "10B"]);
    }

    #[test]
    fn times_have_their_unit() {
        assert_eq!(ticks(Unit::Time, 700), ["0", "200 µs", "400 µs", "600 µs", "800 µs"]);
        assert_eq!(ticks(Unit::Time, 9_000), ["0", "2.5 ms", "5.0 ms", "7.5 ms", "10.0 ms"]);
        assert_eq!(ticks(Unit::Time, 340_000), ["0", "100 ms", "200 ms", "300 ms", "400 ms"]);
        assert_eq!(ticks(Unit::Time, 1_900_000), ["0", "0.5 s", "1.0 s", "1.5 s", "2.0 s"]);
        assert_eq!(ticks(Unit::Time, 34_000_000), ["0", "10 s", "20 s", "30 s", "40 s"]);
    }

    #[test]
    fn values_have_the_digits_that_matter() {
        assert_eq!(Unit::Money.text(42_123), "$0.0000421");
        assert_eq!(Unit::Count.text(18_204), "18,204");
        assert_eq!(Unit::Time.text(1_236_000), "1.24 s");
    }
}
