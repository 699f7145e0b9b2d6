//! Which keys are known. The table is `keys.yaml`; here it becomes a tree that a configuration is held against, so
//! that nothing in a file is silently ignored.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::finding::{Report, Severity, shown};
use super::prices;
use super::suggest::closest;
use super::value::Cursor;
use super::yaml::{self, Value};

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Acted,
    /// It limits or protects something, and nothing is enforced yet.
    Guard,
    Later,
}

#[derive(Debug, Default)]
struct Known {
    fate: Option<Fate>,
    children: BTreeMap<String, Known>,
    /// Keys that begin so.
    prefixes: Vec<(String, Fate)>,
    /// Any other key.
    any: Option<Box<Known>>,
    /// The items of a list.
    items: Option<Box<Known>>,
    /// Prices stand here, under LiteLLM's names.
    prices: bool,
}

impl Known {
    fn is_leaf(&self) -> bool {
        self.children.is_empty() && self.any.is_none() && self.items.is_none() && self.prefixes.is_empty()
    }

    /// The place of `path` in the tree, made where it is missing.
    fn at(&mut self, path: &str) -> &mut Self {
        let mut known = self;
        for segment in path.split('.').filter(|segment| !segment.is_empty() && *segment != "/") {
            let (name, list) = segment.strip_suffix("[]").map_or((segment, false), |name| (name, true));
            known = if name == "*" {
                &mut **known.any.get_or_insert_default()
            } else {
                known.children.entry(name.to_owned()).or_default()
            };
            if list {
                known = &mut **known.items.get_or_insert_default();
            }
        }
        known
    }

    fn add(&mut self, word: &str, fate: Fate) {
        match word.strip_suffix('*') {
            Some("") => self.any.get_or_insert_default().fate = Some(fate),
            Some(prefix) => self.prefixes.push((prefix.to_owned(), fate)),
            None => self.children.entry(word.to_owned()).or_default().fate = Some(fate),
        }
    }

    fn find(&self, key: &str) -> Found<'_> {
        if let Some(known) = self.children.get(key) {
            return Found::Known(known);
        }
        if self.prices && prices::meter_of(key).is_some() {
            return Found::Leaf(Fate::Acted);
        }
        if let Some((_, fate)) = self.prefixes.iter().find(|(prefix, _)| key.starts_with(prefix.as_str())) {
            return Found::Leaf(*fate);
        }
        self.any.as_deref().map_or(Found::Unknown, Found::Known)
    }
}

enum Found<'k> {
    Known(&'k Known),
    Leaf(Fate),
    Unknown,
}

static KEYS: LazyLock<Known> = LazyLock::new(|| {
    let mut root = Known::default();
    // The table is part of the program, and a test reads it with every mistake reported.
    let Some(table) = yaml::parse(include_str!("keys.yaml"), 0, &mut Report::default()) else { return root };
    for group in Cursor::root(&table).items() {
        let words = |name| match group.get(name).map(|cursor| &cursor.node.value) {
            Some(Value::Scalar { text, .. }) => text.split_whitespace().collect(),
            _ => Vec::new(),
        };
        for at in words("at") {
            let known = root.at(at);
            for (name, fate) in [("acted", Fate::Acted), ("guards", Fate::Guard), ("later", Fate::Later)] {
                for word in words(name) {
                    known.add(word, fate);
                }
            }
            known.prices |= group.get("prices").is_some();
        }
    }
    root
});

/// Whether `key` is a section of a configuration: `model_list`, `general_settings`.
pub(super) fn is_section(key: &str) -> bool {
    KEYS.children.contains_key(key)
}

/// Holds the whole of a file, or of one environment in it, against the table.
pub(super) fn check(root: &Cursor<'_>, skip: &[&str], report: &mut Report) {
    walk(root, &KEYS, skip, true, report);
}

fn walk(cursor: &Cursor<'_>, known: &Known, skip: &[&str], speak: bool, report: &mut Report) {
    match &cursor.node.value {
        Value::List(_) => {
            if let Some(items) = &known.items {
                cursor.items().for_each(|item| walk(&item, items, &[], speak, report));
            }
        }
        Value::Map(_) if !known.is_leaf() => {
            for (key, place, child) in cursor.entries().filter(|(key, ..)| !skip.contains(key)) {
                let (fate, below) = match known.find(key) {
                    Found::Known(known) => (known.fate, Some(known)),
                    Found::Leaf(fate) => (Some(fate), None),
                    Found::Unknown => {
                        let message = format!("unknown key {}: it is ignored", shown(key));
                        report.warning(place, &child.path, message, help_for(key, cursor, known));
                        continue;
                    }
                };
                match fate {
                    Some(Fate::Guard) if speak => {
                        let message = "known, and not enforced yet: nothing is limited or protected by it".to_owned();
                        report.add(Severity::Warning, place, &child.path, message, None);
                    }
                    Some(Fate::Later) if speak => report.notice(place, &child.path, "known, and not acted on yet"),
                    _ => {}
                }
                if let Some(below) = below {
                    // What stands below a key that is reported needs no report of its own, but may be misspelt.
                    let quiet = matches!(fate, Some(Fate::Guard | Fate::Later));
                    walk(&child, below, &[], speak && !quiet, report);
                }
            }
        }
        _ => {}
    }
}

