//! What a charge is made of, to the last digit.

use tollgate_domain::price::{CostLine, Meter};
use tollgate_domain::{Nanos, Picos};

use crate::components::count_text;

/// A line of the breakdown, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub name: &'static str,
    pub units: String,
    /// `$2.5 per million tokens`
    pub price: String,
    /// Exact.
    pub amount: String,
}

/// A charge's lines and how they come to its amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breakdown {
    pub lines: Vec<Line>,
    /// The lines' exact sum.
    pub sum: String,
    /// What rounding up to a whole nano-dollar added; `None` where there was nothing to round.
    pub rounding: Option<String>,
    /// The amount charged, exact.
    pub total: String,
    /// Whether sum and rounding come to the total. If not, the record is damaged, and the page says so.
    pub adds_up: bool,
}

impl Breakdown {
    pub fn new(lines: &[CostLine], charged: Nanos) -> Self {
        let sum: i128 = lines.iter().map(CostLine::picos).sum();
        let rounded = Nanos::from_picos_rounded_up(sum);
        let added = rounded.map_or(0, |rounded| i128::from(rounded.0) * 1000 - sum);
        Self {
            lines: lines.iter().map(line).collect(),
            sum: dollars(sum),
            rounding: (added != 0).then(|| dollars(added)),
            total: dollars(i128::from(charged.0) * 1000),
            adds_up: rounded == Some(charged),
        }
    }
}

pub fn line(line: &CostLine) -> Line {
    let (name, unit) = words(line.meter);
    Line {
        name,
        units: count_text(i64::try_from(line.units).unwrap_or(i64::MAX)),
        price: match unit {
            Unit::Token => format!("${} per million", line.price.per_million()),
            Unit::One(unit) => format!("${} per {unit}", Picos::to_decimal(line.price)),
        },
        amount: dollars(line.picos()),
    }
}

/// Pico-dollars as dollars, exact.
fn dollars(picos: i128) -> String {
    let digits = format!("{:013}", picos.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - 12);
    let fraction = fraction.trim_end_matches('0');
    // At least two decimals, as money has.
    let sign = if picos < 0 { "-" } else { "" };
    format!("{sign}${whole}.{fraction:0<2}")
}

/// What a meter counts.
enum Unit {
    Token,
    One(&'static str),
}

/// A meter's name, and its unit in prices.
fn words(meter: Meter) -> (&'static str, Unit) {
    match meter {
        Meter::Input => ("Input tokens", Unit::Token),
        Meter::CacheRead => ("Input tokens read from the cache", Unit::Token),
        Meter::CacheWrite => ("Input tokens written to the cache", Unit::Token),
        Meter::CacheWrite1h => ("Input tokens written to the cache for an hour", Unit::Token),
        Meter::AudioInput => ("Audio input tokens", Unit::Token),
        Meter::ImageInput => ("Image input tokens", Unit::Token),
        Meter::Output => ("Output tokens", Unit::Token),
        Meter::Reasoning => ("Reasoning tokens", Unit::Token),
        Meter::AudioOutput => ("Audio output tokens", Unit::Token),
        Meter::ImageOutput => ("Image output tokens", Unit::Token),
        Meter::PerRequest => ("Request", Unit::One("request")),
        Meter::PerInputImage => ("Input images", Unit::One("image")),
        Meter::PerOutputImage => ("Output images", Unit::One("image")),
        Meter::PerInputSecond => ("Input seconds", Unit::One("second")),
        Meter::PerOutputSecond => ("Output seconds", Unit::One("second")),
        Meter::PerInputCharacter => ("Input characters", Unit::One("character")),
        Meter::PerOutputCharacter => ("Output characters", Unit::One("character")),
        Meter::PerInputPixel => ("Input pixels", Unit::One("pixel")),
        Meter::PerOutputPixel => ("Output pixels", Unit::One("pixel")),
        Meter::PerInputQuery => ("Queries", Unit::One("query")),
        Meter::PerPage => ("Pages", Unit::One("page")),
        Meter::CacheReadAudio => ("Audio tokens read from the cache", Unit::Token),
        Meter::CacheReadImage => ("Image tokens read from the cache", Unit::Token),
        Meter::Citation => ("Tokens of quoted sources", Unit::Token),
        Meter::PerWebSearch => ("Web searches", Unit::One("search")),
        Meter::PerWebSearchLow => ("Web searches, little context", Unit::One("search")),
        Meter::PerWebSearchHigh => ("Web searches, much context", Unit::One("search")),
        Meter::Stated => ("As the provider states it", Unit::One("nano-dollar")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(meter: Meter, units: u64, price: i64) -> CostLine {
        CostLine { meter, units, price: Picos(price) }
    }

    #[test]
    fn units_times_price_is_the_exact_amount() {
        let lines = [
            cost(Meter::Input, 600, 2_500_000),
            cost(Meter::CacheRead, 400, 1_250_000),
            cost(Meter::Output, 1_234, 10_000_000),
        ];
        let breakdown = Breakdown::new(&lines, Nanos(1_500_000 + 500_000 + 12_340_000));
        let amounts: Vec<_> = breakdown.lines.iter().map(|line| line.amount.as_str()).collect();
        assert_eq!(amounts, ["$0.0015", "$0.0005", "$0.01234"]);
        assert_eq!(breakdown.lines[0].price, "$2.5 per million");
        assert_eq!(breakdown.lines[2].units, "1,234");
        assert_eq!((breakdown.sum.as_str(), breakdown.total.as_str()), ("$0.01434", "$0.01434"));
        assert_eq!((breakdown.rounding, breakdown.adds_up), (None, true));
    }

    #[test]
    fn rounding_up_is_shown() {
        // 7 tokens at $0.05 per million: 350,000 picos = 350 nanos; at 130 picos a token: 910 picos, less than a nano.
        let breakdown = Breakdown::new(&[cost(Meter::Input, 7, 130)], Nanos(1));
        assert_eq!(breakdown.sum, "$0.00000000091");
        assert_eq!(breakdown.rounding.as_deref(), Some("$0.00000000009"));
        assert_eq!(breakdown.total, "$0.000000001");
        assert!(breakdown.adds_up);
    }

    #[test]
    fn what_does_not_add_up_is_told() {
        assert!(!Breakdown::new(&[cost(Meter::Input, 1, 1_000)], Nanos(2)).adds_up);
        assert!(Breakdown::new(&[], Nanos::ZERO).adds_up);
    }

    #[test]
    fn other_units_have_their_own_price() {
        let line = line(&cost(Meter::PerRequest, 1, 4_000_000_000));
        assert_eq!((line.price.as_str(), line.amount.as_str()), ("$0.004 per request", "$0.004"));
        assert_eq!(dollars(0), "$0.00");
        assert_eq!(dollars(12_400_000_000_000), "$12.40");
        assert_eq!(dollars(-1), "-$0.000000000001");
        assert_eq!(dollars(i128::from(u64::MAX) * i128::from(i64::MAX)), "$170141183460469231704017187.605319778305");
    }
}
