//! A request's query, and pages with numbers.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use futures::future::BoxFuture;
use http::request::Parts;
use tollgate_control::ControlError;
use tollgate_domain::page::{Cursor, Page};

use super::body::{invalid, parse_id};

/// Rows that are read at once on the way to a page far down.
const STRIDE: u32 = 1000;

/// The query's parameters. Unknown ones are nobody's business, as in LiteLLM.
#[derive(Clone, Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    pub fn of(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The first with this name that is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, text)| known == name && !text.is_empty()).map(|(_, text)| text.as_str())
    }

    pub fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// All with this name; each may be a list with commas.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self.0.iter().filter(|(known, _)| known == name);
        named.flat_map(|(_, text)| text.split(',')).map(str::trim).filter(|text| !text.is_empty()).collect()
    }

    pub fn needed(&self, name: &'static str) -> Result<&str, ControlError> {
        self.text(name).ok_or_else(|| invalid(name, "is needed"))
    }

    pub fn id<T>(&self, name: &'static str, parse: fn(&str) -> Option<T>) -> Result<Option<T>, ControlError> {
        self.text(name).map(|text| parse_id(name, text, parse)).transpose()
    }

    pub fn boolean(&self, name: &'static str) -> Result<bool, ControlError> {
        match self.text(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("false" | "0" | "no" | "off") => Ok(false),
            Some("true" | "1" | "yes" | "on") => Ok(true),
            Some(_) => Err(invalid(name, "must be true or false")),
        }
    }

    pub fn number(&self, name: &'static str, otherwise: u32, most: u32) -> Result<u32, ControlError> {
        match self.text(name).map_or(Ok(otherwise), str::parse) {
            Ok(number) if (1..=most).contains(&number) => Ok(number),
            _ => Err(invalid(name, format!("must be from 1 to {most}"))),
        }
    }

    /// Refuses filters that can't be applied: an answer without them would look like one with them.
    pub fn refuse(&self, names: &[&'static str]) -> Result<(), ControlError> {
        match names.iter().find(|name| self.text(name).is_some()) {
            Some(name) => Err(invalid(name, "can't be filtered by here")),
            None => Ok(()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts.uri.query().unwrap_or_default()))
    }
}

/// Which page of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Numbered {
    /// From 1.
    pub page: u32,
    pub size: u32,
}

impl Numbered {
    pub fn read(params: &Params, size: &'static str, otherwise: u32, most: u32) -> Result<Self, ControlError> {
        Ok(Self { page: params.number("page", 1, 1_000_000)?, size: params.number(size, otherwise, most)? })
    }

    pub fn pages(self, total: u64) -> u64 {
        total.div_ceil(u64::from(self.size))
    }

    /// The rows of the page. LiteLLM numbers its pages; ours are found by the last row of the one before.
    pub async fn rows<'a, T>(
        self,
        total: u64,
        mut fetch: impl FnMut(Option<Cursor>, u32) -> BoxFuture<'a, Result<Page<T>, ControlError>>,
    ) -> Result<Vec<T>, ControlError> {
        let mut before = u64::from(self.page - 1) * u64::from(self.size);
        let mut cursor = None;
        if before >= total && total > 0 {
            return Ok(Vec::new());
        }
        while before > 0 {
            let stride = u32::try_from(before).unwrap_or(STRIDE).min(STRIDE);
            let skipped = fetch(cursor.take(), stride).await?;
            before = before.saturating_sub(u64::from(stride));
            match skipped.next.as_deref().and_then(Cursor::decode) {
                Some(next) => cursor = Some(next),
                None => return Ok(Vec::new()),
            }
        }
        Ok(fetch(cursor, self.size).await?.items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read() {
        let query = Params::of("a=1&tags=x,y&tags=z&empty=&flag=True&page=0");
        assert_eq!(query.text("a"), Some("1"));
        assert_eq!(query.all("tags"), ["x", "y", "z"]);
        assert_eq!(query.text("empty"), None);
        assert!(query.boolean("flag").unwrap());
        assert!(query.number("page", 1, 10).is_err());
        assert_eq!(query.number("size", 7, 10).unwrap(), 7);
        assert!(query.refuse(&["b", "a"]).is_err() && query.refuse(&["empty"]).is_ok());
    }

    #[tokio::test]
    async fn pages_are_counted_off() {
        let all: Vec<i64> = (0..2500).collect();
        let fetch = |cursor: Option<Cursor>, limit: u32| -> BoxFuture<'_, _> {
            let start = cursor.map_or(0, |cursor| usize::try_from(cursor.at).unwrap() + 1);
            let items: Vec<i64> = all[start..].iter().copied().take(limit as usize).collect();
            let next = items.last().filter(|last| **last < 2499);
            let next = next.map(|at| Cursor { at: *at, id: "x".to_owned() }.encode());
            Box::pin(std::future::ready(Ok(Page { items, next })))
        };
        let rows = Numbered { page: 25, size: 100 }.rows(2500, fetch).await.unwrap();
        assert_eq!((rows[0], rows.len()), (2400, 100));
        assert_eq!(Numbered { page: 1, size: 10 }.rows(2500, fetch).await.unwrap(), (0..10).collect::<Vec<_>>());
        assert!(Numbered { page: 26, size: 100 }.rows(2500, fetch).await.unwrap().is_empty());
        assert_eq!(Numbered { page: 1, size: 10 }.pages(2501), 251);
    }
}
