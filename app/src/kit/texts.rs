//! Fields whose text has a form: pairs, JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Form;

/// `fast = gpt-4o-mini`, one in a line: what [`Form::pairs`] reads.
pub fn pairs_text(pairs: &BTreeMap<String, String>) -> String {
    pairs.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join("\n")
}

/// An object as people read it; nothing where it is empty. What [`Form::json_object`] reads.
pub fn json_text(object: &Map<String, Value>) -> String {
    if object.is_empty() {
        return String::new();
    }
    serde_json::to_string_pretty(object).unwrap_or_default()
}

impl Form {
    /// Pairs, one in a line: `fast = gpt-4o-mini`.
    pub fn pairs(&mut self, name: &str) -> BTreeMap<String, String> {
        let text = self.typed(name);
        let mut pairs = BTreeMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let pair = line.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
            match pair.filter(|(name, value)| !name.is_empty() && !value.is_empty()) {
                Some((left, right)) if pairs.insert(left.to_owned(), right.to_owned()).is_none() => {}
                Some((left, _)) => self.refuse_at(name, format!("“{left}” stands there twice.")),
                None => self.refuse_at(name, format!("“{line}” is not a pair; write it as name = value.")),
            }
        }
        pairs
    }

    /// A JSON object; an empty field is an empty one.
    pub fn json_object(&mut self, name: &str) -> Map<String, Value> {
        let Some(text) = self.get(name) else { return Map::new() };
        match serde_json::from_str(&text) {
            Ok(Value::Object(object)) => return object,
            Ok(_) => self.refuse_at(name, "Write a JSON object, such as {\"department\": \"sales\"}."),
            Err(error) => self.refuse_at(name, format!("That is not JSON: {error}.")),
        }
        Map::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_as_they_are_written() {
        let pairs = BTreeMap::from([("best".to_owned(), "a=b".to_owned()), ("fast".to_owned(), "o3 mini".to_owned())]);
        let mut form = Form::filled([("aliases", pairs_text(&pairs)), ("bad", "x\ny = \na = b\na = c".to_owned())]);
        assert_eq!((form.pairs("aliases"), form.is_refused()), (pairs, false));
        form.pairs("bad");
        let problem = form.problem("bad");
        for part in ["“x” is not", "“y =” is not", "“a” stands there twice"] {
            assert!(problem.contains(part), "{problem}");
        }
    }

    #[test]
    fn objects_are_read_as_they_are_written() {
        let object = Map::from_iter([("a".to_owned(), Value::from(1)), ("b".to_owned(), Value::from("<x>"))]);
        let mut form = Form::filled([("m", json_text(&object)), ("none", json_text(&Map::new()))]);
        assert_eq!((form.json_object("m"), form.json_object("none")), (object, Map::new()));
        assert!(!form.is_refused());
        for text in ["[1]", "{", "a: b"] {
            let mut form = Form::filled([("m", text.to_owned())]);
            form.json_object("m");
            assert!(!form.problem("m").is_empty(), "{text}");
        }
    }
}
