//! One attempt at a provider, from before it is on record until it is settled.

use std::sync::Arc;
use std::time::Instant;

use http::StatusCode;
use tollgate_dialects::usage::Report;
use tollgate_domain::Nanos;
use tollgate_domain::charge::{Charge, Outcome};
use tollgate_domain::ledger::{RateStatus, Refusal};
use tollgate_domain::price::Cost;
use tollgate_domain::usage::{Certainty, Usage};

use super::admit::Admitted;
use super::detach::ClientLeft;
use super::growth::Growth;
use super::silence::Uncounted;
use super::{CallStart, Named};
use crate::gateway::{CallPlace, Gateway};
use crate::ledger::{Extended, LedgerError, OpenCharge, Reserved};
use crate::targets::{Price, Target};
use crate::upstream::BeforeWrite;

/// Rate limits are told of a growing answer by so many tokens at once.
const PACE: u64 = 256;

/// The least that an answer is extended by, in tokens.
const LITTLE: u64 = 64;

/// What the ledger says of a call that its client took with it.
pub const CLIENT_LEFT: &str = "the client left, and the call was cancelled";

/// Errors are cut to so many characters in the ledger.
const MAX_ERROR: usize = 500;

/// Where a cost is from that no price was known for.
const STATED: &str = "stated by the provider";

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
    /// What was asked for, if something else is called because its budget is used up.
    pub instead_of: Option<Arc<str>>,
    pub left: ClientLeft,
    /// A client that leaves takes the call with it.
    pub cancels: bool,
    /// For an answer whose provider doesn't count.
    pub uncounted: Uncounted,
    /// A price for just this call, in place of its model's.
    pub own_price: Option<Price>,
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
    /// The usage in it is the gateway's own estimate.
    pub estimated: bool,
}

impl Attempt {
    /// An attempt, and what puts it on record.
    pub fn new(
        gateway: Gateway,
        start: CallStart,
        admitted: &mut Admitted,
        place: CallPlace,
        reserved: Reserved,
        (left, uncounted): (ClientLeft, Uncounted),
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
            instead_of: admitted.instead_of.clone(),
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
            instead_of: admitted.instead_of.take(),
            left,
            cancels: admitted.cancels,
            uncounted,
            own_price: None,
            open: Some(open),
            _place: place,
        };
        Ok((attempt, before_write))
    }

    pub fn provider(&self) -> &str {
        &self.target.provider
    }

    /// Follows a growing answer: what it has beyond what was expected counts against rate limits, and what it has beyond
    /// what is paid for is set aside too. The refusal of a budget that has no more ends the stream.
    pub fn follow(&mut self, growth: &Growth) -> Option<Box<Refusal>> {
        let open = self.open.as_mut()?;
        let (tokens, paced) = (growth.tokens(), open.paced());
        if growth.exceeds(paced) {
            open.pace(tokens.saturating_sub(paced) + PACE);
        }
        let beyond = growth.due(open.paid(), open.is_extended())?;
        // By half each time, so that a long answer is not asked about again and again; or a little, if that is left.
        for step in [(open.paid() / 2).max(PACE), LITTLE] {
            match open.extend(self.gateway.ledger(), beyond.saturating_add(step)) {
                Extended::Refused(refusal) if step == LITTLE => return Some(refusal),
                Extended::Refused(_) => {}
                Extended::Held | Extended::Unknown => break,
            }
        }
        None
    }

    /// How many tokens of the answer are paid for.
    pub fn paid(&self) -> u64 {
        self.open.as_ref().map_or(0, OpenCharge::paid)
    }

    /// Whether the client has not been given anything of the answer yet is over.
    pub fn note_first_byte(&mut self) {
        let elapsed = self.start.elapsed_us();
        if let Some(open) = &mut self.open {
            open.charge.first_byte_us.get_or_insert(elapsed);
        }
    }

    pub fn price(&self) -> Option<Price> {
        self.own_price.clone().or_else(|| self.target.price(&self.upstream_model))
    }

    /// What the answer with this report costs, if a price is known.
    pub fn cost(&self, report: &Report) -> Option<Cost> {
        let usage = report.usage.as_ref()?;
        match self.price() {
            Some(price) => price.sheet.cost(usage, report.tier).ok(),
            None => report.stated.map(Cost::stated),
        }
    }

    /// Turns the reservation into a charge: once, later calls do nothing. Returns what it cost.
    pub fn settle(&mut self, end: &End<'_>) -> Option<Cost> {
        let mut open = self.open.take()?;
        let report = end.report;
        let cost = report.and_then(|report| self.cost(report));
        let price = self.price();
        let charge = &mut open.charge;
        charge.outcome = end.outcome;
        charge.status = end.status.as_u16();
        charge.error = end.error.map(|text| text.chars().take(MAX_ERROR).collect());
        let usage = report.and_then(|report| report.usage);
        charge.certainty = match (usage, &cost, end.outcome) {
            (Some(_), Some(_), _) if end.estimated => Certainty::Estimated,
            (Some(_), Some(_), Outcome::Success) => Certainty::Measured,
            (Some(_), Some(_), _) => Certainty::Partial,
            (None, _, Outcome::UpstreamError) if !end.status.is_success() => Certainty::Measured,
            _ => Certainty::Unknown,
        };
        charge.usage = usage.unwrap_or_default();
        charge.upstream_id = end.report.and_then(|report| report.id.clone());
        let stated = || cost.as_ref().map(|_| STATED.into());
        charge.price_source = price.map(|price| price.source).or_else(stated);
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
        let (outcome, status) = (Outcome::Interrupted, StatusCode::BAD_GATEWAY);
        if self.cancels && self.left.get() {
            // The prompt was read, as far as anybody knows.
            let usage = Usage { input: self.uncounted.prompt(), ..Usage::default() };
            let report = Report { usage: Some(usage), ..Report::default() };
            let (error, report) = (Some(CLIENT_LEFT), Some(&report));
            self.settle(&End { outcome, status, error, report, estimated: true });
            return;
        }
        let error = Some("the call was given up before its end");
        self.settle(&End { outcome, status, error, report: None, estimated: false });
    }
}

/// Microseconds between two moments.
pub fn micros_between(from: Instant, to: Instant) -> i64 {
    i64::try_from(to.saturating_duration_since(from).as_micros()).unwrap_or(i64::MAX)
}
