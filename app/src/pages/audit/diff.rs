//! What changed: the JSON of before and after, field by field, as people read it.

use std::collections::BTreeMap;

use leptos::prelude::*;
use serde_json::{Map, Value};
use tollgate_domain::{Nanos, Timestamp};

use crate::components::{Moment, Money};

/// Fields whose numbers are nano-dollars.
const MONEY: [&str; 3] = ["max_budget", "soft_budget", "temporary_increase"];

/// Deeper than anything that is written; what is below is shown as it stands.
const DEEPEST: usize = 8;

/// One side of a field.
#[derive(Clone, Debug, PartialEq)]
enum Shown {
    Text(String),
    List(Vec<String>),
    Money(Nanos),
    Moment(Timestamp),
    /// A keyed digest in place of a secret.
    Secret(String),
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq)]
struct Field {
    name: String,
    before: Option<Shown>,
    after: Option<Shown>,
}

/// The names of what a line changed, outermost first.
pub fn changed_names(before: Option<&Value>, after: Option<&Value>) -> Vec<String> {
    let (Some(Value::Object(before)), Some(Value::Object(after))) = (before, after) else { return Vec::new() };
    let mut names: Vec<_> = before.keys().chain(after.keys()).cloned().collect();
    names.sort();
    names.dedup();
    names
}

fn fields(before: Option<&Value>, after: Option<&Value>) -> Vec<Field> {
    let (before, after) = (flat(before), flat(after));
    let mut all: BTreeMap<String, Field> = BTreeMap::new();
    let empty = |name: &str| Field { name: name.to_owned(), before: None, after: None };
    for (name, shown) in before {
        all.entry(name.clone()).or_insert_with(|| empty(&name)).before = Some(shown);
    }
    for (name, shown) in after {
        all.entry(name.clone()).or_insert_with(|| empty(&name)).after = Some(shown);
    }
    all.into_values().filter(|field| field.before != field.after).collect()
}

fn flat(value: Option<&Value>) -> Vec<(String, Shown)> {
    let mut out = Vec::new();
    if let Some(value) = value {
        flatten("", value, 0, &mut out);
    }
    out
}

fn flatten(path: &str, value: &Value, depth: usize, out: &mut Vec<(String, Shown)>) {
    let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Null => {}
        Value::Object(inner) if depth < DEEPEST && secret(inner).is_none() => {
            for (name, value) in inner {
                flatten(&join(name), value, depth + 1, out);
            }
        }
        Value::Array(items) if depth < DEEPEST && items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (at, item) in items.iter().enumerate() {
                flatten(&join(&(at + 1).to_string()), item, depth + 1, out);
            }
        }
        Value::Array(items) if items.is_empty() => {}
        leaf => out.push((if path.is_empty() { "value".to_owned() } else { path.to_owned() }, shown(path, leaf))),
    }
}

/// The digest that stands for a secret.
fn secret(fields: &Map<String, Value>) -> Option<&str> {
    (fields.len() == 1).then(|| fields.get("hmac").and_then(Value::as_str)).flatten()
}

fn shown(path: &str, value: &Value) -> Shown {
    let name = path.rsplit('.').next().unwrap_or(path);
    match value {
        Value::Object(fields) => match secret(fields) {
            Some(digest) => Shown::Secret(digest.to_owned()),
            None => Shown::Text(value.to_string()),
        },
        Value::Array(items) => Shown::List(items.iter().map(text).collect()),
        Value::Number(number) => match number.as_i64() {
            Some(nanos) if MONEY.contains(&name) => Shown::Money(Nanos(nanos)),
            // Microseconds of this age.
            Some(at) if is_moment(name) && (1_000_000_000_000_000..10_000_000_000_000_000).contains(&at) => {
                Shown::Moment(Timestamp(at))
            }
            _ => Shown::Text(number.to_string()),
        },
        other => Shown::Text(text(other)),
    }
}

