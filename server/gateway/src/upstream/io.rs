//! The byte stream under a provider's connection, with a hook in the instant before a request's first byte leaves.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Called once, in the instant before the request's first byte is handed to the kernel. An error keeps it from being
/// sent.
pub type BeforeWrite = Box<dyn FnOnce() -> io::Result<()> + Send>;

/// Where the call that uses a connection leaves its hook.
#[derive(Clone, Default)]
pub struct HookSlot(Arc<Mutex<Hook>>);

#[derive(Default)]
enum Hook {
    #[default]
    Gone,
    Armed(BeforeWrite),
    /// It was called, and kept the request from being sent.
    Refused,
}

impl HookSlot {
    pub fn arm(&self, hook: BeforeWrite) {
        *self.lock() = Hook::Armed(hook);
    }

    /// Takes the hook back, if it was not called.
    pub fn disarm(&self) -> Option<BeforeWrite> {
        if let Hook::Armed(hook) = std::mem::take(&mut *self.lock()) { Some(hook) } else { None }
    }

    /// Whether the hook kept the request from being sent.
    pub fn refused(&self) -> bool {
        matches!(*self.lock(), Hook::Refused)
    }

    fn fire(&self) -> io::Result<()> {
        let mut slot = self.lock();
        match std::mem::take(&mut *slot) {
            Hook::Gone => Ok(()),
            Hook::Armed(hook) => hook().inspect_err(|_| *slot = Hook::Refused),
            Hook::Refused => {
                *slot = Hook::Refused;
                Err(io::Error::other("the call could not be put on record"))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Hook> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection, with or without TLS.
pub enum Stream {
    Plain(TokioIo<TcpStream>),
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
}

pub struct HookedIo {
    stream: Stream,
    hook: HookSlot,
}

impl HookedIo {
    pub fn new(stream: Stream, hook: HookSlot) -> Self {
        Self { stream, hook }
    }
}

impl Read for HookedIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(io) => Pin::new(io).poll_read(cx, buf),
            Stream::Tls(io) => Pin::new(io).poll_read(cx, buf),
        }
    }
}

impl Write for HookedIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.hook.fire()?;
        match &mut this.stream {
            Stream::Plain(io) => Pin::new(io).poll_write(cx, buf),
            Stream::Tls(io) => Pin::new(io).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.hook.fire()?;
        match &mut this.stream {
            Stream::Plain(io) => Pin::new(io).poll_write_vectored(cx, bufs),
            Stream::Tls(io) => Pin::new(io).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(io) => io.is_write_vectored(),
            Stream::Tls(io) => io.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(io) => Pin::new(io).poll_flush(cx),
            Stream::Tls(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(io) => Pin::new(io).poll_shutdown(cx),
            Stream::Tls(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}
