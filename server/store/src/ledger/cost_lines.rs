//! The lines of a cost as a short text: `input:1200:2500000 output:300:10000000`, meter, units, and pico-dollars for each.

use std::fmt::Write as _;

use tollgate_domain::Picos;
use tollgate_domain::price::{CostLine, Meter};

/// Appends the lines to `out`.
pub fn write(out: &mut String, lines: &[CostLine]) {
    for (place, line) in lines.iter().enumerate() {
        let gap = if place == 0 { "" } else { " " };
        // Writing to a text can't fail.
        let _ = write!(out, "{gap}{}:{}:{}", line.meter.as_str(), line.units, line.price.0);
    }
}

/// Reads them back; `None` if it is something else.
pub fn parse(text: Option<&str>) -> Option<Vec<CostLine>> {
    text.unwrap_or_default()
        .split_ascii_whitespace()
        .map(|line| {
            let mut parts = line.split(':');
            let (meter, units, price) = (parts.next()?, parts.next()?, parts.next()?);
            let line =
                CostLine { meter: Meter::parse(meter)?, units: units.parse().ok()?, price: Picos(price.parse().ok()?) };
            parts.next().is_none().then_some(line)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back() {
        let lines: Vec<_> = Meter::ALL
            .into_iter()
            .zip([0, 1, u64::MAX].into_iter().cycle())
            .map(|(meter, units)| CostLine { meter, units, price: Picos(-7) })
            .collect();
        let mut text = String::new();
        write(&mut text, &lines);
        assert_eq!(parse(Some(&text)), Some(lines));
        assert_eq!(parse(None), Some(Vec::new()));
        for bad in ["input", "input:1", "input:1:2:3", "nothing:1:2", "input:x:2", "[]"] {
            assert_eq!(parse(Some(bad)), None, "{bad}");
        }
    }
}
