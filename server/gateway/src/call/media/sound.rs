//! An answer that is nothing but bytes, on its way to the client: speech. It is driven by the client's own reading, and
//! is on record before its last piece is handed out.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::StatusCode;
use http_body::{Body, Frame};
use tokio::time::{Instant, Sleep};
use tollgate_domain::charge::Outcome;

use super::demand::Demand;
use crate::call::attempt::{Attempt, CLIENT_LEFT, End};
use crate::call::source::Source;

/// The body of such an answer.
pub struct Sound(Option<Box<State>>);

struct State {
    attempt: Attempt,
    source: Source,
    status: StatusCode,
    demand: Demand,
    /// So many bytes came.
    bytes: u64,
    /// The newest piece: perhaps the last.
    held: Option<Bytes>,
    ended: bool,
    idle: Pin<Box<Sleep>>,
}

impl Sound {
    pub fn new(attempt: Attempt, source: Source, status: StatusCode, demand: Demand) -> Self {
        let idle = Box::pin(tokio::time::sleep(attempt.target.deployment.timeouts.idle));
        Self(Some(Box::new(State { attempt, source, status, demand, bytes: 0, held: None, ended: false, idle })))
    }
}

impl Body for Sound {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(state) = &mut self.0 else { return Poll::Ready(None) };
        let next = std::task::ready!(state.poll_piece(cx));
        if next.is_none() {
            self.0 = None;
        }
        Poll::Ready(next.map(|piece| piece.map(Frame::data)))
    }
}

impl Drop for Sound {
    fn drop(&mut self) {
        let Some(mut state) = self.0.take() else { return };
        if state.ended {
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
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            if self.ended {
                return Poll::Ready(self.held.take().map(Ok));
            }
            match self.source.poll_piece(cx) {
                Poll::Ready(Some(Ok(piece))) => {
                    let limit = self.attempt.target.deployment.timeouts.idle;
                    self.idle.as_mut().reset(Instant::now() + limit);
                    self.bytes += piece.len() as u64;
                    if let Some(before) = self.held.replace(piece) {
                        return Poll::Ready(Some(Ok(before)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    let reason = format!("the answer broke off: {error}");
                    return Poll::Ready(Some(Err(self.break_off(Outcome::UpstreamBroken, &reason))));
                }
                Poll::Ready(None) => {
                    self.ended = true;
                    self.settle(Outcome::Success, None);
                }
                Poll::Pending => {
                    std::task::ready!(self.idle.as_mut().poll(cx));
                    let limit = self.attempt.target.deployment.timeouts.idle;
                    let reason = format!("nothing came for {} s", limit.as_secs());
                    return Poll::Ready(Some(Err(self.break_off(Outcome::Timeout, &reason))));
                }
            }
        }
    }

    /// There is no way to say it in a sound: the connection breaks too.
    fn break_off(&mut self, outcome: Outcome, reason: &str) -> io::Error {
        self.ended = true;
        self.held = None;
        self.source = Source::Closed;
        self.settle(outcome, Some(reason));
        io::Error::other(reason.to_owned())
    }

    fn settle(&mut self, outcome: Outcome, error: Option<&str>) {
        let (report, estimated) = self.demand.said(self.bytes, self.attempt.price().as_ref());
        let report = Some(&report);
        self.attempt.settle(&End { outcome, status: self.status, error, report, estimated });
    }

    /// Reads the rest, the client being gone.
    async fn drain(mut self) {
        let limit = self.attempt.gateway.settings().drain;
        let read_on = async { while matches!(std::future::poll_fn(|cx| self.poll_piece(cx)).await, Some(Ok(_))) {} };
        if tokio::time::timeout(limit, read_on).await.is_err() {
            self.settle(Outcome::Timeout, Some("the client left and the answer went on for too long"));
        }
    }
}
