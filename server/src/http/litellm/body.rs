//! A request's JSON object, read field by field: what is left over at the end is unknown, and refused by its name.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tollgate_control::ControlError;
use tollgate_domain::Nanos;
use tollgate_gateway::CallError;

use super::super::server::Server;
use super::{LiteLlmError, money};

/// A field that was left out, cleared, or given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field<T> {
    Absent,
    Null,
    Value(T),
}

impl<T> Field<T> {
    pub fn value(self) -> Option<T> {
        if let Self::Value(value) = self { Some(value) } else { None }
    }

    pub fn try_map<U>(self, map: impl FnOnce(T) -> Result<U, ControlError>) -> Result<Field<U>, ControlError> {
        Ok(match self {
            Self::Absent => Field::Absent,
            Self::Null => Field::Null,
            Self::Value(value) => Field::Value(map(value)?),
        })
    }

    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Self::Absent => Field::Absent,
            Self::Null => Field::Null,
            Self::Value(value) => Field::Value(map(value)),
        }
    }

    /// `null` clears; what was left out stays.
    pub fn store(self, target: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *target = None,
            Self::Value(value) => *target = Some(value),
        }
    }

    /// `null` is the type's default; what was left out stays.
    pub fn set(self, target: &mut T)
    where
        T: Default,
    {
        match self {
            Self::Absent => {}
            Self::Null => *target = T::default(),
            Self::Value(value) => *target = value,
        }
    }
}

/// The fields of a JSON object that were not read yet. Their text is kept as it came: an amount of money is read from
/// its digits, never through a floating-point number.
#[derive(Clone, Debug, Default)]
pub struct Fields(BTreeMap<String, Box<RawValue>>);

pub fn invalid(field: &'static str, message: impl Into<String>) -> ControlError {
    ControlError::Invalid { field, message: message.into() }
}

impl Fields {
    /// An empty text counts as `{}`, as in LiteLLM.
    pub fn parse(body: &[u8]) -> Result<Self, ControlError> {
        if body.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(body).map(Self).map_err(|error| invalid("body", format!("not a JSON object: {error}")))
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|raw| raw.get() != "null")
    }

    pub fn raw(&mut self, name: &str) -> Field<Box<RawValue>> {
        match self.0.remove(name) {
            None => Field::Absent,
            Some(raw) if raw.get() == "null" => Field::Null,
            Some(raw) => Field::Value(raw),
        }
    }

    /// Adds or replaces a field.
    pub fn insert(&mut self, name: &str, value: &Value) -> Result<(), ControlError> {
        let raw = serde_json::value::to_raw_value(value).map_err(|error| ControlError::Internal(Box::new(error)))?;
        self.0.insert(name.to_owned(), raw);
        Ok(())
    }

    /// Adds or replaces a field as it was written elsewhere.
    pub fn put(&mut self, name: &str, raw: Box<RawValue>) {
        self.0.insert(name.to_owned(), raw);
    }

    /// The items of a list, whatever they are.
    pub fn raws(&mut self, name: &'static str) -> Result<Field<Vec<Box<RawValue>>>, ControlError> {
        self.take(name, "a list")
    }

    /// `what` says what the field must be, for whoever got it wrong.
    pub fn take<T: DeserializeOwned>(&mut self, name: &'static str, what: &str) -> Result<Field<T>, ControlError> {
        self.raw(name)
            .try_map(|raw| serde_json::from_str(raw.get()).map_err(|_| invalid(name, format!("must be {what}"))))
    }

    pub fn text(&mut self, name: &'static str) -> Result<Field<String>, ControlError> {
        self.take(name, "a text")
    }

    /// A text; the empty one is none.
    pub fn word(&mut self, name: &'static str) -> Result<Field<String>, ControlError> {
        Ok(match self.text(name)? {
            Field::Value(text) if text.is_empty() => Field::Null,
            other => other,
        })
    }

    /// A text that must be there.
    pub fn needed(&mut self, name: &'static str) -> Result<String, ControlError> {
        self.text(name)?.value().filter(|text| !text.is_empty()).ok_or_else(|| invalid(name, "is needed"))
    }

    pub fn texts(&mut self, name: &'static str) -> Result<Field<Vec<String>>, ControlError> {
        self.take(name, "a list of texts")
    }

    pub fn boolean(&mut self, name: &'static str) -> Result<Field<bool>, ControlError> {
        self.take(name, "true or false")
    }

    pub fn object(&mut self, name: &'static str) -> Result<Field<Map<String, Value>>, ControlError> {
        self.take(name, "an object")
    }

    /// An object's fields, to be read as these are.
    pub fn fields(&mut self, name: &'static str) -> Result<Field<Self>, ControlError> {
        Ok(self.take(name, "an object")?.map(Self))
    }

    /// A list of objects.
    pub fn list(&mut self, name: &'static str) -> Result<Field<Vec<Self>>, ControlError> {
        let list: Field<Vec<BTreeMap<String, Box<RawValue>>>> = self.take(name, "a list of objects")?;
        Ok(list.map(|items| items.into_iter().map(Self).collect()))
    }

    /// An object whose fields' names are no names of ours: models, …
    pub fn by_name(&mut self, name: &'static str) -> Result<Field<BTreeMap<String, Box<RawValue>>>, ControlError> {
        self.take(name, "an object")
    }

    /// A whole number; `100.0` is one too.
    pub fn integer(&mut self, name: &'static str) -> Result<Field<i64>, ControlError> {
        self.raw(name).try_map(|raw| integer(name, &raw))
    }

    pub fn dollars(&mut self, name: &'static str) -> Result<Field<Nanos>, ControlError> {
        self.raw(name).try_map(|raw| money::read(name, raw.get()))
    }

    /// An id; the empty text is none.
    pub fn id<T>(&mut self, name: &'static str, parse: fn(&str) -> Option<T>) -> Result<Field<T>, ControlError> {
        self.word(name)?.try_map(|text| parse_id(name, &text, parse))
    }

    /// Everything that was not read yet: for objects whose fields are somebody else's.
    pub fn rest(&mut self) -> Result<Vec<(String, Value)>, ControlError> {
        let rest = std::mem::take(&mut self.0).into_iter();
        rest.map(|(name, raw)| {
            let value = serde_json::from_str(raw.get()).map_err(|error| invalid("body", error.to_string()))?;
            Ok((name, value))
        })
        .collect()
    }

    /// Moves the fields that are known, and kept as they are, to `settings`.
    pub fn keep(&mut self, known: &[(&str, &str)], settings: &mut Map<String, Value>) -> Result<(), ControlError> {
        for (name, _) in known {
            match self.raw(name) {
                Field::Absent => {}
                Field::Null => {
                    settings.remove(*name);
                }
                Field::Value(raw) => {
                    let value = serde_json::from_str(raw.get()).map_err(|error| invalid("body", error.to_string()))?;
                    settings.insert((*name).to_owned(), value);
                }
            }
        }
        Ok(())
    }

    /// Refuses what nobody has read. An unknown field that is `null` asks for nothing.
    pub fn finish(&mut self) -> Result<(), ControlError> {
        let unknown: Vec<String> = std::mem::take(&mut self.0)
            .into_iter()
            .filter(|(_, raw)| raw.get() != "null")
            .map(|(name, _)| format!("`{}`", name.chars().take(60).collect::<String>()))
            .take(5)
            .collect();
        match unknown.as_slice() {
            [] => Ok(()),
            [one] => Err(invalid("body", format!("the field {one} is not known here"))),
            many => Err(invalid("body", format!("the fields {} are not known here", many.join(", ")))),
        }
    }
}

