//! The time axis: which steps have a label, and what it says. In UTC, as the steps are cut.

use tollgate_domain::Timestamp;
use tollgate_domain::summary::Period;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A label below the axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The step's index.
    pub step: usize,
    pub text: String,
    /// Where the text is a time of day, its moment: the script writes it in the viewer's zone.
    pub clock: Option<Timestamp>,
}

/// The labels of a period's axis: at most seven, at round times.
pub fn labels(period: Period, steps: &[Timestamp]) -> Vec<Label> {
    let last = steps.len().saturating_sub(1);
    let minutes = |at: &Timestamp| at.0.div_euclid(60 * Timestamp::MICROS_PER_SECOND);
    steps
        .iter()
        .enumerate()
        .filter(|(i, at)| match period {
            Period::Hour => minutes(at).rem_euclid(10) == 0,
            Period::Day => at.hour().rem_euclid(4) == 0,
            Period::Week => at.hour().rem_euclid(24) == 0,
            Period::Month => (last - i).is_multiple_of(steps.len().div_ceil(6).max(1)),
        })
        .map(|(step, at)| match period {
            Period::Hour | Period::Day => Label { step, text: clock(*at), clock: Some(*at) },
            Period::Week | Period::Month => Label { step, text: day(*at), clock: None },
        })
        .collect()
}

/// What a step is called in the table and the tooltip.
pub fn step_name(period: Period, at: Timestamp) -> String {
    match period {
        Period::Hour | Period::Day => clock(at),
        Period::Week => format!("{} {}", day(at), clock(at)),
        Period::Month => day(at),
    }
}

/// `13:05`
fn clock(at: Timestamp) -> String {
    at.to_rfc3339().get(11..16).unwrap_or_default().to_owned()
}

/// `22 Nov`
fn day(at: Timestamp) -> String {
    let text = at.to_rfc3339();
    let number = |range| text.get(range).and_then(|digits: &str| digits.parse::<usize>().ok()).unwrap_or_default();
    let month = MONTHS.get(number(5..7).wrapping_sub(1)).copied().unwrap_or_default();
    format!("{} {month}", number(8..10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(period: Period) -> Vec<String> {
        let now = Timestamp::parse_rfc3339("2026-11-22T13:05:07Z").unwrap();
        let start = period.start(now);
        let steps: Vec<_> = (0..period.steps()).map(|i| start.plus_seconds(i * period.step_seconds())).collect();
        labels(period, &steps).into_iter().map(|label| format!("{} {}", label.step, label.text)).collect()
    }

    #[test]
    fn labels_are_at_round_times() {
        assert_eq!(texts(Period::Hour), ["4 12:10", "14 12:20", "24 12:30", "34 12:40", "44 12:50", "54 13:00"]);
        assert_eq!(texts(Period::Day), ["2 16:00", "6 20:00", "10 00:00", "14 04:00", "18 08:00", "22 12:00"]);
        assert_eq!(
            texts(Period::Week),
            ["10 16 Nov", "34 17 Nov", "58 18 Nov", "82 19 Nov", "106 20 Nov", "130 21 Nov", "154 22 Nov"]
        );
        assert_eq!(texts(Period::Month), ["4 28 Oct", "9 2 Nov", "14 7 Nov", "19 12 Nov", "24 17 Nov", "29 22 Nov"]);
    }

    #[test]
    fn no_steps_no_labels() {
        assert_eq!(labels(Period::Month, &[]), []);
    }

    #[test]
    fn steps_have_names() {
        let at = Timestamp::parse_rfc3339("2026-03-04T09:00:00Z").unwrap();
        assert_eq!(step_name(Period::Day, at), "09:00");
        assert_eq!(step_name(Period::Week, at), "4 Mar 09:00");
        assert_eq!(step_name(Period::Month, at), "4 Mar");
    }
}
