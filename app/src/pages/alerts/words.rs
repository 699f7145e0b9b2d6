//! Alerts in words.

use tollgate_domain::Nanos;
use tollgate_domain::ledger::{AccountKey, AccountKind, Alert, AlertKind};

use crate::components::count_text;
use crate::pages::{customer_href, key_href, organisation_href, tag_href, team_href, user_href};

/// The page of an account, where it has one.
pub fn account_href(account: &AccountKey) -> Option<String> {
    let id = &account.id;
    Some(match account.kind {
        AccountKind::Organisation => organisation_href(id),
        AccountKind::Team => team_href(id),
        AccountKind::User | AccountKind::Person => user_href(id),
        AccountKind::Key => key_href(id),
        AccountKind::Customer => customer_href(id),
        AccountKind::Tag => tag_href(id),
        AccountKind::Gateway | AccountKind::Membership | AccountKind::Provider | AccountKind::Deployment => {
            return None;
        }
    })
}

/// An amount of what the alert's limit counts.
pub fn amount(alert: &Alert, value: i64) -> String {
    if alert.is_money { Nanos(value).display() } else { count_text(value) }
}

pub const KINDS: [(&str, &str); 4] = [
    ("threshold", "Share of a budget spent"),
    ("soft_limit", "Soft budget reached"),
    ("shadow", "Refused in shadow"),
    ("overrun", "Billed beyond the limit"),
];

pub fn kind_words(alert: &Alert) -> String {
    match (alert.kind, alert.percent) {
        (AlertKind::Threshold, Some(percent)) => format!("{percent} % of the budget spent"),
        (AlertKind::Threshold, None) => "A share of the budget spent".to_owned(),
        (AlertKind::SoftLimit, _) => "Soft budget reached".to_owned(),
        (AlertKind::Shadow, _) => "Would have been refused".to_owned(),
        (AlertKind::Overrun, _) => "Billed beyond the limit".to_owned(),
    }
}
