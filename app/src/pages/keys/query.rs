//! What the address of the keys page says.

use tollgate_domain::key::KeyStatus;

use crate::kit::Query;

const PATH: &str = "/ui/keys";

/// Every status, in the order of the filter.
pub const STATUSES: [KeyStatus; 4] = [KeyStatus::Active, KeyStatus::Blocked, KeyStatus::Expired, KeyStatus::Deleted];

/// The filter of the keys page as it is in the address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeysQuery {
    pub search: Option<String>,
    /// `None`: every key that is not deleted.
    pub status: Option<KeyStatus>,
    pub after: Option<String>,
}

impl KeysQuery {
    /// Values that mean nothing are left out, as if they were not there.
    pub fn of(query: &Query) -> Self {
        let status = query.get("status");
        Self {
            search: query.get("q"),
            status: STATUSES.into_iter().find(|s| Some(s.as_str()) == status.as_deref()),
            after: query.get("after"),
        }
    }

    fn query(&self) -> Query {
        Query::default()
            .with("q", self.search.as_deref())
            .with("status", self.status.map(KeyStatus::as_str))
            .with("after", self.after.as_deref())
    }

    pub fn href(&self) -> String {
        self.query().href(PATH)
    }

    /// The same page with word of what was done.
    pub fn href_with(&self, notice: super::Notice) -> String {
        self.query().with("notice", Some(notice.as_str())).href(PATH)
    }

    /// The first page of the same.
    pub fn first(&self) -> Self {
        Self { after: None, ..self.clone() }
    }

    /// Whether anything is left out of the list.
    pub fn is_filtered(&self) -> bool {
        self.first() != Self::default()
    }
}

/// The page of one key.
pub fn key_href(id: &str) -> String {
    format!("{PATH}/{id}")
}

#[cfg(test)]
mod tests {
    use super::super::Notice;
    use super::*;

    #[test]
    fn an_address_comes_back_as_it_was() {
        let query = KeysQuery {
            search: Some("50% off".to_owned()),
            status: Some(KeyStatus::Expired),
            after: Some("12_ab".to_owned()),
        };
        assert_eq!(query.href(), "/ui/keys?q=50%25%20off&status=expired&after=12_ab");
        assert_eq!(KeysQuery::of(&Query::parse(query.href().split_once('?').unwrap().1)), query);
        assert_eq!(query.first().href(), "/ui/keys?q=50%25%20off&status=expired");
        assert_eq!(KeysQuery::default().href(), "/ui/keys");
        assert_eq!(KeysQuery::default().href_with(Notice::Blocked), "/ui/keys?notice=blocked");
    }

    #[test]
    fn nonsense_is_no_filter() {
        assert!(!KeysQuery::of(&Query::parse("q=&status=all&notice=blocked")).is_filtered());
        assert!(KeysQuery::of(&Query::parse("status=deleted")).is_filtered());
    }
}
