//! Lengths of time as people and LiteLLM write them: `30d`, `12h`, `1mo`.

const UNITS: [(&str, i64); 6] =
    [("mo", 30 * 86_400), ("w", 7 * 86_400), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];

/// Seconds. A month counts as 30 days. `None` for what is no length of time, or too long to be one.
pub fn parse_span(text: &str) -> Option<i64> {
    let text = text.trim().to_lowercase();
    let (number, size) = UNITS.iter().find_map(|(unit, size)| Some((text.strip_suffix(unit)?, *size)))?;
    let count: u32 = number.trim_end().parse().ok()?;
    let seconds = i64::from(count).checked_mul(size)?;
    (1..=100 * 365 * 86_400).contains(&seconds).then_some(seconds)
}

/// The shortest text that [`parse_span`] reads as these seconds; days rather than weeks and months.
pub fn span_text(seconds: i64) -> String {
    let (unit, size) = UNITS[2..].iter().find(|(_, size)| seconds % size == 0).copied().unwrap_or(("s", 1));
    format!("{}{unit}", seconds / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read() {
        for (text, seconds) in
            [("30d", 2_592_000), (" 12 H", 43_200), ("1mo", 2_592_000), ("90m", 5400), ("2w", 1_209_600)]
        {
            assert_eq!(parse_span(text), Some(seconds), "{text}");
        }
        for text in ["", "d", "0d", "-1d", "1.5h", "1y", "30", "99999999d", "1 d d"] {
            assert_eq!(parse_span(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for seconds in [1, 59, 60, 5400, 86_400, 2_592_000, 86_401] {
            assert_eq!(parse_span(&span_text(seconds)), Some(seconds));
        }
        assert_eq!(span_text(2_592_000), "30d");
    }
}
