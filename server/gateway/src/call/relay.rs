//! A stream on its way to the client. The client's own reading drives it, so a slow client slows the provider and
//! nothing piles up; a client that leaves has the rest of the stream read without it.

mod kinds;
mod pieces;

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::StatusCode;
use http_body::{Body, Frame};
use memchr::memmem;
use tokio::time::{Instant, Sleep};
use tollgate_dialects::neutral::ErrorKind;
use tollgate_dialects::usage::{Shape, Tally};
use tollgate_domain::charge::{Operation, Outcome};
use tollgate_domain::ledger::Refusal;

use self::kinds::{classify, says_its_end};
use self::pieces::Pieces;
use super::attempt::{Attempt, CLIENT_LEFT, End};
use super::growth::Growth;
use super::silence::Passed;
use super::source::Source;
use super::translate::Stream;
use crate::openai::error::CallError;
use crate::openai::stream::{Kind, with_cost, without_null_usage};

/// The body of a streamed answer.
pub struct Relay(Option<Box<State>>);

/// How a provider's stream is heard, and said again.
pub struct Heard {
    /// The shape of its events.
    pub shape: Shape,
    /// The caller did not ask for the usage, which the provider was asked for.
    pub hide_usage: bool,
    /// `None`: the caller speaks the provider's dialect.
    pub stream: Option<Stream>,
}

struct State {
    attempt: Attempt,
    source: Source,
    status: StatusCode,
    hide_usage: bool,
    shape: Shape,
    stream: Option<Stream>,
    splitter: Pieces,
    /// Events for the client that were not handed out yet.
    ready: VecDeque<Bytes>,
    tally: Tally,
    passed: Passed,
    growth: Growth,
    /// An error that the provider reported in the stream.
    error: Option<String>,
    /// `[DONE]`, or the end, was seen and the charge is settled.
    settled: bool,
    /// Nothing more comes from the provider.
    ended: bool,
    idle: Pin<Box<Sleep>>,
}

impl Relay {
    pub fn new(attempt: Attempt, source: Source, status: StatusCode, heard: Heard) -> Self {
        let Heard { shape, hide_usage, stream } = heard;
        let idle = Box::pin(tokio::time::sleep(attempt.target.deployment.timeouts.idle));
        Self(Some(Box::new(State {
            attempt,
            source,
            status,
            hide_usage,
            shape,
            stream,
            splitter: Pieces::of(shape),
            ready: VecDeque::new(),
            tally: Tally::new(shape),
            passed: Passed::default(),
            growth: Growth::default(),
            error: None,
            settled: false,
            ended: false,
            idle,
        })))
    }
}

impl Body for Relay {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(state) = &mut self.0 else { return Poll::Ready(None) };
        let next = std::task::ready!(state.poll_event(cx));
        if next.is_none() {
            self.0 = None;
        }
        Poll::Ready(next.map(|event| Ok(Frame::data(event))))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let Some(mut state) = self.0.take() else { return };
        if state.ended && state.settled {
            return;
        }
        state.attempt.left.note();
        if state.attempt.cancels {
            state.settle(Outcome::Interrupted, Some(CLIENT_LEFT));
            return;
        }
        let tasks = state.attempt.gateway.tasks().clone();
        tasks.spawn(async move { state.drain().await });
    }
}

