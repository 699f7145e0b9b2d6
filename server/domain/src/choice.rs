//! Fields of keys and teams that choose between refusing and something milder. They are kept among `settings`, under
//! LiteLLM's names.

use std::collections::BTreeMap;

use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use crate::address::{MOST_NETWORKS, Networks};

/// A key whose budget is used up is slowed down instead of refused.
pub const THROTTLE: &str = "throttle_on_budget_exceeded";
/// A client that leaves takes its call with it.
pub const CANCEL: &str = "cancel_on_disconnect";
/// `{model: [models]}`: what is called when a model's part of the budget is used up.
pub const FALLBACKS: &str = "budget_fallbacks";

/// Addresses and networks from which it is used; from nowhere else.
pub const ALLOWED_IPS: &str = "allowed_ips";

/// Every name: what is kept under another is not acted on.
pub const NAMES: [&str; 4] = [THROTTLE, CANCEL, FALLBACKS, ALLOWED_IPS];

/// The same fields, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub throttle: bool,
    /// `None`: as the team or the gateway has it.
    pub cancel: Option<bool>,
    pub fallbacks: BTreeMap<String, Vec<String>>,
}

impl Choices {
    /// What can't be read counts as not said.
    pub fn of(settings: &Map<String, Value>) -> Self {
        let truth = |name: &str| settings.get(name).and_then(Value::as_bool);
        let fallbacks = settings.get(FALLBACKS).and_then(|map| BTreeMap::deserialize(map).ok());
        Self {
            throttle: truth(THROTTLE).unwrap_or(false),
            cancel: truth(CANCEL),
            fallbacks: fallbacks.unwrap_or_default(),
        }
    }

    /// Puts them where they are kept; what says nothing is taken out, unless it stands there in other words that mean
    /// the same.
    pub fn write(self, settings: &mut Map<String, Value>) {
        if Self::of(settings) == self {
            return;
        }
        let Self { throttle, cancel, fallbacks } = self;
        let mut put = |name: &str, value: Option<Value>| match value {
            Some(value) => drop(settings.insert(name.to_owned(), value)),
            None => drop(settings.remove(name)),
        };
        put(THROTTLE, throttle.then_some(Value::Bool(true)));
        put(CANCEL, cancel.map(Value::Bool));
        put(FALLBACKS, (!fallbacks.is_empty()).then(|| json!(fallbacks)));
    }
}

/// The most models that have fallbacks, and the most fallbacks that each has.
const MOST_MODELS: usize = 1000;
const MOST_FALLBACKS: usize = 10;

/// The fallbacks of `model` in a `budget_fallbacks` field.
pub fn fallbacks(field: Option<&Value>, model: &str) -> Vec<String> {
    let list = field.and_then(|map| map.get(model)).and_then(Value::as_array);
    let names = list.into_iter().flatten().filter_map(Value::as_str);
    names.take(MOST_FALLBACKS).map(str::to_owned).collect()
}

/// From where something with these settings may be used; `None`: from everywhere. A list that can't be read, which
/// [`check`] lets nobody write, is one that lets nobody in.
pub fn networks(settings: &Map<String, Value>) -> Option<Networks> {
    let field = settings.get(ALLOWED_IPS).filter(|value| !value.is_null())?;
    let nowhere = || Networks::parse(["255.255.255.255"]).unwrap_or_default();
    let Some(texts) = Vec::<String>::deserialize(field).ok() else { return Some(nowhere()) };
    let read = Networks::parse(texts.iter().map(String::as_str));
    read.map_or_else(|_| Some(nowhere()), |networks| (!networks.is_empty()).then_some(networks))
}

/// Refuses fields that could not be acted on: their name, and what they must be.
pub fn check(settings: &Map<String, Value>) -> Result<(), (&'static str, &'static str)> {
    let given = |name: &str| settings.get(name).filter(|value| !value.is_null());
    for name in [THROTTLE, CANCEL] {
        if given(name).is_some_and(|value| !value.is_boolean()) {
            return Err((name, "must be true or false"));
        }
    }
    if let Some(field) = given(ALLOWED_IPS) {
        let read = Vec::<String>::deserialize(field).ok();
        let good = read.is_some_and(|texts| {
            texts.len() <= MOST_NETWORKS && Networks::parse(texts.iter().map(String::as_str)).is_ok()
        });
        if !good {
            return Err((ALLOWED_IPS, "must be a list of addresses and networks: `[\"203.0.113.9\", \"10.0.0.0/8\"]`"));
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
    fn addresses_are_read_or_refused() {
        let list = |value: Value| networks(json!({ ALLOWED_IPS: value }).as_object().unwrap());
        let good = json!({ ALLOWED_IPS: ["203.0.113.9", "2001:db8::/32"] });
        assert_eq!(check(good.as_object().unwrap()), Ok(()));
        for wrong in [json!("10.0.0.0/8"), json!(["x"]), json!([1]), json!({})] {
            assert_eq!(
                check(json!({ ALLOWED_IPS: wrong }).as_object().unwrap()).map_err(|(name, _)| name),
                Err(ALLOWED_IPS)
            );
            assert!(!list(wrong).unwrap().admits("10.0.0.1".parse().ok()));
        }
        assert!(list(json!(["10.0.0.0/8"])).unwrap().admits("10.0.0.1".parse().ok()));
        assert_eq!((list(json!([])), list(Value::Null)), (None, None));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let fallbacks = BTreeMap::from([("a".to_owned(), vec!["b".to_owned()])]);
        let choices = Choices { throttle: true, cancel: Some(false), fallbacks };
        let mut settings = Map::from_iter([("other".to_owned(), json!(1))]);
        choices.clone().write(&mut settings);
        assert_eq!(Choices::of(&settings), choices);
        Choices::default().write(&mut settings);
        assert_eq!(Value::Object(settings), json!({"other": 1}));
        let mut same = Map::from_iter([(THROTTLE.to_owned(), json!(false))]);
        Choices::default().write(&mut same);
        assert_eq!(Value::Object(same), json!({THROTTLE: false}));
    }

    #[test]
    fn fallbacks_are_found_by_the_models_name() {
        let field = json!({"a": ["b", "c"]});
        assert_eq!(fallbacks(Some(&field), "a"), ["b", "c"]);
        assert!(fallbacks(Some(&field), "b").is_empty() && fallbacks(None, "a").is_empty());
    }
}
