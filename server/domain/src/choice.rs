//! Fields of keys and teams that choose between refusing and something milder. They are kept among `settings`, under
//! LiteLLM's names.

use std::collections::BTreeMap;

use serde::Deserialize as _;
use serde_json::{Map, Value};

/// A key whose budget is used up is slowed down instead of refused.
pub const THROTTLE: &str = "throttle_on_budget_exceeded";
/// A client that leaves takes its call with it.
pub const CANCEL: &str = "cancel_on_disconnect";
/// `{model: [models]}`: what is called when a model's part of the budget is used up.
pub const FALLBACKS: &str = "budget_fallbacks";

/// The most models that have fallbacks, and the most fallbacks that each has.
const MOST_MODELS: usize = 1000;
const MOST_FALLBACKS: usize = 10;

/// The fallbacks of `model` in a `budget_fallbacks` field.
pub fn fallbacks(field: Option<&Value>, model: &str) -> Vec<String> {
    let list = field.and_then(|map| map.get(model)).and_then(Value::as_array);
    let names = list.into_iter().flatten().filter_map(Value::as_str);
    names.take(MOST_FALLBACKS).map(str::to_owned).collect()
}

/// Refuses fields that could not be acted on: their name, and what they must be.
pub fn check(settings: &Map<String, Value>) -> Result<(), (&'static str, &'static str)> {
    let given = |name: &str| settings.get(name).filter(|value| !value.is_null());
    for name in [THROTTLE, CANCEL] {
        if given(name).is_some_and(|value| !value.is_boolean()) {
            return Err((name, "must be true or false"));
        }
    }
    let Some(map) = given(FALLBACKS) else { return Ok(()) };
    let good = BTreeMap::<String, Vec<String>>::deserialize(map).is_ok_and(|map| {
        let each = |(model, list): (&String, &Vec<String>)| {
            !model.is_empty()
                && list.len() <= MOST_FALLBACKS
                && list.iter().all(|name| !name.is_empty() && name != model)
        };
        map.len() <= MOST_MODELS && map.iter().all(each)
    });
    let what =
        "must be an object of models with a list of at most ten other models each: `{\"gpt-4o\": [\"gpt-4o-mini\"]}`";
    if good { Ok(()) } else { Err((FALLBACKS, what)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_can_be_acted_on_is_taken() {
        let check = |value: Value| check(value.as_object().unwrap()).map_err(|(name, _)| name);
        assert_eq!(check(json!({"other": 1, FALLBACKS: {"a": ["b", "c"]}, THROTTLE: true, CANCEL: null})), Ok(()));
        assert_eq!(check(json!({CANCEL: "yes"})), Err(CANCEL));
        assert_eq!(check(json!({THROTTLE: 1})), Err(THROTTLE));
        for wrong in [json!(["a"]), json!({"a": "b"}), json!({"a": [1]}), json!({"a": ["a"]}), json!({"": ["b"]})] {
            assert_eq!(check(json!({FALLBACKS: wrong})), Err(FALLBACKS));
        }
    }

    #[test]
    fn fallbacks_are_found_by_the_models_name() {
        let field = json!({"a": ["b", "c"]});
        assert_eq!(fallbacks(Some(&field), "a"), ["b", "c"]);
        assert!(fallbacks(Some(&field), "b").is_empty() && fallbacks(None, "a").is_empty());
    }
}
