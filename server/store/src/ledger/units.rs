//! Counts beside the tokens as a short text: `output_images:2 web_searches:1`.

use std::fmt::Write as _;

use tollgate_domain::usage::Units;

/// `None`: there are none.
pub fn write(units: &Units) -> Option<String> {
    let mut out = String::new();
    for (name, count) in units.iter() {
        let gap = if out.is_empty() { "" } else { " " };
        // Writing to a text can't fail.
        let _ = write!(out, "{gap}{name}:{count}");
    }
    (!out.is_empty()).then_some(out)
}

/// Reads them back; `None` if it is something else.
pub fn parse(text: Option<&str>) -> Option<Units> {
    let mut units = Units::default();
    for item in text.unwrap_or_default().split_ascii_whitespace() {
        let (name, count) = item.split_once(':')?;
        if !units.set(name, count.parse().ok()?) {
            return None;
        }
    }
    Some(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_come_back() {
        assert_eq!(write(&Units::default()), None);
        assert_eq!(parse(None), Some(Units::default()));
        let units = Units { output_images: 2, web_searches: u64::MAX, ..Units::default() };
        let text = write(&units).unwrap();
        assert_eq!(text, "output_images:2 web_searches:18446744073709551615");
        assert_eq!(parse(Some(&text)), Some(units));
        for bad in ["pages", "pages:x", "nothing:1"] {
            assert_eq!(parse(Some(bad)), None, "{bad}");
        }
    }
}
