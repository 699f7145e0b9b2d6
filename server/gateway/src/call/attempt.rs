//! One attempt at a provider, from before it is on record until it is settled.

use std::sync::Arc;
use std::time::Instant;

use http::StatusCode;
use tollgate_domain::Nanos;
use tollgate_domain::charge::{Charge, Outcome};
use tollgate_domain::ledger::RateStatus;
use tollgate_domain::price::Cost;
use tollgate_domain::usage::{Certainty, Usage};

use super::admit::Admitted;
use super::detach::ClientLeft;
use super::{CallStart, Named};
use crate::gateway::{CallPlace, Gateway};
use crate::ledger::{LedgerError, OpenCharge, Reserved};
use crate::openai::usage::Report;
use crate::targets::{Price, Target};
use crate::upstream::BeforeWrite;

/// Errors are cut to so many characters in the ledger.
const MAX_ERROR: usize = 500;

pub struct Attempt {
    pub gateway: Gateway,
    pub start: CallStart,
    pub named: Named,
    /// The tightest rate limits of those who pay.
    pub rates: Vec<RateStatus>,
    pub target: Arc<Target>,
    /// What the caller asked for.
    pub model: Arc<str>,
    pub upstream_model: Arc<str>,
    pub left: ClientLeft,
    open: Option<OpenCharge>,
    _place: CallPlace,
}

/// How an attempt ended.
pub struct End<'a> {
    pub outcome: Outcome,
    /// What the client is answered with.
    pub status: StatusCode,
    pub error: Option<&'a str>,
    /// What the provider reported; `None`: nothing.
    pub report: Option<&'a Report>,
}

impl Attempt {
    /// An attempt, and what puts it on record.
    pub fn new(
        gateway: Gateway,
        start: CallStart,
        admitted: &mut Admitted,
        place: CallPlace,
        reserved: Reserved,
        left: ClientLeft,
    ) -> Result<(Self, BeforeWrite), LedgerError> {
        let target = Arc::clone(&admitted.target);
        let target = &target;
        let Reserved { reservation, rates, .. } = reserved;
        let named = start.named(reservation.id, reservation.at);
        let charge = Charge {
            id: named.id,
            call_id: start.given_id.clone(),
            attempt: 1,
            started_at: named.at,
            key_id: admitted.caller.key_id(),
            ownership_id: admitted.caller.ownership_id(),
            operation: start.operation,
            model: Arc::clone(&admitted.model),
            deployment_id: Arc::clone(&target.id),
            provider: Arc::clone(&target.provider),
            upstream_model: Arc::clone(&admitted.upstream_model),
            streamed: admitted.peek.stream,
            // If nothing more is heard of it: the gateway was stopped.
            outcome: Outcome::Interrupted,
            status: StatusCode::BAD_GATEWAY.as_u16(),
            error: Some("the gateway was stopped during the call".to_owned()),
            certainty: Certainty::Unknown,
            usage: Usage::default(),
            cost: Nanos::ZERO,
            reserved: Nanos::ZERO,
            cost_lines: Vec::new(),
            price_source: None,
            duration_us: 0,
            first_byte_us: None,
            client_left: false,
            upstream_id: None,
            end_user: admitted.end_user.take(),
            tags: std::mem::take(&mut admitted.tags),
        };
        let (open, before_write) = gateway.ledger().prepare(charge, reservation)?;
        let attempt = Self {
            gateway,
            start,
            named,
            rates,
            target: Arc::clone(target),
            model: Arc::clone(&admitted.model),
            upstream_model: Arc::clone(&admitted.upstream_model),
            left,
            open: Some(open),
            _place: place,
        };
        Ok((attempt, before_write))
    }

    pub fn provider(&self) -> &str {
        &self.target.provider
    }

    /// Whether the client has not been given anything of the answer yet is over.
    pub fn note_first_byte(&mut self) {
        let elapsed = self.start.elapsed_us();
        if let Some(open) = &mut self.open {
            open.charge.first_byte_us.get_or_insert(elapsed);
        }
    }

    fn price(&self) -> Option<Price> {
        self.target.price(&self.upstream_model)
    }

    /// What the answer with this report costs, if a price is known.
    pub fn cost(&self, report: &Report) -> Option<Cost> {
        let usage = report.usage.as_ref()?;
        self.price()?.sheet.cost(usage, report.tier).ok()
    }

    /// Turns the reservation into a charge: once, later calls do nothing. Returns what it cost.
    pub fn settle(&mut self, end: &End<'_>) -> Option<Cost> {
        let mut open = self.open.take()?;
        let cost = end.report.and_then(|report| self.cost(report));
        let price = self.price();
        let charge = &mut open.charge;
        charge.outcome = end.outcome;
        charge.status = end.status.as_u16();
        charge.error = end.error.map(|text| text.chars().take(MAX_ERROR).collect());
        let usage = end.report.and_then(|report| report.usage);
        charge.certainty = match (usage, &cost, end.outcome) {
            (Some(_), Some(_), Outcome::Success) => Certainty::Measured,
            (Some(_), Some(_), _) => Certainty::Partial,
            (None, _, Outcome::UpstreamError) if !end.status.is_success() => Certainty::Measured,
            _ => Certainty::Unknown,
        };
        charge.usage = usage.unwrap_or_default();
        charge.upstream_id = end.report.and_then(|report| report.id.clone());
        charge.price_source = price.map(|price| price.source);
        if let Some(cost) = &cost {
            charge.cost = cost.total;
            charge.cost_lines.clone_from(&cost.lines);
        } else if end.outcome != Outcome::Interrupted {
            // An attempt that was torn down costs what was set aside for it: nobody will hear of it any more.
            charge.cost = Nanos::ZERO;
        }
        charge.duration_us = self.start.elapsed_us();
        charge.first_byte_us.get_or_insert(charge.duration_us);
        charge.client_left = self.left.get();
        self.gateway.ledger().settle(open);
        cost
    }

    pub fn total_us(&self) -> i64 {
        self.start.elapsed_us()
    }
}

/// An attempt that nobody settled is torn down: the process stops, or the provider took longer than anybody waits.
impl Drop for Attempt {
    fn drop(&mut self) {
        let error = Some("the call was given up before its end");
        self.settle(&End { outcome: Outcome::Interrupted, status: StatusCode::BAD_GATEWAY, error, report: None });
    }
}

/// Microseconds between two moments.
pub fn micros_between(from: Instant, to: Instant) -> i64 {
    i64::try_from(to.saturating_duration_since(from).as_micros()).unwrap_or(i64::MAX)
}
