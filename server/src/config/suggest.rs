//! "Did you mean …?"

/// The name that is `text` with a slip or two; `None` when nothing is near enough.
pub(super) fn closest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = text.to_ascii_lowercase();
    let reach = match lower.chars().count() {
        0..=2 => return None,
        3..=5 => 1,
        6..=9 => 2,
        _ => 3,
    };
    names
        .into_iter()
        .map(|name| (strsim::osa_distance(&lower, &name.to_ascii_lowercase()), name))
        .filter(|(distance, _)| *distance <= reach)
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let names = ["model_name", "mode", "api_key", "timeout"];
        assert_eq!(closest("modelname", names), Some("model_name"));
        assert_eq!(closest("api_kye", names), Some("api_key"));
        assert_eq!(closest("TIMEOUT", names), Some("timeout"));
        assert_eq!(closest("modes", names), Some("mode"));
        assert_eq!(closest("weight", names), None);
        assert_eq!(closest("ap", names), None);
    }
}