/// What would be right: a key of almost the same letters, or the section where the key belongs.
fn help_for(key: &str, cursor: &Cursor<'_>, known: &Known) -> String {
    let names = known.children.keys().map(String::as_str);
    let prices = if known.prices { prices::names() } else { &[] };
    if let Some(name) = closest(key, names.chain(prices.iter().copied())) {
        return format!("did you mean `{name}`?");
    }
    let mut places = Vec::new();
    elsewhere(key, &KEYS, &mut String::new(), &mut places);
    places.retain(|place| *place != cursor.path);
    if let Some(place) = places.first() {
        return if place.is_empty() {
            format!("`{key}` belongs at the top of the file")
        } else {
            format!("`{key}` belongs under `{place}`")
        };
    }
    if known.prices && cursor.path.ends_with("litellm_params") {
        return "LiteLLM would send it to the provider; here only known keys have an effect".to_owned();
    }
    "check the spelling, or take it away".to_owned()
}

fn elsewhere(key: &str, known: &Known, path: &mut String, places: &mut Vec<String>) {
    if known.children.contains_key(key) {
        places.push(path.clone());
    }
    for (name, child) in &known.children {
        let length = path.len();
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        elsewhere(key, child, path, places);
        if let Some(items) = &child.items {
            path.push_str("[]");
            elsewhere(key, items, path, places);
        }
        path.truncate(length);
    }
}

/// A table of the program's own (`keys.yaml`, `providers.yaml`) with every mistake in it.
#[cfg(test)]
pub(super) fn table(text: &str) -> (yaml::Node, super::finding::Findings) {
    let mut report = Report::default();
    let file = report.add_file("table".to_owned());
    let node = yaml::parse(text, file, &mut report).unwrap();
    (node, report.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::finding::Findings;

    fn checked(text: &str) -> Vec<(u32, String, String, String)> {
        let mut report = Report::default();
        let file = report.add_file("f".to_owned());
        let node = yaml::parse(text, file, &mut report).unwrap();
        check(&Cursor::root(&node), &[], &mut report);
        let tell = |f: super::super::finding::Finding| {
            (f.line, f.path, f.severity.as_str().to_owned(), f.help.unwrap_or_default())
        };
        report.finish().0.into_iter().map(tell).collect()
    }

    fn one(text: &str) -> (String, String, String) {
        let mut found = checked(text);
        assert_eq!(found.len(), 1, "{found:?}");
        let (_, path, severity, help) = found.remove(0);
        (path, severity, help)
    }

    fn told(path: &str, severity: &str, help: &str) -> (String, String, String) {
        (path.to_owned(), severity.to_owned(), help.to_owned())
    }

    #[test]
    fn the_table_is_sound() {
        let (node, findings) = table(include_str!("keys.yaml"));
        assert_eq!(findings, Findings::default());
        for group in Cursor::root(&node).items() {
            let mut seen = std::collections::BTreeSet::new();
            for (key, _, words) in group.entries() {
                assert!(["at", "acted", "guards", "later", "prices"].contains(&key), "{key}");
                let Value::Scalar { text, .. } = &words.node.value else { panic!("{key}") };
                for word in text.split_whitespace() {
                    assert!(key == "at" || seen.insert(word.to_owned()), "{word} twice in {}", group.path);
                }
            }
        }
        assert!(is_section("model_list") && is_section("callback_settings") && !is_section("production"));
    }

    #[test]
    fn unknown_keys_get_a_suggestion() {
        assert_eq!(
            one("general_settings: {master_kye: x}"),
            told("general_settings.master_kye", "warning", "did you mean `master_key`?")
        );
        assert_eq!(one("modellist: []"), told("modellist", "warning", "did you mean `model_list`?"));
        assert_eq!(
            one("litellm_settings: {master_key: x}"),
            told("litellm_settings.master_key", "warning", "`master_key` belongs under `general_settings`")
        );
        assert_eq!(
            one("master_key: x"),
            told("master_key", "warning", "`master_key` belongs under `general_settings`")
        );
        assert_eq!(
            one("model_list: [{litellm_params: {input_cost_per_tokn: 1}}]"),
            told("model_list[0].litellm_params.input_cost_per_tokn", "warning", "did you mean `input_cost_per_token`?")
        );
        let (_, _, help) = one("model_list: [{litellm_params: {zebra: 1}}]");
        assert!(help.starts_with("LiteLLM would send it"), "{help}");
    }

    #[test]
    fn known_keys_are_told_once_at_their_top() {
        assert_eq!(one("litellm_settings: {cache_params: {type: redis, ttl: 5}}"), {
            told("litellm_settings.cache_params", "notice", "")
        });
        let found = checked("litellm_settings: {cache_params: {tpye: redis}}");
        assert_eq!(found[1].3, "did you mean `type`?", "{found:?}");
        assert_eq!(one("general_settings: {allowed_routes: [a]}").1, "warning");
        assert_eq!(one("callback_settings: {anything: {at: all}}"), told("callback_settings", "notice", ""));
        assert_eq!(one("model_list: [{model_info: {supports_vision: true}}]").1, "notice");
    }

    #[test]
    fn acted_keys_are_not_mentioned() {
        let text = "model_list: [{model_name: a, litellm_params: {model: b, api_key: c, weight: 1, \
            input_cost_per_token_above_200k_tokens_priority: 1}, model_info: {id: d, output_cost_per_token: 2}}]\n\
            environment_variables: {ANY: x}\nrouter_settings: {model_group_alias: {a: b, c: {model: d, hidden: true}}}";
        assert_eq!(checked(text), []);
    }
}
