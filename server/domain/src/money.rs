//! Money: integer nano-dollars for what is charged, integer pico-dollars for what one unit costs. No floats.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An amount of money in nano-dollars (10⁻⁹ USD). The range is ±9.2 billion dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nanos(pub i64);

/// A unit price in pico-dollars (10⁻¹² USD) a unit; the unit is a token unless its meter says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Picos(pub i64);

/// Why a text is not an amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("not a decimal number")]
    NotANumber,
    #[error("finer than the smallest unit that is kept")]
    TooFine,
    #[error("too large")]
    TooLarge,
}

impl Nanos {
    pub const ZERO: Self = Self(0);

    /// What `picos` come to, rounded up: the one rounding rule, applied once per charge.
    ///
    /// `None` when the amount does not fit.
    pub fn from_picos_rounded_up(picos: i128) -> Option<Self> {
        let quotient = picos.div_euclid(1000);
        let up = i128::from(picos.rem_euclid(1000) != 0);
        i64::try_from(quotient + up).ok().map(Self)
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The amount in dollars as a decimal number without a currency sign, exact: `0.000042`.
    pub fn to_decimal(self) -> String {
        decimal(self.0, 9)
    }

    /// Reads dollars as others write them; what is finer than a nano-dollar is rounded up, as charges are.
    pub fn from_decimal_rounded_up(text: &str) -> Result<Self, MoneyError> {
        parse_decimal(text, 9, Finer::RoundUp).map(Self)
    }

    /// The same, to be written somewhere.
    pub fn decimal(self) -> impl fmt::Display {
        Decimal { value: self.0, places: 9 }
    }

    /// The amount for people: `$0.000042`, `$12.40`, `$18,204`: as many digits as matter, three significant below a
    /// dollar. The exact value is [`Nanos::to_decimal`].
    pub fn display(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        if nanos == 0 {
            return "$0.00".to_owned();
        }
        if nanos >= 10_000_000_000_000 {
            return format!("{sign}${}", group_thousands((nanos + 500_000_000) / 1_000_000_000));
        }
        if nanos >= 1_000_000_000 {
            let cents = (nanos + 5_000_000) / 10_000_000;
            return format!("{sign}${}.{:02}", group_thousands(cents / 100), cents % 100);
        }
        // Below a dollar: three significant digits, at least two decimals.
        let digits = nanos.ilog10() + 1;
        let drop = digits.saturating_sub(3);
        let unit = 10_u64.pow(drop);
        let rounded = (nanos + unit / 2) / unit * unit;
        if rounded >= 1_000_000_000 {
            return format!("{sign}$1.00");
        }
        let text = format!("{rounded:09}");
        let trimmed = text.trim_end_matches('0');
        let shown = if trimmed.len() < 2 { &text[..2] } else { trimmed };
        format!("{sign}$0.{shown}")
    }
}

impl Picos {
    pub const ZERO: Self = Self(0);

    /// The price in dollars a unit as an exact decimal number.
    pub fn to_decimal(self) -> String {
        decimal(self.0, 12)
    }

    /// Reads dollars a unit; what is finer than a pico-dollar is rounded up.
    pub fn from_decimal_rounded_up(text: &str) -> Result<Self, MoneyError> {
        parse_decimal(text, 12, Finer::RoundUp).map(Self)
    }

    /// Reads dollars per million units, exactly: `2.5`.
    pub fn from_per_million(text: &str) -> Result<Self, MoneyError> {
        parse_decimal(text, 6, Finer::Refuse).map(Self)
    }

    /// The price in dollars per million units as an exact decimal number: `2.5`.
    pub fn per_million(self) -> String {
        decimal(self.0, 6)
    }
}

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display())
    }
}

impl FromStr for Nanos {
    type Err = MoneyError;

    /// Reads dollars: `12.5`, `1e-5`, `-3`. Finer than a nano-dollar is an error, never rounded.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        parse_decimal(text, 9, Finer::Refuse).map(Self)
    }
}

impl FromStr for Picos {
    type Err = MoneyError;

    /// Reads dollars a unit: `0.0000025`, `2.5e-06`. Finer than a pico-dollar is an error, never rounded.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        parse_decimal(text, 12, Finer::Refuse).map(Self)
    }
}

fn group_thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

fn decimal(value: i64, places: usize) -> String {
    Decimal { value, places }.to_string()
}

