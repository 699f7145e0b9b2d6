//! Response bodies: whole ones, and streams that trickle, split and break.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::books::{Call, Outcome};
use crate::stream::{Events, Step};

/// Before the connection is cut, so that what was handed over is written.
const FLUSH_TIME: Duration = Duration::from_millis(20);

/// Set on a connection that must end with a reset.
pub type ResetFlag = Arc<AtomicBool>;

pub enum Body {
    Whole {
        bytes: Option<Bytes>,
        call: Option<Call>,
    },
    /// A whole body without a size of its own: the head's `content-length` stands.
    Unsized {
        bytes: Option<Bytes>,
        call: Option<Call>,
    },
    Stream(Box<Streaming>),
    /// Ends the connection instead.
    Broken {
        call: Call,
    },
}

pub struct Streaming {
    events: Events,
    call: Call,
    /// Bytes of the current event that weren't handed out yet.
    pending: Bytes,
    pending_usage: bool,
    sleep: Option<Pin<Box<Sleep>>>,
    /// Bytes at a time; 0 means whole events.
    split: usize,
    cut: Option<bool>,
    reset: ResetFlag,
}

impl Body {
    pub fn whole(bytes: impl Into<Bytes>, call: Option<Call>) -> Self {
        Self::Whole { bytes: Some(bytes.into()), call }
    }

    pub fn stream(events: Events, call: Call, split: usize, reset: ResetFlag) -> Self {
        let (pending, pending_usage) = (Bytes::new(), false);
        Self::Stream(Box::new(Streaming { events, call, pending, pending_usage, sleep: None, split, cut: None, reset }))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Whole { bytes, call } | Self::Unsized { bytes, call } => {
                if let Some(call) = call {
                    call.outcome = Outcome::Finished;
                }
                Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes))))
            }
            Self::Broken { call } => {
                call.outcome = Outcome::Cut;
                Poll::Ready(Some(Err(io::Error::other("cut, as asked"))))
            }
            Self::Stream(stream) => stream.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole { bytes: None, .. } | Self::Unsized { bytes: None, .. })
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole { bytes, .. } => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            _ => SizeHint::default(),
        }
    }
}

impl Streaming {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                if sleep.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.sleep = None;
            }
            if let Some(reset) = self.cut {
                self.reset.store(reset, Ordering::Relaxed);
                self.call.outcome = Outcome::Cut;
                return Poll::Ready(Some(Err(io::Error::other("cut, as asked"))));
            }
            if !self.pending.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(self.take_piece()))));
            }
            match self.events.next_step() {
                Step::Send { bytes, usage } => (self.pending, self.pending_usage) = (bytes, usage),
                Step::Pause(time) => self.sleep = Some(Box::pin(sleep(time))),
                Step::Cut { reset } => {
                    self.sleep = Some(Box::pin(sleep(FLUSH_TIME)));
                    self.cut = Some(reset);
                }
                Step::End => {
                    self.call.outcome = Outcome::Finished;
                    return Poll::Ready(None);
                }
            }
        }
    }

    fn take_piece(&mut self) -> Bytes {
        let piece = match self.split {
            0 => std::mem::take(&mut self.pending),
            size => self.pending.split_to(size.min(self.pending.len())),
        };
        if self.pending.is_empty() {
            self.call.usage_reported |= self.pending_usage;
        }
        piece
    }
}
