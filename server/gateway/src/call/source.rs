//! Where an answer's bytes come from: a provider's connection, or the simulator.

use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::simulator::Script;
use crate::upstream::AnswerBody;

pub enum Source {
    Http(Box<AnswerBody>),
    Simulated(Script),
    /// Nothing more is read: the connection is gone.
    Closed,
}

impl Source {
    pub fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        match self {
            Self::Http(body) => body.poll_piece(cx),
            Self::Simulated(script) => script.poll_piece(cx).map(|piece| piece.map(Ok)),
            Self::Closed => Poll::Ready(None),
        }
    }

    pub async fn piece(&mut self) -> Option<io::Result<Bytes>> {
        std::future::poll_fn(|cx| self.poll_piece(cx)).await
    }

    /// How much is to come, where that was said.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Http(body) => body.size_hint().exact(),
            Self::Simulated(_) | Self::Closed => None,
        }
    }
}