impl State {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Poll::Ready(Some(event));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            match self.source.poll_piece(cx) {
                Poll::Ready(Some(Ok(piece))) => {
                    let limit = self.attempt.target.deployment.timeouts.idle;
                    self.idle.as_mut().reset(Instant::now() + limit);
                    self.take(piece);
                }
                Poll::Ready(Some(Err(error))) => {
                    let reason = format!("the stream broke off: {error}");
                    self.break_off(Outcome::UpstreamBroken, &reason);
                }
                Poll::Ready(None) => self.finish(),
                Poll::Pending => {
                    std::task::ready!(self.idle.as_mut().poll(cx));
                    let limit = self.attempt.target.deployment.timeouts.idle;
                    self.break_off(Outcome::Timeout, &format!("nothing came for {} s", limit.as_secs()));
                }
            }
        }
    }

    fn take(&mut self, piece: Bytes) {
        if let Err(error) = self.splitter.push(piece) {
            self.break_off(Outcome::UpstreamBroken, &error);
            return;
        }
        while let Some(event) = self.splitter.next_event() {
            self.pass(event);
            if self.ended {
                return;
            }
        }
    }

    /// Decides what the client gets of an event.
    fn pass(&mut self, event: Bytes) {
        let kind = classify(self.shape, &event, &mut self.tally);
        self.passed.note(&event, &kind);
        self.growth.guess(self.passed.at_least());
        let mut goes_on = true;
        let out = match kind {
            Kind::NullUsage if self.hide_usage => Some(without_null_usage(&event)),
            Kind::Plain | Kind::NullUsage => Some(event),
            Kind::Usage { only_usage } => {
                // What comes after the whole answer ends nothing.
                goes_on = !only_usage;
                let report = self.tally.report();
                self.growth.count(report.usage.as_ref().map_or(0, |usage| usage.output));
                if self.hide_usage && only_usage {
                    None
                } else {
                    Some(match self.attempt.cost(&report) {
                        Some(cost) if !self.hide_usage && self.says_cost() => with_cost(&event, cost.total),
                        _ => event,
                    })
                }
            }
            Kind::Error { message } => {
                self.error.get_or_insert(message);
                Some(self.attempt.target.hide_secrets(event))
            }
            Kind::Done => {
                // On record before the last byte is handed out.
                self.settle(Outcome::Success, None);
                Some(event)
            }
        };
        match out {
            Some(event) if self.stream.is_some() => self.say(&event),
            out => self.ready.extend(out),
        }
        if goes_on
            && !self.ended
            && !self.settled
            && let Some(refusal) = self.attempt.follow(&self.growth)
        {
            self.cut(&refusal);
        }
    }

    /// The answer outgrows what is set aside for it, and a budget has no more: it ends here, in the stream's own form, and
    /// the provider's connection is closed. What it has by now is charged.
    fn cut(&mut self, refusal: &Refusal) {
        let gateway = &self.attempt.gateway;
        let (status, dashboard) = (gateway.paying().budget_status(), &gateway.settings().dashboard);
        let error = CallError::over_limit(refusal, status, dashboard);
        // What was guessed beyond what is paid for may be a wrong guess.
        let most = self.attempt.paid();
        let reason = "a budget was used up in the middle of the answer";
        self.settle_as(Outcome::Interrupted, Some(reason), Some(most));
        self.source = Source::Closed;
        self.ended = true;
        let operation = self.attempt.start.operation;
        self.ready.push_back(error.to_event_for(operation));
        if matches!(operation, Operation::ChatCompletion | Operation::Completion) {
            self.ready.push_back(Bytes::from_static(b"data: [DONE]\n\n"));
        }
    }

    /// Whether the event with the usage is OpenAI's own, and says what it costs too.
    fn says_cost(&self) -> bool {
        self.shape == Shape::Chat && self.stream.is_none()
    }

    /// Says an event in the caller's dialect.
    fn say(&mut self, event: &[u8]) {
        let Some(stream) = &mut self.stream else { return };
        let (said, read) = stream.pass(event);
        self.hand_out(said);
        if let Err(reason) = read
            && !self.settled
        {
            self.break_off(Outcome::UpstreamBroken, &reason);
            self.source = Source::Closed;
        }
    }

    /// What a translation gives, the cost beside the usage where the caller speaks OpenAI's dialect.
    fn hand_out(&mut self, said: Bytes) {
        if said.is_empty() {
            return;
        }
        let chats = matches!(self.attempt.start.operation, Operation::ChatCompletion | Operation::Completion);
        let costs = chats && self.stream.as_ref().is_some_and(|stream| stream.costs);
        if costs
            && memmem::find(&said, b"\"usage\":{").is_some()
            && let Some(cost) = self.attempt.cost(&self.tally.report())
        {
            let mut events = Pieces::of(Shape::Chat);
            if events.push(said.clone()).is_ok() {
                while let Some(event) = events.next_event() {
                    self.ready.push_back(with_cost(&event, cost.total));
                }
                self.ready.extend(events.finish());
                return;
            }
        }
        self.ready.push_back(said);
    }

    /// The provider ended the stream.
    fn finish(&mut self) {
        if let Some(rest) = self.splitter.finish() {
            self.pass(rest);
        }
        if !self.settled && !self.ended && self.error.is_none() {
            let complete = match &mut self.stream {
                Some(stream) => {
                    let (said, read) = stream.end();
                    // On record before the last byte is handed out.
                    if read.is_ok() {
                        self.settle(Outcome::Success, None);
                    }
                    self.hand_out(said);
                    read
                }
                None if says_its_end(self.shape) => Err("the stream broke off".to_owned()),
                None => Ok(()),
            };
            if let Err(reason) = complete {
                self.break_off(Outcome::UpstreamBroken, &reason);
                return;
            }
        }
        self.ended = true;
        self.settle(Outcome::Success, None);
    }

    /// The stream can't go on: what was used is charged, and the client is told in the stream's own form.
    fn break_off(&mut self, outcome: Outcome, reason: &str) {
        self.ended = true;
        if self.settled {
            return;
        }
        self.settle(outcome, Some(reason));
        let message = format!("{}: {reason}.", self.attempt.provider());
        let kind = if outcome == Outcome::Timeout { ErrorKind::Timeout } else { ErrorKind::Broken };
        let told = match &mut self.stream {
            // Its writer knows what was said before.
            Some(stream) if self.attempt.start.operation == Operation::Responses => stream.break_off(&message, kind),
            _ => CallError::broken_off(message).to_event_for(self.attempt.start.operation),
        };
        self.ready.push_back(told);
    }

    fn settle(&mut self, outcome: Outcome, error: Option<&str>) {
        self.settle_as(outcome, error, None);
    }

    /// An estimate is at most `most` tokens long.
    fn settle_as(&mut self, outcome: Outcome, error: Option<&str>, most: Option<u64>) {
        if self.settled {
            return;
        }
        self.settled = true;
        let (outcome, error) = match &self.error {
            Some(message) => (Outcome::UpstreamError, Some(message.as_str())),
            None => (outcome, error),
        };
        let mut report = self.tally.report();
        let estimated = self.passed.complete(&mut report, &self.attempt, outcome);
        if let (true, Some(usage)) = (estimated, &mut report.usage) {
            usage.output = usage.output.min(most.unwrap_or(u64::MAX));
        }
        self.attempt.settle(&End { outcome, status: self.status, error, report: Some(&report), estimated });
    }

    /// Reads the rest of the stream for its usage, the client being gone.
    async fn drain(mut self) {
        let limit = self.attempt.gateway.settings().drain;
        let read_on = async { while std::future::poll_fn(|cx| self.poll_event(cx)).await.is_some() {} };
        if tokio::time::timeout(limit, read_on).await.is_err() {
            self.settle(Outcome::Timeout, Some("the client left and the stream went on for too long"));
        }
    }
}
