//! Statements put together in SQL: where what is read is no entity.

use std::fmt;

use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

use crate::error::bounded;
use crate::{Store, StoreError};

/// A value that is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bind {
    Int(i64),
    Text(String),
}

impl From<i64> for Bind {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

/// PostgreSQL refuses U+0000, which nothing that is kept has.
impl From<&str> for Bind {
    fn from(value: &str) -> Self {
        Self::Text(value.replace('\0', "\u{fffd}"))
    }
}

impl From<String> for Bind {
    fn from(value: String) -> Self {
        Self::from(value.as_str())
    }
}

impl From<Bind> for Value {
    fn from(value: Bind) -> Self {
        match value {
            Bind::Int(value) => value.into(),
            Bind::Text(value) => value.into(),
        }
    }
}

/// The place of a value in a statement: `$1`.
#[derive(Clone, Copy, Debug)]
pub struct Place(usize);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.0)
    }
}

/// The values of a statement that is being put together.
#[derive(Clone, Debug, Default)]
pub struct Binds(Vec<Bind>);

impl Binds {
    pub fn add(&mut self, value: impl Into<Bind>) -> Place {
        self.0.push(value.into());
        Place(self.0.len())
    }

    /// `column IN ($1, $2)`; `None` without values.
    pub fn among<'a>(&mut self, column: &str, values: impl IntoIterator<Item = &'a str>) -> Option<String> {
        let places: Vec<String> = values.into_iter().map(|value| self.add(value).to_string()).collect();
        match places.as_slice() {
            [] => None,
            [one] => Some(format!("{column} = {one}")),
            many => Some(format!("{column} IN ({})", many.join(", "))),
        }
    }

    pub fn into_values(self) -> Vec<Bind> {
        self.0
    }
}

/// Conditions that must all hold.
#[derive(Clone, Debug, Default)]
pub struct All(Vec<String>);

impl All {
    pub fn add(&mut self, condition: String) {
        self.0.push(condition);
    }

    pub fn add_option(&mut self, condition: Option<String>) {
        self.0.extend(condition);
    }
}

/// As what stands after `WHERE`.
impl fmt::Display for All {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("1 = 1");
        }
        f.write_str(&self.0.join(" AND "))
    }
}

impl Store {
    /// Reads with a statement in SQL.
    pub(crate) async fn read(&self, sql: &str, binds: Binds) -> Result<Vec<QueryResult>, StoreError> {
        let values = binds.into_values().into_iter().map(Value::from);
        let statement = Statement::from_sql_and_values(self.backend, sql, values);
        bounded(self.readers.query_all_raw(statement)).await
    }
}
