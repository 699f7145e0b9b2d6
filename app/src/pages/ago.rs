//! How long ago something was, where the words are part of a sentence. Both moments come from the server: the browser
//! must come to the same words.

use tollgate_domain::Timestamp;

/// `5 minutes ago`, `just now`, `3 days ago`.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = (now.0 - at.0).div_euclid(Timestamp::MICROS_PER_SECOND);
    let (count, unit) = match seconds {
        ..10 => return "just now".to_owned(),
        10..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_unit_that_fits_is_told() {
        let told = |seconds: i64| ago(Timestamp(0), Timestamp(0).plus_seconds(seconds));
        assert_eq!(told(-5), "just now");
        assert_eq!(told(9), "just now");
        assert_eq!(told(59), "59 seconds ago");
        assert_eq!(told(60), "1 minute ago");
        assert_eq!(told(3599), "59 minutes ago");
        assert_eq!(told(7200), "2 hours ago");
        assert_eq!(told(86_400 * 400), "400 days ago");
    }
}
