//! Dollars as JSON numbers, to and from nano-dollars: through decimal text, never through floating-point arithmetic.

use serde_json::Value;
use tollgate_control::ControlError;
use tollgate_domain::money::MoneyError;
use tollgate_domain::{Nanos, Picos};

use super::body::invalid;

/// Reads the JSON text of a number (or of a text with a number in it) as dollars. What is finer than a nano-dollar,
/// such as Python's 0.30000000000000004, is rounded to the nearest.
pub fn read(name: &'static str, raw: &str) -> Result<Nanos, ControlError> {
    let text = raw.trim_matches('"');
    let wrong = |error: MoneyError| invalid(name, format!("must be an amount in dollars: {error}"));
    match text.parse::<Nanos>() {
        Err(MoneyError::TooFine) => {
            let picos = Picos::from_decimal_rounded_up(text).map_err(wrong)?;
            Ok(Nanos(picos.0.div_euclid(1000) + i64::from(picos.0.rem_euclid(1000) >= 500)))
        }
        other => other.map_err(wrong),
    }
}

/// An amount as LiteLLM has it: a number of dollars, with a decimal point. The number nearest to the exact amount: the
/// exact one is a text, at `/api/v1`.
pub fn show(amount: Nanos) -> Value {
    number(amount.to_decimal())
}

/// A decimal text as a number with a decimal point.
pub fn number(mut text: String) -> Value {
    if !text.contains('.') {
        text.push_str(".0");
    }
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

pub fn show_option(amount: Option<Nanos>) -> Value {
    amount.map_or(Value::Null, show)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_from_their_digits() {
        let dollars = |raw| read("max_budget", raw).unwrap();
        assert_eq!(dollars("10"), Nanos(10_000_000_000));
        assert_eq!(dollars("0.1"), Nanos(100_000_000));
        assert_eq!(dollars("1e-9"), Nanos(1));
        assert_eq!(dollars("\"2.5\""), Nanos(2_500_000_000));
        // A double could not tell these digits apart.
        assert_eq!(dollars("9007199.254740993"), Nanos(9_007_199_254_740_993));
        assert_eq!(dollars("0.30000000000000004"), Nanos(300_000_000));
        assert_eq!(dollars("1e-10"), Nanos(0));
        for bad in ["true", "\"ten\"", "1e30", "{}"] {
            assert!(read("max_budget", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn amounts_are_shown_as_numbers() {
        assert_eq!(show(Nanos(1_000_000_000)).to_string(), "1.0");
        assert_eq!(show(Nanos(42_000)).to_string(), "0.000042");
        assert_eq!(show(Nanos(-1_500_000_000)).to_string(), "-1.5");
        assert_eq!(show_option(None), Value::Null);
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_is_read_back(nanos in -999_999_999_999_999_i64..999_999_999_999_999) {
            let shown = show(Nanos(nanos)).to_string();
            proptest::prop_assert_eq!(read("x", &shown).unwrap(), Nanos(nanos));
        }
    }
}
