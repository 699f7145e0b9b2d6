//! Numbers and days as providers write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use tollgate_domain::Nanos;

/// A count; `None`: the field is empty. `1200.0` is one, and `1.5` is none.
pub fn count(text: &str) -> Result<Option<i64>, String> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if text.is_empty() {
        return Ok(None);
    }
    let digits = !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit()) && fraction.bytes().all(|b| b == b'0');
    let number = digits.then(|| whole.parse().ok()).flatten();
    number.map(Some).ok_or_else(|| format!("`{}` is no count", shown(text)))
}

/// An amount of money, exact to the nano-dollar and rounded up beyond; `None`: the field is empty. `rate` is what one
/// unit of the currency is in dollars.
pub fn amount(text: &str, rate: Option<Nanos>) -> Result<Option<Nanos>, String> {
    let text = text.trim();
    let bare = text.strip_prefix('$').unwrap_or(text);
    if bare.is_empty() {
        return Ok(None);
    }
    let amount = Nanos::from_decimal_rounded_up(bare).map_err(|error| format!("`{}` is {error}", shown(text)))?;
    let Some(rate) = rate else { return Ok(Some(amount)) };
    let product = i128::from(amount.0) * i128::from(rate.0);
    let up = i128::from(product.rem_euclid(1_000_000_000) != 0);
    let nanos = i64::try_from(product.div_euclid(1_000_000_000) + up);
    nanos.map(|nanos| Some(Nanos(nanos))).map_err(|_| format!("`{}` is too large", shown(text)))
}

/// The day that a date or a moment is in, in days since 1970. A date is taken as it is; a moment (seconds since 1970, or
/// as in RFC 3339) falls into the day of the zone, in minutes east of UTC.
pub fn day(text: &str, zone_minutes: i32) -> Result<i64, String> {
    let text = text.trim();
    let of_date = |date: NaiveDate| date.signed_duration_since(NaiveDate::default()).num_days();
    let of_seconds = |seconds: i64| seconds.saturating_add(i64::from(zone_minutes) * 60).div_euclid(86_400);
    if text.len() >= 9
        && let Ok(seconds) = text.parse::<i64>()
    {
        return Ok(of_seconds(seconds));
    }
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(of_seconds(moment.timestamp()));
    }
    for form in ["%Y-%m-%d", "%Y/%m/%d"] {
        if let Ok(date) = NaiveDate::parse_from_str(text, form) {
            return Ok(of_date(date));
        }
    }
    for form in ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"] {
        if let Ok(moment) = NaiveDateTime::parse_from_str(text, form) {
            return Ok(of_seconds(moment.and_utc().timestamp()));
        }
    }
    Err(format!("`{}` is no day such as 2026-11-23", shown(text)))
}

/// The beginning of a field, for a message.
pub fn shown(text: &str) -> String {
    text.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_money_are_exact() {
        assert_eq!(count("1200"), Ok(Some(1200)));
        assert_eq!(count("1200.0"), Ok(Some(1200)));
        assert_eq!(count(" "), Ok(None));
        for bad in ["-1", "1.5", "1e3", "x", ".", "99999999999999999999"] {
            assert!(count(bad).is_err(), "{bad}");
        }
        assert_eq!(amount("0.8958740000000000", None), Ok(Some(Nanos(895_874_000))));
        assert_eq!(amount("$12.5", None), Ok(Some(Nanos(12_500_000_000))));
        assert_eq!(amount("-3", None), Ok(Some(Nanos(-3_000_000_000))));
        // A thirtieth digit is no reason to be a cent off.
        assert_eq!(amount("0.1000000000000000055511151231", None), Ok(Some(Nanos(100_000_001))));
        assert_eq!(amount("2", Some(Nanos(1_080_000_000))), Ok(Some(Nanos(2_160_000_000))));
        assert_eq!(amount("0.000000001", Some(Nanos(1_080_000_000))), Ok(Some(Nanos(2))));
        assert!(amount("1,5", None).is_err() && amount("9e12", None).is_err());
    }

    #[test]
    fn moments_fall_into_the_days_of_the_zone() {
        assert_eq!(day("1970-01-02", 0), Ok(1));
        assert_eq!(day("1970-01-02", -600), Ok(1));
        assert_eq!(day("1759622400", 0), Ok(20_366));
        assert_eq!(day("2025-10-05T00:00:00+00:00", 0), Ok(20_366));
        assert_eq!(day("2025-10-05T00:00:00+00:00", -60), Ok(20_365));
        assert_eq!(day("2025-10-05 23:30:00", 60), Ok(20_367));
        assert!(day("yesterday", 0).is_err() && day("", 0).is_err() && day("2025-13-01", 0).is_err());
    }
}
