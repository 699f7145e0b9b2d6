//! Paths: `name.familyName`, `emails[type eq "work"].value`, `urn:…:User:department`.

use std::fmt;

use super::filter::Filter;
use super::text::{Token, Tokens};
use super::{ErrorKind, GROUP, ScimError, USER};

/// The name of an attribute: of the core schema, or of an extension's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The extension's, whose attributes stand in an object of their own under this name.
    pub schema: Option<String>,
    /// Empty: all that the extension has.
    pub name: String,
    pub sub: Option<String>,
}

impl Attribute {
    pub fn read(text: &str, wrong: ErrorKind) -> Result<Self, ScimError> {
        let bad = || ScimError::of(wrong, format!("`{}` is no attribute", shown(text)));
        let (schema, rest) = split_schema(text);
        if rest.is_empty() {
            return if schema.is_some() { Ok(Self { schema, name: String::new(), sub: None }) } else { Err(bad()) };
        }
        let mut parts = rest.split('.');
        let name = parts.next().unwrap_or_default().to_owned();
        let sub = parts.next().map(str::to_owned);
        let all = [Some(&name), sub.as_ref()];
        if parts.next().is_some() || !all.into_iter().flatten().all(|name| is_name(name)) {
            return Err(bad());
        }
        Ok(Self { schema, name, sub })
    }

    /// Whether it is this one of the core schema, whatever the case: `emails.value`.
    pub fn is(&self, text: &str) -> bool {
        let (name, sub) = text.split_once('.').map_or((text, None), |(name, sub)| (name, Some(sub)));
        let same = |one: Option<&str>, other: Option<&str>| match (one, other) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        self.schema.is_none() && self.name.eq_ignore_ascii_case(name) && same(self.sub.as_deref(), sub)
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            f.write_str(schema)?;
            if !self.name.is_empty() {
                f.write_str(":")?;
            }
        }
        f.write_str(&self.name)?;
        if let Some(sub) = &self.sub { write!(f, ".{sub}") } else { Ok(()) }
    }
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'$')
        && text.len() <= 100
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// The extension that a name begins with, and the rest. The core schemas may be named, and need not be.
fn split_schema(text: &str) -> (Option<String>, &str) {
    if !text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")) {
        return (None, text);
    }
    for core in [USER, GROUP] {
        if text.get(..core.len()).is_some_and(|start| start.eq_ignore_ascii_case(core))
            && let Some(rest) = text[core.len()..].strip_prefix(':')
        {
            return (None, rest);
        }
    }
    // A schema's name ends with its version and what it is about: `…:2.0:User`.
    let parts: Vec<&str> = text.split(':').collect();
    let is_version = |part: &&str| part.bytes().next().is_some_and(|b| b.is_ascii_digit());
    match parts.iter().rposition(is_version) {
        Some(at) if at + 2 < parts.len() => {
            let schema = parts[..=at + 1].join(":");
            (Some(schema), &text[parts[..=at + 1].iter().map(|part| part.len() + 1).sum()..])
        }
        Some(at) if at + 2 == parts.len() => (Some(text.to_owned()), ""),
        _ => match text.rsplit_once(':') {
            Some((schema, name)) => (Some(schema.to_owned()), name),
            None => (None, text),
        },
    }
}

/// What a patch is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    pub attribute: Attribute,
    /// Which of several values: `emails[type eq "work"]`.
    pub filter: Option<Filter>,
}

impl Path {
    pub fn read(text: &str) -> Result<Self, ScimError> {
        let mut tokens = Tokens::read(text, ErrorKind::InvalidPath)?;
        let Some(Token::Word(word)) = tokens.next() else { return Err(tokens.error("a path begins with a name")) };
        let mut attribute = Attribute::read(&word, ErrorKind::InvalidPath)?;
        let mut filter = None;
        if tokens.take(&Token::OpenBracket) {
            if attribute.sub.is_some() {
                return Err(tokens.error("a filter stands directly behind the attribute"));
            }
            filter = Some(Filter::parse_inner(&mut tokens, 0)?);
            tokens.expect(&Token::CloseBracket, "`]`")?;
            if let Some(Token::Word(word)) = tokens.peek().cloned() {
                let sub = word.strip_prefix('.').filter(|sub| is_name(sub));
                attribute.sub = Some(sub.ok_or_else(|| tokens.error("`.` and a name come after `]`"))?.to_owned());
                tokens.next();
            }
        }
        if tokens.is_at_end() { Ok(Self { attribute, filter }) } else { Err(tokens.error("more than a path")) }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(filter) = &self.filter else { return self.attribute.fmt(f) };
        let whole = Attribute { sub: None, ..self.attribute.clone() };
        write!(f, "{whole}[{filter}]")?;
        if let Some(sub) = &self.attribute.sub { write!(f, ".{sub}") } else { Ok(()) }
    }
}

/// What somebody sent, for a message.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}
