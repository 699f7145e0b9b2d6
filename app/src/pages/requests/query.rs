//! What the address of the requests page says.

use tollgate_domain::summary::{Period, StatusFilter};

use crate::kit::Query;

const PATH: &str = "/ui/requests";

/// The filter of the requests page as it is in the address. A key may be told by id, alias or `master_key`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestsQuery {
    pub status: Option<StatusFilter>,
    pub model: Option<String>,
    pub key: Option<String>,
    /// A call's or a request's whole id.
    pub call: Option<String>,
    /// `None`: whatever the time.
    pub period: Option<Period>,
    pub after: Option<String>,
    /// The list stands still, however many requests come.
    pub paused: bool,
}

impl RequestsQuery {
    /// Values that mean nothing are left out, as if they were not there.
    pub fn of(query: &Query) -> Self {
        Self {
            status: query.get("status").and_then(|text| StatusFilter::parse(&text)),
            model: query.get("model"),
            key: query.get("key"),
            call: query.get("call"),
            period: query.get("period").and_then(|text| Period::parse(&text)),
            after: query.get("after"),
            paused: query.get("live").as_deref() == Some("off"),
        }
    }

    pub fn href(&self) -> String {
        Query::default()
            .with("status", self.status.map(StatusFilter::as_str))
            .with("model", self.model.as_deref())
            .with("key", self.key.as_deref())
            .with("call", self.call.as_deref())
            .with("period", self.period.map(Period::as_str))
            .with("live", self.paused.then_some("off"))
            .with("after", self.after.as_deref())
            .href(PATH)
    }

    /// The link to the first page of the same.
    pub fn first(&self) -> Self {
        Self { after: None, ..self.clone() }
    }

    /// Whether anything is left out of the list.
    pub fn is_filtered(&self) -> bool {
        Self { paused: false, ..self.first() } != Self::default()
    }

    /// What is filtered by: a chip's name and value, and the same query without it.
    pub fn chips(&self) -> Vec<(&'static str, String, Self)> {
        let first = self.first();
        let mut chips = Vec::new();
        let mut chip = |name, value: Option<String>, without: Self| {
            chips.extend(value.map(|value| (name, value, without)));
        };
        let status = self.status.map(|status| status.as_str().to_owned());
        chip("Status", status, Self { status: None, ..first.clone() });
        chip("Model", self.model.clone(), Self { model: None, ..first.clone() });
        chip("Key", self.key.clone(), Self { key: None, ..first.clone() });
        chip("Call", self.call.clone(), Self { call: None, ..first.clone() });
        let period = self.period.map(|period| period_label(period).to_owned());
        chip("Period", period, Self { period: None, ..first.clone() });
        chips
    }
}

/// A period in words.
pub fn period_label(period: Period) -> &'static str {
    match period {
        Period::Hour => "Last hour",
        Period::Day => "Last 24 hours",
        Period::Week => "Last 7 days",
        Period::Month => "Last 30 days",
    }
}

/// The requests of one key.
pub fn requests_of_key(id: &str) -> String {
    RequestsQuery { key: Some(id.to_owned()), ..RequestsQuery::default() }.href()
}

/// The page of one request.
pub fn request_href(id: &str) -> String {
    format!("{PATH}/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> RequestsQuery {
        RequestsQuery {
            status: Some(StatusFilter::Failed),
            model: Some("openai/gpt-4o mini".to_owned()),
            key: Some("team blue & co".to_owned()),
            call: Some("0190-abc".to_owned()),
            period: Some(Period::Week),
            after: Some("1795352400000000_0190".to_owned()),
            paused: true,
        }
    }

    #[test]
    fn an_address_comes_back_as_it_was() {
        let href = full().href();
        assert_eq!(
            href,
            "/ui/requests?status=failed&model=openai%2Fgpt-4o%20mini&key=team%20blue%20%26%20co&call=0190-abc\
             &period=7d&live=off&after=1795352400000000_0190"
        );
        assert_eq!(RequestsQuery::of(&Query::parse(href.split_once('?').unwrap().1)), full());
        assert_eq!(RequestsQuery::default().href(), "/ui/requests");
    }

    #[test]
    fn nonsense_is_no_filter() {
        assert_eq!(
            RequestsQuery::of(&Query::parse("status=gone&period=9y&model=&colour=red")),
            RequestsQuery::default()
        );
        assert!(!RequestsQuery::of(&Query::parse("status=all")).is_filtered());
        assert!(!RequestsQuery::of(&Query::parse("after=1_a&live=off")).is_filtered());
        assert!(!RequestsQuery::of(&Query::parse("live=on")).paused);
    }

    #[test]
    fn each_chip_takes_its_own_condition_away_and_starts_at_the_first_page() {
        let chips = full().chips();
        assert_eq!(chips.iter().map(|chip| chip.0).collect::<Vec<_>>(), ["Status", "Model", "Key", "Call", "Period"]);
        for (i, (_, _, without)) in chips.iter().enumerate() {
            assert_eq!(without.after, None);
            assert_eq!(without.chips().len(), 4, "chip {i}");
        }
        assert_eq!(chips[1].2.model, None);
        assert_eq!(chips[1].2.status, Some(StatusFilter::Failed));
        assert!(RequestsQuery::default().chips().is_empty());
    }
}
