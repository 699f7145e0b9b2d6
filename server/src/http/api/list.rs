//! Lists: a page at a time, found by where the one before it ended.

use serde::{Deserialize, Serialize};
use tollgate_control::records::Order as RecordOrder;
use tollgate_domain::page::{Cursor, Page};
use utoipa::ToSchema;

use super::super::problem::Problem;

/// Rows of a page where the request names no number.
const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    pub items: Vec<T>,
    /// The `cursor` of the next page; `null`: this is the last one.
    pub next: Option<String>,
}

impl<T> List<T> {
    pub fn of<R>(page: Page<R>, show: impl FnMut(R) -> T) -> Self {
        Self { items: page.items.into_iter().map(show).collect(), next: page.next }
    }
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    #[default]
    Newest,
    Oldest,
    Name,
}

impl From<Order> for RecordOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Newest => Self::NewestFirst,
            Order::Oldest => Self::OldestFirst,
            Order::Name => Self::Name,
        }
    }
}

/// Which page.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub cursor: Option<Cursor>,
    pub limit: u32,
}

/// `?cursor=` and `?limit=`, checked.
pub fn wanted(cursor: Option<&str>, limit: Option<u32>) -> Result<Wanted, Problem> {
    let limit @ 1..=MAX_LIMIT = limit.unwrap_or(DEFAULT_LIMIT) else {
        return Err(Problem::invalid("limit", format!("`limit` must be between 1 and {MAX_LIMIT}.")));
    };
    let cursor = cursor
        .map(|text| {
            Cursor::decode(text)
                .ok_or_else(|| Problem::invalid("cursor", "`cursor` must be the `next` of an earlier page."))
        })
        .transpose()?;
    Ok(Wanted { cursor, limit })
}