/// A count of `10^-places`, as an exact decimal number without zeros at its end.
struct Decimal {
    value: i64,
    places: usize,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Digits from the last to the first, at least one before the point.
        let mut digits = [b'0'; 24];
        let mut rest = self.value.unsigned_abs();
        for digit in digits.iter_mut().rev() {
            *digit += u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
        let digits = std::str::from_utf8(&digits).unwrap_or_default();
        let (whole, fraction) = digits.split_at(digits.len() - self.places);
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        f.write_str(if self.value < 0 { "-" } else { "" })?;
        f.write_str(if whole.is_empty() { "0" } else { whole })?;
        if !fraction.is_empty() {
            f.write_str(".")?;
            f.write_str(fraction)?;
        }
        Ok(())
    }
}

/// What to do with digits below the smallest unit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Finer {
    Refuse,
    RoundUp,
}

/// Reads a decimal number, with or without exponent, as an integer count of `10^-places`.
fn parse_decimal(text: &str, places: i32, finer: Finer) -> Result<i64, MoneyError> {
    let text = text.trim();
    let (negative, body) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match body.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| MoneyError::NotANumber)?),
        None => (body, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return Err(MoneyError::NotANumber);
    }
    if whole.len() + fraction.len() > 60 || !(-60..=60).contains(&exponent) {
        return Err(MoneyError::TooLarge);
    }
    let fraction = fraction.trim_end_matches('0');
    let mut value: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        value =
            value.checked_mul(10).and_then(|v| v.checked_add(i128::from(digit - b'0'))).ok_or(MoneyError::TooLarge)?;
    }
    if value == 0 {
        return Ok(0);
    }
    let fraction_len = i32::try_from(fraction.len()).map_err(|_| MoneyError::TooLarge)?;
    let shift = places + exponent - fraction_len;
    if shift >= 0 {
        for _ in 0..shift {
            value = value.checked_mul(10).ok_or(MoneyError::TooLarge)?;
        }
    } else {
        let mut lost = false;
        for _ in 0..-shift {
            lost |= value % 10 != 0;
            value /= 10;
        }
        if lost && finer == Finer::Refuse {
            return Err(MoneyError::TooFine);
        }
        // Up is towards zero for what is negative.
        value += i128::from(lost && !negative);
    }
    let value = i64::try_from(value).map_err(|_| MoneyError::TooLarge)?;
    Ok(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prices_are_read_exactly() {
        assert_eq!("2.5e-06".parse(), Ok(Picos(2_500_000)));
        assert_eq!("0.00001".parse(), Ok(Picos(10_000_000)));
        assert_eq!("1.3e-10".parse(), Ok(Picos(130)));
        assert_eq!("0".parse(), Ok(Picos(0)));
        assert_eq!("1e-13".parse::<Picos>(), Err(MoneyError::TooFine));
        assert_eq!("abc".parse::<Picos>(), Err(MoneyError::NotANumber));
        assert_eq!(".".parse::<Picos>(), Err(MoneyError::NotANumber));
        assert_eq!("1e30".parse::<Picos>(), Err(MoneyError::TooLarge));
    }

    #[test]
    fn prices_that_are_too_fine_can_be_rounded_up() {
        let read = Picos::from_decimal_rounded_up;
        assert_eq!(read("1.6666666666666667e-07"), Ok(Picos(166_667)));
        assert_eq!(read("1e-40"), Ok(Picos(1)));
        assert_eq!(read("-1.5e-12"), Ok(Picos(-1)));
        assert_eq!(read("2.5e-06"), Ok(Picos(2_500_000)));
        assert_eq!(read("x"), Err(MoneyError::NotANumber));
    }

    #[test]
    fn amounts_are_shown_with_the_digits_that_matter() {
        let shown = |nanos: i64| Nanos(nanos).display();
        assert_eq!(shown(0), "$0.00");
        assert_eq!(shown(42_000), "$0.000042");
        assert_eq!(shown(1), "$0.000000001");
        assert_eq!(shown(500_000_000), "$0.50");
        assert_eq!(shown(123_456_789), "$0.123");
        assert_eq!(shown(999_999_999), "$1.00");
        assert_eq!(shown(12_400_000_000), "$12.40");
        assert_eq!(shown(1_234_560_000_000), "$1,234.56");
        assert_eq!(shown(18_204_300_000_000), "$18,204");
        assert_eq!(shown(-12_400_000_000), "-$12.40");
    }

    proptest! {
        #[test]
        fn decimal_text_round_trips(nanos in any::<i64>()) {
            prop_assume!(nanos != i64::MIN);
            prop_assert_eq!(Nanos(nanos).to_decimal().parse(), Ok(Nanos(nanos)));
        }

        #[test]
        fn rounding_is_up_and_less_than_one_unit(picos in -1_000_000_000_000_i128..1_000_000_000_000) {
            let nanos = Nanos::from_picos_rounded_up(picos).unwrap();
            let back = i128::from(nanos.0) * 1000;
            prop_assert!(back >= picos && back - picos < 1000);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = text.parse::<Nanos>();
        }
    }
}
