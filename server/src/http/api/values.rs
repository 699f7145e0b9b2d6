//! Values of the API's bodies: money, moments, patches, and the names of things that the domain has as enums.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use tollgate_control::ControlError;
use tollgate_domain::choice;
use tollgate_domain::increase::RAISABLE;
use tollgate_domain::ledger::AccountKind;
use tollgate_domain::{Nanos, Timestamp};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Any JSON object.
pub type Object = Map<String, Value>;

/// The addresses and networks from which something with these settings may be used; none: from everywhere.
pub fn allowed_ips(settings: &Object) -> Vec<String> {
    let list = settings.get(choice::ALLOWED_IPS).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Puts them into settings.
pub fn set_allowed_ips(settings: &mut Object, ips: Vec<String>) {
    if ips.is_empty() {
        settings.remove(choice::ALLOWED_IPS);
    } else {
        settings.insert(choice::ALLOWED_IPS.to_owned(), ips.into());
    }
}

/// An amount of dollars, as a decimal number in a text: exact, where a floating point number is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money(pub Nanos);

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_decimal())
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map(Self)
            .map_err(|error| D::Error::custom(format!("an amount of dollars such as \"12.5\": {error}")))
    }
}

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("An amount of dollars as a decimal number, with at most nine digits after the point."))
            .pattern(Some("^-?[0-9]+(\\.[0-9]{1,9})?$"))
            .examples(["12.5"])
            .into()
    }
}

impl ToSchema for Money {}

impl From<Money> for Nanos {
    fn from(money: Money) -> Self {
        money.0
    }
}

/// A moment, as RFC 3339 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339())
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at = Timestamp::parse_rfc3339(&text);
        at.map(Self).ok_or_else(|| D::Error::custom("a moment such as 2027-01-31T00:00:00Z"))
    }
}

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("A moment, as RFC 3339 has it."))
            .examples(["2027-01-31T00:00:00Z"])
            .into()
    }
}

impl ToSchema for Moment {}

impl From<Moment> for Timestamp {
    fn from(moment: Moment) -> Self {
        moment.0
    }
}

/// A field of a patch: absent (leave it as it is), `null` (clear it), or a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    #[default]
    Absent,
    Null,
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

impl<T> Patch<T> {
    /// For what may be nothing.
    pub fn optional<U: From<T>>(self, field: &mut Option<U>) {
        match self {
            Self::Absent => {}
            Self::Null => *field = None,
            Self::Value(value) => *field = Some(value.into()),
        }
    }

    /// For the addresses from which something may be used, among its settings.
    pub fn ips(self, settings: &mut Object)
    where
        T: Into<Vec<String>>,
    {
        match self {
            Self::Absent => {}
            Self::Null => set_allowed_ips(settings, Vec::new()),
            Self::Value(ips) => set_allowed_ips(settings, ips.into()),
        }
    }

    /// For what has a natural nothing: an empty list, `false`.
    pub fn or_default<U: From<T> + Default>(self, field: &mut U) {
        match self {
            Self::Absent => {}
            Self::Null => *field = U::default(),
            Self::Value(value) => *field = value.into(),
        }
    }

    /// For what must be something.
    pub fn required<U: From<T>>(self, name: &'static str, field: &mut U) -> Result<(), ControlError> {
        match self {
            Self::Absent => Ok(()),
            Self::Null => Err(invalid(name, "can't be null")),
            Self::Value(value) => {
                *field = value.into();
                Ok(())
            }
        }
    }

    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(change(value)),
        }
    }
}

impl Patch<Object> {
    /// Merges into an object by RFC 7396: `null` takes a member away.
    pub fn merge(self, field: &mut Object) {
        match self {
            Self::Absent => {}
            Self::Null => field.clear(),
            Self::Value(patch) => merge(field, patch),
        }
    }
}

impl<V> Patch<BTreeMap<String, Option<V>>> {
    /// Merges into a map: `null` takes an entry away.
    pub fn merge_map<U: From<V>>(self, field: &mut BTreeMap<String, U>) {
        match self {
            Self::Absent => {}
            Self::Null => field.clear(),
            Self::Value(patch) => {
                for (name, value) in patch {
                    match value {
                        Some(value) => drop(field.insert(name, value.into())),
                        None => drop(field.remove(&name)),
                    }
                }
            }
        }
    }
}

fn merge(target: &mut Object, patch: Object) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(&name);
            }
            Value::Object(inner) => {
                let slot = target.entry(name).or_insert_with(|| Value::Object(Map::new()));
                if !slot.is_object() {
                    *slot = Value::Object(Map::new());
                }
                if let Value::Object(slot) = slot {
                    merge(slot, inner);
                }
            }
            other => {
                target.insert(name, other);
            }
        }
    }
}

/// A field of a body that can't be meant.
pub fn invalid(field: &'static str, message: impl Into<String>) -> ControlError {
    ControlError::Invalid { field, message: message.into() }
}

/// The kind of an account whose limits can be asked to be raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncreaseAccount(pub AccountKind);