fn is_moment(name: &str) -> bool {
    name.ends_with("_at") || name.ends_with("until") || name == "since"
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "(empty)".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

/// The table of what differs, or of all that there is where only one side is known.
#[component]
pub fn Diff(before: Option<Value>, after: Option<Value>) -> impl IntoView {
    let rows = fields(before.as_ref(), after.as_ref());
    if rows.is_empty() {
        return view! { <p class="note">"The line has no details."</p> }.into_any();
    }
    let sides = (before.is_some(), after.is_some());
    let heads = match sides {
        (true, true) => view! { <th scope="col">"Before"</th> <th scope="col">"After"</th> }.into_any(),
        _ => view! { <th scope="col">"Value"</th> }.into_any(),
    };
    let has_secret =
        rows.iter().any(|row| [&row.before, &row.after].iter().any(|s| matches!(s, Some(Shown::Secret(_)))));
    let rows = rows.into_iter().map(|row| view! { <Row row sides /> }).collect_view();
    view! {
        <div class="table-wrap" tabindex="0" role="region" aria-label="What changed">
            <table class="table diff" class:two=sides.0 && sides.1>
                <thead>
                    <tr><th scope="col">"Field"</th>{heads}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {has_secret.then(|| view! {
            <p class="note">"Of a secret the log keeps a keyed digest: it tells whether the secret was changed, and nothing else."</p>
        })}
    }
    .into_any()
}

#[component]
fn Row(row: Field, sides: (bool, bool)) -> impl IntoView {
    let Field { name, before, after } = row;
    let cells = match sides {
        (true, true) => {
            let old = cell(before.clone(), after.as_ref(), Side::Before);
            let new = cell(after, before.as_ref(), Side::After);
            view! { <td>{old}</td> <td>{new}</td> }.into_any()
        }
        _ => view! { <td>{cell(after.or(before), None, Side::Only)}</td> }.into_any(),
    };
    view! { <tr><th scope="row" class="mono">{name}</th>{cells}</tr> }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
    Only,
}

impl Side {
    /// What is gone and what is new is told by the element too, not by the colour alone.
    fn marked(self, inner: AnyView) -> AnyView {
        match self {
            Self::Before => view! { <del>{inner}</del> }.into_any(),
            Self::After => view! { <ins>{inner}</ins> }.into_any(),
            Self::Only => inner,
        }
    }
}

fn cell(shown: Option<Shown>, other: Option<&Shown>, side: Side) -> AnyView {
    let Some(shown) = shown else { return view! { <span class="muted">"–"</span> }.into_any() };
    match shown {
        Shown::Text(text) => side.marked(text.into_any()),
        Shown::Money(value) => side.marked(view! { <Money value /> }.into_any()),
        Shown::Moment(at) => side.marked(view! { <Moment at /> }.into_any()),
        Shown::Secret(digest) => side.marked(view! { "Secret, digest " <span class="mono">{digest}</span> }.into_any()),
        Shown::List(items) => {
            let kept = match other {
                Some(Shown::List(kept)) => kept.clone(),
                _ => Vec::new(),
            };
            let items = items
                .into_iter()
                .map(|item| {
                    let inner = if kept.contains(&item) { item.into_any() } else { side.marked(item.into_any()) };
                    view! { <li>{inner}</li> }
                })
                .collect_view();
            view! { <ul class="inline-list">{items}</ul> }.into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(before: &Value, after: &Value) -> Vec<Field> {
        fields(Some(before), Some(after))
    }

    #[test]
    fn only_what_differs_is_told_at_its_path() {
        let before = json!({"limits": {"max_budget": 20_000_000_000_i64, "rpm_limit": 5}, "models": ["a", "b"]});
        let after = json!({"limits": {"max_budget": 50_000_000_000_i64, "rpm_limit": 5}, "models": ["b", "c"]});
        let fields = of(&before, &after);
        assert_eq!(fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["limits.max_budget", "models"]);
        assert_eq!(fields[0].after, Some(Shown::Money(Nanos(50_000_000_000))));
        assert_eq!(fields[1].before, Some(Shown::List(vec!["a".to_owned(), "b".to_owned()])));
    }

    #[test]
    fn secrets_moments_and_nothing_are_told_as_such() {
        let before =
            json!({"secrets": {"api_key": {"hmac": "ab12"}}, "expires_at": 1_795_352_707_123_456_i64, "alias": null});
        let after = json!({"secrets": {"api_key": {"hmac": "cd34"}}, "expires_at": null, "alias": "x"});
        let fields = of(&before, &after);
        assert_eq!(
            fields[0],
            Field { name: "alias".to_owned(), before: None, after: Some(Shown::Text("x".to_owned())) }
        );
        assert_eq!(fields[1].before, Some(Shown::Moment(Timestamp(1_795_352_707_123_456))));
        assert_eq!(fields[2].name, "secrets.api_key");
        assert_eq!(fields[2].after, Some(Shown::Secret("cd34".to_owned())));
    }

    #[test]
    fn lists_of_things_are_told_one_by_one() {
        let fields = fields(None, Some(&json!({"windows": [{"duration": "1d"}, {"duration": "7d"}]})));
        let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["windows.1.duration", "windows.2.duration"]);
        assert_eq!(changed_names(Some(&json!({"a": 1, "b": 2})), Some(&json!({"b": 3}))), ["a", "b"]);
        assert!(changed_names(None, Some(&json!({"a": 1}))).is_empty());
    }
}
