//! Filters: `userName eq "eve" and (active eq true or emails[type eq "work"] pr)`.

use std::cmp::Ordering;
use std::fmt;

use serde_json::{Map, Value};

use super::path::{Attribute, shown};
use super::text::{Token, Tokens};
use super::value::{at, truth};
use super::{ErrorKind, ScimError};

/// How deep brackets may be in each other.
const DEEPEST: usize = 20;

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Operator {
    pub const ALL: [Self; 9] = [
        Self::Equal,
        Self::NotEqual,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Contains => "co",
            Self::StartsWith => "sw",
            Self::EndsWith => "ew",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
        }
    }

    fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.as_str().eq_ignore_ascii_case(text))
    }
}

/// A condition on a resource, or on one of an attribute's values.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    /// One of the attribute's values fits.
    Within(Attribute, Box<Self>),
    Compare(Attribute, Operator, Value),
    Present(Attribute),
}

impl Filter {
    pub fn parse(text: &str) -> Result<Self, ScimError> {
        let mut tokens = Tokens::read(text, ErrorKind::InvalidFilter)?;
        let filter = Self::parse_inner(&mut tokens, 0)?;
        if tokens.is_at_end() { Ok(filter) } else { Err(tokens.error("the filter goes on after its end")) }
    }

    /// `or` binds less than `and`, and that less than `not`.
    pub(super) fn parse_inner(tokens: &mut Tokens, depth: usize) -> Result<Self, ScimError> {
        let mut all = Self::conjunction(tokens, depth)?;
        while tokens.take_word("or") {
            all = Self::Or(Box::new(all), Box::new(Self::conjunction(tokens, depth)?));
        }
        Ok(all)
    }

    fn conjunction(tokens: &mut Tokens, depth: usize) -> Result<Self, ScimError> {
        let mut all = Self::single(tokens, depth)?;
        while tokens.take_word("and") {
            all = Self::And(Box::new(all), Box::new(Self::single(tokens, depth)?));
        }
        Ok(all)
    }

    fn single(tokens: &mut Tokens, depth: usize) -> Result<Self, ScimError> {
        if depth >= DEEPEST {
            return Err(tokens.error(format!("brackets are more than {DEEPEST} deep")));
        }
        if tokens.take(&Token::Open) {
            let inner = Self::parse_inner(tokens, depth + 1)?;
            tokens.expect(&Token::Close, "`)`")?;
            return Ok(inner);
        }
        let Some(Token::Word(word)) = tokens.next() else { return Err(tokens.error("an attribute is missing")) };
        if word.eq_ignore_ascii_case("not") && tokens.take(&Token::Open) {
            let inner = Self::parse_inner(tokens, depth + 1)?;
            tokens.expect(&Token::Close, "`)`")?;
            return Ok(Self::Not(Box::new(inner)));
        }
        let attribute = Attribute::read(&word, tokens.wrong)?;
        if tokens.take(&Token::OpenBracket) {
            let inner = Self::parse_inner(tokens, depth + 1)?;
            tokens.expect(&Token::CloseBracket, "`]`")?;
            return Self::behind(attribute, inner, tokens);
        }
        Self::compared(attribute, tokens)
    }

    /// `emails[type eq "work"].value eq "x"` is `emails[type eq "work" and value eq "x"]`.
    fn behind(attribute: Attribute, inner: Self, tokens: &mut Tokens) -> Result<Self, ScimError> {
        let Some(Token::Word(word)) = tokens.peek().cloned() else {
            return Ok(Self::Within(attribute, Box::new(inner)));
        };
        let Some(sub) = word.strip_prefix('.') else { return Ok(Self::Within(attribute, Box::new(inner))) };
        tokens.next();
        let compared = Self::compared(Attribute::read(sub, tokens.wrong)?, tokens)?;
        Ok(Self::Within(attribute, Box::new(Self::And(Box::new(inner), Box::new(compared)))))
    }

    fn compared(attribute: Attribute, tokens: &mut Tokens) -> Result<Self, ScimError> {
        if tokens.take_word("pr") {
            return Ok(Self::Present(attribute));
        }
        let Some(Token::Word(word)) = tokens.next() else {
            return Err(tokens.error(format!("`{attribute}` is compared with nothing")));
        };
        let operator =
            Operator::read(&word).ok_or_else(|| tokens.error(format!("`{}` is no operator", shown(&word))))?;
        Ok(Self::Compare(attribute, operator, tokens.value()?))
    }

    /// Whether a resource, or one value of an attribute, fits.
    pub fn matches(&self, resource: &Map<String, Value>) -> bool {
        match self {
            Self::And(one, other) => one.matches(resource) && other.matches(resource),
            Self::Or(one, other) => one.matches(resource) || other.matches(resource),
            Self::Not(inner) => !inner.matches(resource),
            Self::Within(attribute, inner) => at(resource, attribute).iter().any(|value| inner.fits(value)),
            Self::Present(attribute) => at(resource, attribute).iter().any(|value| is_something(value)),
            Self::Compare(attribute, operator, wanted) => {
                let values = at(resource, attribute);
                let exact = is_exact(attribute);
                match operator {
                    Operator::NotEqual => !values.iter().any(|v| compare(v, Operator::Equal, wanted, exact)),
                    Operator::Equal if wanted.is_null() => !values.iter().any(|value| is_something(value)),
                    _ => values.iter().any(|value| compare(value, *operator, wanted, exact)),
                }
            }
        }
    }