impl Serialize for IncreaseAccount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for IncreaseAccount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let kind = RAISABLE.into_iter().find(|kind| kind.as_str() == text);
        kind.map(Self).ok_or_else(|| {
            let kinds: Vec<_> = RAISABLE.iter().map(|kind| kind.as_str()).collect();
            D::Error::custom(format!("one of {}", kinds.join(", ")))
        })
    }
}

impl PartialSchema for IncreaseAccount {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("The kind of an account whose limits can be asked to be raised."))
            .enum_values(Some(RAISABLE.map(tollgate_domain::ledger::AccountKind::as_str)))
            .into()
    }
}

impl ToSchema for IncreaseAccount {}

/// The domain's enums, under their names in JSON.
macro_rules! mirror {
    ($($(#[$doc:meta])* $name:ident: $of:ty { $($variant:ident),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($variant),*
        }

        impl From<$of> for $name {
            fn from(value: $of) -> Self {
                type Of = $of;
                match value {
                    $(Of::$variant => Self::$variant),*
                }
            }
        }

        impl From<$name> for $of {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$variant => Self::$variant),*
                }
            }
        }
    )*};
}

mirror! {
    /// What a person is, gateway-wide.
    Role: tollgate_domain::actor::Role { Admin, Auditor, Member, Viewer }
    /// What somebody is in a team or organisation.
    MemberRole: tollgate_domain::membership::MemberRole { Admin, Member }
    /// What became of a request for an increase.
    IncreaseState: tollgate_domain::increase::IncreaseState { Open, Approved, Denied, Withdrawn, Expired }
    /// Whose requests for increases.
    WhoseIncreases: tollgate_control::increases::Whose { All, Own, ToDecide }
    /// What a key is for.
    KeyType: tollgate_domain::key::KeyType { Default, LlmApi, Management, ReadOnly }
    /// What a key's state allows.
    KeyStatus: tollgate_domain::key::KeyStatus { Active, Blocked, Expired, Deleted }
    /// Which interface of the gateway a call came through.
    Operation: tollgate_domain::charge::Operation {
        ChatCompletion, Completion, Embedding, Messages, Responses, GenerateContent, ImageGeneration, ImageEdit,
        ImageVariation, Moderation, Rerank, Speech, Transcription, AudioTranslation, Other
    }
    /// How an attempt at a provider ended.
    Outcome: tollgate_domain::charge::Outcome { Success, UpstreamError, UpstreamBroken, Timeout, Interrupted }
    /// How sure an amount is.
    Certainty: tollgate_domain::usage::Certainty { Measured, Partial, Estimated, Unknown }
    /// Which requests, by how they went: `failed` at the provider, or `refused` without asking one.
    RequestStatus: tollgate_domain::summary::StatusFilter { Success, Failed, Refused }
    /// What the last hour's calls say about a deployment.
    HealthState: tollgate_domain::summary::HealthState { Unknown, Healthy, Degraded, Down }
    /// The service class that a price belongs to.
    ServiceTier: tollgate_domain::price::ServiceTier { Standard, Batch, Priority, Flex, Ultrafast }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Body {
        a: Patch<Money>,
        b: Patch<Vec<String>>,
        metadata: Patch<Object>,
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let read = |value: Value| serde_json::from_value::<Body>(value).unwrap();
        assert_eq!(read(json!({})).a, Patch::Absent);
        assert_eq!(read(json!({"a": null})).a, Patch::Null);
        assert_eq!(read(json!({"a": "1.5"})).a, Patch::Value(Money(Nanos(1_500_000_000))));
        let mut field = Some(Nanos(1));
        read(json!({})).a.optional(&mut field);
        assert_eq!(field, Some(Nanos(1)));
        read(json!({"a": null})).a.optional(&mut field);
        assert_eq!(field, None);
        let mut list = vec!["x".to_owned()];
        read(json!({"b": null})).b.or_default(&mut list);
        assert!(list.is_empty());
        assert!(read(json!({"a": null})).a.required("a", &mut Nanos(1)).is_err());
    }

    #[test]
    fn objects_are_merged() {
        let mut field = serde_json::from_value(json!({"a": 1, "b": {"c": 2, "d": 3}, "e": 4})).unwrap();
        let body: Body =
            serde_json::from_value(json!({"metadata": {"a": null, "b": {"c": 5}, "e": {"f": 6}}})).unwrap();
        body.metadata.merge(&mut field);
        assert_eq!(Value::Object(field), json!({"b": {"c": 5, "d": 3}, "e": {"f": 6}}));
    }

    #[test]
    fn money_is_text_and_exact() {
        let money: Money = serde_json::from_value(json!("0.1")).unwrap();
        assert_eq!(money.0, Nanos(100_000_000));
        assert_eq!(serde_json::to_value(money).unwrap(), json!("0.1"));
        for bad in [json!(0.1), json!("1e-12"), json!("x"), json!("99999999999999999999")] {
            assert!(serde_json::from_value::<Money>(bad.clone()).is_err(), "{bad}");
        }
    }
}
