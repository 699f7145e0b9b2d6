//! Fields that a reader did not know, on their way back to where they came from.

use crate::json::{Json, Object};
use crate::neutral::{Dialect, Losses, Weight};

/// Fields without which the answer is the same, whoever is asked: places in records, and what a server said of its own
/// answer.
const HINTS: &[&str] = &["annotations", "id", "include", "item", "logprobs", "phase", "status", "truncation", "type"];

/// Fields that stand for pieces of the conversation that only their own server knows.
const CONTENT: &[&str] = &["previous_response_id", "conversation", "prompt"];

/// Keeps what is left of an inner object after its known fields were taken out.
pub fn leave<'a>(rest: &mut Object<'a>, key: &'static str, inner: Object<'a>) {
    if !inner.is_empty() {
        rest.put(key, inner);
    }
}

/// Writes an inner object together with what was left of it by [`leave`].
pub fn put_inner<'a>(out: &mut Object<'a>, key: &'static str, mut inner: Object<'a>, rest: Option<&Object<'a>>) {
    if let Some(Json::Object(left)) = rest.and_then(|rest| rest.get(key)) {
        inner.fill(left);
    }
    out.put(key, inner);
}

/// Whether leftovers may be written: only to the dialect that they came from.
pub fn same<'r, 'a>(rest: &'r Object<'a>, from: Dialect, to: Dialect) -> Option<&'r Object<'a>> {
    (from == to).then_some(rest)
}

/// Reports leftovers of a request that can't be written. `hints` are fields without which the answer is the same.
pub fn report(rest: &Object<'_>, at: &str, hints: &[&str], lost: &mut Losses) {
    for (key, value) in rest.iter() {
        if value.is_null() {
            continue;
        }
        let weight = if hints.contains(&key) || HINTS.contains(&key) {
            Weight::Hint
        } else if at.is_empty() && CONTENT.contains(&key) {
            Weight::Content
        } else {
            Weight::Parameter
        };
        lost.add(weight, if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") });
    }
}
