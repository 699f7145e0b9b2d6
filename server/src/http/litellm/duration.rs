//! Lengths of time as LiteLLM writes them: `30s`, `30m`, `24h`, `7d`, `2w`, `1mo`.

use chrono::{NaiveDate, NaiveDateTime};
use tollgate_control::ControlError;
use tollgate_domain::Timestamp;

use super::body::invalid;

/// Each unit with its seconds; a month counts as 30 days.
const UNITS: [(&str, i64); 6] =
    [("mo", 30 * 86_400), ("w", 7 * 86_400), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];

/// In seconds.
pub fn seconds(name: &'static str, text: &str) -> Result<i64, ControlError> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(split);
    let length = UNITS.iter().find(|(known, _)| *known == unit).map(|(_, length)| *length);
    count
        .parse::<i64>()
        .ok()
        .zip(length)
        .and_then(|(count, length)| count.checked_mul(length))
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| invalid(name, "must be a number and one of s, m, h, d, w, mo: `30d`"))
}

/// The same length in the largest unit up to days that it is a whole number of.
pub fn show(seconds: i64) -> String {
    let (unit, length) = UNITS.into_iter().skip(2).find(|(_, length)| seconds % length == 0).unwrap_or(("s", 1));
    format!("{}{unit}", seconds / length)
}

/// A moment as clients write it: RFC 3339, or Python's form without a zone (UTC), or a date alone.
pub fn moment(name: &'static str, text: &str) -> Result<Timestamp, ControlError> {
    let naive = || {
        let text = text.replacen(' ', "T", 1);
        let at = NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f").ok().or_else(|| date(&text))?;
        Some(Timestamp::from_datetime(at.and_utc()))
    };
    Timestamp::parse_rfc3339(text)
        .or_else(naive)
        .ok_or_else(|| invalid(name, "must be a moment such as 2027-01-31T00:00:00Z"))
}

/// The end of a range: the moment itself, or the end of the day.
pub fn end(name: &'static str, text: &str) -> Result<Timestamp, ControlError> {
    let at = moment(name, text)?;
    Ok(if date(text).is_some() { at.plus_seconds(86_400) } else { at })
}

fn date(text: &str) -> Option<NaiveDateTime> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_shown() {
        for (text, length) in [("30s", 30), ("90m", 5400), ("24h", 86_400), ("30d", 2_592_000), ("1mo", 2_592_000)] {
            assert_eq!(seconds("duration", text).unwrap(), length, "{text}");
        }
        for bad in ["", "30", "d", "0d", "-1", "1y", "1.5d", "99999999999999999mo"] {
            assert!(seconds("duration", bad).is_err(), "{bad}");
        }
        assert_eq!(show(2_592_000), "30d");
        assert_eq!(show(5400), "90m");
        assert_eq!(show(61), "61s");
    }

    #[test]
    fn moments_are_read_in_the_forms_that_python_writes() {
        let noon = Timestamp::parse_rfc3339("2027-01-31T12:00:00Z").unwrap();
        for text in ["2027-01-31T12:00:00Z", "2027-01-31T12:00:00.000000", "2027-01-31 12:00:00"] {
            assert_eq!(moment("at", text).unwrap(), noon, "{text}");
        }
        assert_eq!(moment("at", "2027-01-31").unwrap(), noon.plus_seconds(-12 * 3600));
        assert!(moment("at", "soon").is_err());
        assert_eq!(end("at", "2027-01-31").unwrap(), noon.plus_seconds(12 * 3600));
        assert_eq!(end("at", "2027-01-31T12:00:00Z").unwrap(), noon);
    }
}