pub fn parse_id<T>(name: &'static str, text: &str, parse: fn(&str) -> Option<T>) -> Result<T, ControlError> {
    parse(text).ok_or_else(|| invalid(name, "must be 1 to 200 printable characters, and no reserved word"))
}

/// A whole number, given as a number or as a text of digits.
pub fn integer(name: &'static str, raw: &RawValue) -> Result<i64, ControlError> {
    let text = raw.get().trim_matches('"');
    let whole = text.split_once('.').map_or(
        text,
        |(whole, rest)| {
            if rest.bytes().all(|digit| digit == b'0') { whole } else { "" }
        },
    );
    whole.parse().map_err(|_| invalid(name, "must be a whole number"))
}

impl FromRequest<Server> for Fields {
    type Rejection = LiteLlmError;

    async fn from_request(request: Request, server: &Server) -> Result<Self, LiteLlmError> {
        let body = bytes::Bytes::from_request(request, server).await;
        let body = body.map_err(|error| CallError::management(error.status(), error.body_text(), None))?;
        Ok(Self::parse(&body)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_read_is_refused_by_name() {
        let mut fields = Fields::parse(br#"{"alias": "a", "colour": "red", "size": null}"#).unwrap();
        assert_eq!(fields.text("alias").unwrap(), Field::Value("a".to_owned()));
        let error = fields.finish().unwrap_err().to_string();
        assert!(error.contains("`colour`") && !error.contains("size"), "{error}");
    }

    #[test]
    fn left_out_cleared_and_given_are_told_apart() {
        let mut fields = Fields::parse(br#"{"a": null, "b": 7.0, "c": "12", "d": 1.5}"#).unwrap();
        assert_eq!(fields.integer("a").unwrap(), Field::Null);
        assert_eq!(fields.integer("b").unwrap(), Field::Value(7));
        assert_eq!(fields.integer("c").unwrap(), Field::Value(12));
        assert!(fields.integer("d").is_err());
        assert_eq!(fields.integer("e").unwrap(), Field::Absent);
        assert!(Fields::parse(b"[1]").is_err());
        assert!(Fields::parse(b" ").is_ok());
    }

    #[test]
    fn known_fields_are_kept_as_they_are() {
        let mut settings = Map::from_iter([("old".to_owned(), Value::from(1))]);
        let mut fields = Fields::parse(br#"{"guardrails": ["x"], "old": null}"#).unwrap();
        fields.keep(&[("guardrails", "null"), ("old", "null"), ("other", "{}")], &mut settings).unwrap();
        assert_eq!(Value::Object(settings), serde_json::json!({"guardrails": ["x"]}));
        fields.finish().unwrap();
    }
}
