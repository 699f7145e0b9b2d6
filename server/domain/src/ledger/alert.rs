//! What is kept of an [`Event`]: with the call that brought it about, in a form that a table has.

use serde::{Deserialize, Serialize};

use super::account::AccountKey;
use super::outcome::Event;
use super::refusal::{Refusal, RefusalKind};
use super::window::Span;
use crate::charge::Charge;
use crate::clock::Timestamp;
use crate::money::Nanos;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    SoftLimit,
    Threshold,
    Shadow,
    Overrun,
}

impl AlertKind {
    pub const ALL: [Self; 4] = [Self::SoftLimit, Self::Threshold, Self::Shadow, Self::Overrun];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::SoftLimit => "soft_limit",
            Self::Threshold => "threshold",
            Self::Shadow => "shadow",
            Self::Overrun => "overrun",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Something about an account's limits that people may want to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Made of its call's: the order of the ids is the order of the calls.
    pub id: String,
    pub at: Timestamp,
    pub kind: AlertKind,
    pub account: AccountKey,
    /// Which of the account's limits: `budget a month`, `requests a minute`, `calls at once`.
    pub limited: String,
    /// Amounts are nano-dollars; otherwise they are requests, tokens or calls.
    pub is_money: bool,
    /// The window's turn; `None`: it has neither beginning nor end, or slides.
    pub span: Option<Span>,
    /// Of the limit, for a threshold.
    pub percent: Option<u8>,
    /// The limit; the soft one where that is what was reached.
    pub limit: i64,
    /// Spent or counted, with the call for marks that were crossed, before it for limits in shadow.
    pub used: i64,
    /// Held by calls under way, for limits in shadow.
    pub reserved: i64,
    /// What the call would have reserved, for limits in shadow.
    pub asked: i64,
    /// The charge that brought it about.
    pub charge_id: String,
    /// The call's interned ownership.
    pub ownership_id: i64,
    /// What the call cost.
    pub cost: Nanos,
}

impl Alert {
    /// What is to be told of a charge that is settled.
    pub fn of_charge(events: Vec<Event>, charge: &Charge, now: Timestamp) -> Vec<Self> {
        events.into_iter().enumerate().map(|(n, event)| Self::of(event, n, charge, now)).collect()
    }

    fn of(event: Event, n: usize, charge: &Charge, now: Timestamp) -> Self {
        let mark = |kind, account, window: super::window::WindowRule, span: Span, limit: Nanos, used: Nanos| Self {
            id: format!("{}-{n}", charge.id),
            at: now,
            kind,
            account,
            limited: format!("budget {window}"),
            is_money: true,
            span: (span.start.0 > i64::MIN || span.end.0 < i64::MAX).then_some(span),
            percent: None,
            limit: limit.0,
            used: used.0,
            reserved: 0,
            asked: 0,
            charge_id: charge.id.to_string(),
            ownership_id: charge.ownership_id,
            cost: charge.cost,
        };
        match event {
            Event::SoftLimit { account, window, span, soft, spent } => {
                mark(AlertKind::SoftLimit, account, window, span, soft, spent)
            }
            Event::Threshold { account, window, span, percent, limit, spent } => {
                let alert = mark(AlertKind::Threshold, account, window, span, limit, spent);
                Self { percent: Some(percent), ..alert }
            }
            Event::Overrun { account, window, span, limit, beyond } => {
                let used = Nanos(limit.0.saturating_add(beyond.0));
                mark(AlertKind::Overrun, account, window, span, limit, used)
            }
            Event::Shadow(refusal) => {
                let Refusal { account, kind, limit, used, reserved, asked, .. } = *refusal;
                Self {
                    id: format!("{}-{n}", charge.id),
                    at: now,
                    kind: AlertKind::Shadow,
                    account,
                    limited: limited(kind),
                    is_money: matches!(kind, RefusalKind::Budget { .. }),
                    span: None,
                    percent: None,
                    limit,
                    used,
                    reserved,
                    asked,
                    charge_id: charge.id.to_string(),
                    ownership_id: charge.ownership_id,
                    cost: charge.cost,
                }
            }
        }
    }

    /// What is told once: marks for each turn of the window, the others for each call.
    pub fn told_by(&self) -> String {
        match self.kind {
            AlertKind::SoftLimit | AlertKind::Threshold => {
                format!("{}/{}", self.percent.unwrap_or_default(), self.span.map_or(i64::MIN, |span| span.start.0))
            }
            AlertKind::Shadow | AlertKind::Overrun => self.charge_id.clone(),
        }
    }
}

fn limited(kind: RefusalKind) -> String {
    match kind {
        RefusalKind::Budget { window } => format!("budget {window}"),
        RefusalKind::Rate { kind, period } => {
            format!("{} a{} {}", kind.as_str(), n_of(period.as_str()), period.as_str())
        }
        RefusalKind::Parallel => "calls at once".to_owned(),
    }
}

fn n_of(word: &str) -> &'static str {
    if word == "hour" { "n" } else { "" }
}