    /// The same for a value that may be a plain one, which then counts as its own `value`.
    pub(super) fn fits(&self, value: &Value) -> bool {
        match value {
            Value::Object(object) => self.matches(object),
            plain => self.matches(&Map::from_iter([("value".to_owned(), plain.clone())])),
        }
    }

    /// A text that one of these attributes must be equal to, whatever else must hold: by which an index can be asked.
    pub fn wanted(&self, attribute: &str) -> Option<&str> {
        match self {
            Self::And(one, other) => one.wanted(attribute).or_else(|| other.wanted(attribute)),
            Self::Compare(found, Operator::Equal, Value::String(text)) if found.is(attribute) => Some(text),
            Self::Compare(found, Operator::Equal, Value::String(text))
                // Of several values, the value itself may be left out.
                if attribute.strip_suffix(".value").is_some_and(|name| found.is(name)) =>
            {
                Some(text)
            }
            Self::Within(found, inner) => {
                let (name, sub) = attribute.split_once('.')?;
                if found.is(name) { inner.wanted(sub) } else { None }
            }
            _ => None,
        }
    }

    /// Whether it asks about this attribute, or a part of it.
    pub fn mentions(&self, name: &str) -> bool {
        match self {
            Self::And(one, other) | Self::Or(one, other) => one.mentions(name) || other.mentions(name),
            Self::Not(inner) => inner.mentions(name),
            Self::Within(attribute, _) | Self::Compare(attribute, ..) | Self::Present(attribute) => {
                attribute.schema.is_none() && attribute.name.eq_ignore_ascii_case(name)
            }
        }
    }

    /// What a value must have so that it fits, where the filter is nothing but equalities.
    pub(super) fn equalities(&self) -> Option<Map<String, Value>> {
        match self {
            Self::And(one, other) => {
                let mut all = one.equalities()?;
                all.extend(other.equalities()?);
                Some(all)
            }
            Self::Compare(Attribute { schema: None, name, sub: None }, Operator::Equal, value) if !value.is_null() => {
                // Entra writes truth values as texts.
                let value = match (name.eq_ignore_ascii_case("primary"), truth(value)) {
                    (true, Some(truth)) => Value::Bool(truth),
                    _ => value.clone(),
                };
                Some(Map::from_iter([(name.clone(), value)]))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(one, other) => write!(f, "({one}) and ({other})"),
            Self::Or(one, other) => write!(f, "({one}) or ({other})"),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Within(attribute, inner) => write!(f, "{attribute}[{inner}]"),
            Self::Compare(attribute, operator, value) => write!(f, "{attribute} {} {value}", operator.as_str()),
            Self::Present(attribute) => write!(f, "{attribute} pr"),
        }
    }
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(all) => !all.is_empty(),
        Value::Object(all) => !all.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Ids and moments are compared letter by letter, all else whatever the case.
fn is_exact(attribute: &Attribute) -> bool {
    ["id", "externalId", "meta"].iter().any(|name| attribute.name.eq_ignore_ascii_case(name))
}

fn compare(found: &Value, operator: Operator, wanted: &Value, exact: bool) -> bool {
    // Complex values are meant by their `value`.
    if let Value::Object(object) = found {
        return object.get("value").is_some_and(|value| !value.is_object() && compare(value, operator, wanted, exact));
    }
    if found.is_boolean() || wanted.is_boolean() {
        return operator == Operator::Equal && truth(found).is_some() && truth(found) == truth(wanted);
    }
    let order = match (found, wanted) {
        (Value::String(found), Value::String(wanted)) => {
            let fold = |text: &str| if exact { text.to_owned() } else { text.to_lowercase() };
            let (found, wanted) = (fold(found), fold(wanted));
            match operator {
                Operator::Contains => return found.contains(&wanted),
                Operator::StartsWith => return found.starts_with(&wanted),
                Operator::EndsWith => return found.ends_with(&wanted),
                _ => Some(found.cmp(&wanted)),
            }
        }
        (Value::Number(found), Value::Number(wanted)) => {
            found.as_f64().zip(wanted.as_f64()).and_then(|(found, wanted)| found.partial_cmp(&wanted))
        }
        _ => None,
    };
    match (operator, order) {
        (Operator::Equal, Some(Ordering::Equal)) => true,
        (Operator::Greater, Some(order)) => order == Ordering::Greater,
        (Operator::GreaterOrEqual, Some(order)) => order != Ordering::Less,
        (Operator::Less, Some(order)) => order == Ordering::Less,
        (Operator::LessOrEqual, Some(order)) => order != Ordering::Greater,
        _ => false,
    }
}
