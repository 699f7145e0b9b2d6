//! What OpenAI billed, day by day, as its Organization Costs API says.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use tollgate_domain::secret::Secret;
use tollgate_domain::{Nanos, Picos, Timestamp};

use crate::probe;

const DAY: i64 = 86_400;

/// The most days of one page: OpenAI's.
const PAGE: &str = "180";

/// More pages than a year and a day can have.
const MOST_PAGES: usize = 8;

/// The most of one page, in bytes: half a year of days with a line for each of a thousand projects is less.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The most of an error that is passed on, in characters.
const MOST: usize = 500;

/// Whom to ask, and with what.
#[derive(Debug)]
pub struct Bill {
    base_url: String,
    key: Secret,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, default)]
    data: Vec<Bucket<'a>>,
    #[serde(default)]
    next_page: Option<String>,
}

#[derive(Deserialize)]
struct Bucket<'a> {
    start_time: i64,
    #[serde(borrow, default)]
    results: Vec<Line<'a>>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    amount: Amount<'a>,
}

#[derive(Deserialize)]
struct Amount<'a> {
    #[serde(borrow)]
    value: &'a RawValue,
    currency: String,
}

impl Bill {
    /// `base_url` ends with the version: `https://api.openai.com/v1`.
    pub fn new(base_url: &str, key: Secret) -> Self {
        Self { base_url: base_url.trim_end_matches('/').to_owned(), key }
    }

    /// What each day cost, in nano-dollars, by the moment when it began in UTC; days without a bill are left out. Fails
    /// with what OpenAI said, in words for an administrator.
    pub async fn days(
        &self,
        since: Timestamp,
        until: Timestamp,
        projects: &[&str],
    ) -> Result<BTreeMap<Timestamp, Nanos>, String> {
        let mut days = BTreeMap::new();
        let mut page = None;
        for _ in 0..MOST_PAGES {
            let text = self.fetch(since, until, projects, page.as_deref()).await?;
            page = read(&text, &mut days)?;
            if page.is_none() {
                return Ok(days);
            }
        }
        Err("there are more pages than days".to_owned())
    }

    async fn fetch(
        &self,
        since: Timestamp,
        until: Timestamp,
        projects: &[&str],
        page: Option<&str>,
    ) -> Result<String, String> {
        let seconds = |at: Timestamp| (at.0.div_euclid(Timestamp::MICROS_PER_SECOND)).to_string();
        let mut query = vec![
            ("start_time", seconds(since)),
            ("end_time", seconds(until)),
            ("bucket_width", "1d".to_owned()),
            ("limit", PAGE.to_owned()),
        ];
        query.extend(projects.iter().map(|project| ("project_ids", (*project).to_owned())));
        query.extend(page.map(|page| ("page", page.to_owned())));
        let request = probe::client(probe::LIMIT)?.get(format!("{}/organization/costs", self.base_url)).query(&query);
        let response = request.bearer_auth(self.key.expose()).send().await;
        let response = response.map_err(|error| format!("no connection: {}", error.without_url()))?;
        let status = response.status();
        let text = probe::text(response, MOST_BYTES).await?;
        if status.is_success() {
            return Ok(text);
        }
        let said: String = text.replace(self.key.expose(), "[key]").chars().take(MOST).collect();
        Err(format!("it answered {status}: {said}"))
    }
}

/// Adds up a page's days; returns the next page's name.
fn read(text: &str, days: &mut BTreeMap<Timestamp, Nanos>) -> Result<Option<String>, String> {
    let page: Page<'_> = serde_json::from_str(text).map_err(|error| format!("the answer can't be read: {error}"))?;
    for bucket in page.data {
        let day = Timestamp(bucket.start_time.div_euclid(DAY) * DAY * Timestamp::MICROS_PER_SECOND);
        let sum = days.entry(day).or_insert(Nanos::ZERO);
        for line in bucket.results {
            if !line.amount.currency.eq_ignore_ascii_case("usd") {
                return Err(format!("it bills in {}, not in dollars", line.amount.currency));
            }
            let amount = dollars(line.amount.value.get())?;
            *sum = sum.checked_add(amount).ok_or("an amount is too large")?;
        }
    }
    Ok(page.next_page)
}

/// The digits of a number, or of a text with one; what is finer than a nano-dollar is rounded up.
fn dollars(raw: &str) -> Result<Nanos, String> {
    let picos = Picos::from_decimal_rounded_up(raw.trim_matches('"'));
    let picos = picos.map_err(|error| format!("an amount can't be read: {error}"))?;
    Ok(Nanos(picos.0.div_euclid(1000) + i64::from(picos.0.rem_euclid(1000) > 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_answer_is_read() {
        // As at https://platform.openai.com/docs/api-reference/usage/costs
        let text = r#"{"object": "page", "data": [{"object": "bucket", "start_time": 1730419200, "end_time": 1730505600,
            "results": [
                {"object": "organization.costs.result", "amount": {"value": 0.06, "currency": "usd"},
                 "line_item": null, "project_id": null},
                {"object": "organization.costs.result", "amount": {"value": "0.0000000004", "currency": "usd"}}
            ]}], "has_more": false, "next_page": null}"#;
        let mut days = BTreeMap::new();
        assert_eq!(read(text, &mut days), Ok(None));
        let day = Timestamp(1_730_419_200 * Timestamp::MICROS_PER_SECOND);
        assert_eq!(days, BTreeMap::from([(day, Nanos(60_000_001))]));
        let other = text.replace("usd", "eur");
        assert!(read(&other, &mut days).unwrap_err().contains("eur"));
        assert!(read("<html>", &mut days).is_err());
    }
}
