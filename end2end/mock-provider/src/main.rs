//! For tests and measurements: a model provider that speaks OpenAI's wire format on loopback, keeps books of what it
//! served, and fails on command. Not part of the product. It knows nothing of the gateway.
//!
//! It is the upstream of the benchmarks, so a plain call must cost it next to nothing.

mod answer;
mod ask;
mod body;
mod books;
mod faults;
mod media;
mod route;
mod service;
mod stream;

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use clap::Parser;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use body::ResetFlag;
use books::Books;
use faults::Faults;
use service::Mock;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A model provider for tests: speaks OpenAI's wire format on loopback and fails on command.
#[derive(Parser)]
#[command(version, after_help = faults::HELP)]
struct Options {
    /// Port on 127.0.0.1; 0 takes a free one. The address is printed when the mock is ready.
    #[arg(long, default_value_t = 9100)]
    port: u16,
    /// Milliseconds before each answer.
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    /// Milliseconds between two chunks of a stream.
    #[arg(long, default_value_t = 0)]
    chunk_delay_ms: u64,
    /// Tokens in an answer.
    #[arg(long, default_value_t = 16)]
    tokens: u64,
    /// Refuse calls without `Authorization: Bearer` and this key.
    #[arg(long)]
    require_key: Option<String>,
    /// Threads.
    #[arg(long, default_value_t = 1)]
    threads: usize,
}

fn main() -> io::Result<()> {
    let options = Options::parse();
    let mut runtime = match options.threads {
        0 | 1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    runtime.worker_threads(options.threads.max(1)).enable_all().build()?.block_on(run(options))
}

async fn run(options: Options) -> io::Result<()> {
    let mock = Arc::new(Mock {
        books: Arc::new(Books::default()),
        scripts: Mutex::default(),
        default_tokens: options.tokens,
        default_faults: Faults {
            delay: Duration::from_millis(options.delay_ms),
            chunk_delay: Duration::from_millis(options.chunk_delay_ms),
            ..Faults::default()
        },
        required_key: options.require_key,
    });
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, options.port))).await?;
    writeln!(io::stdout(), "mock provider on http://{}", listener.local_addr()?)?;
    let connections = TaskTracker::new();
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = terminate.recv() => return Ok(()),
            _ = tokio::signal::ctrl_c() => return Ok(()),
        };
        if let Ok((stream, _)) = accepted {
            connections.spawn(connection(Arc::clone(&mock), stream));
        } else {
            // Out of descriptors, most likely: it passes.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn connection(mock: Arc<Mock>, stream: TcpStream) {
    // Best effort: a connection without it is only slower.
    let _ = stream.set_nodelay(true);
    let reset = ResetFlag::default();
    let stream = Connection { stream, reset: Arc::clone(&reset) };
    let service = service_fn(move |request| service::serve(Arc::clone(&mock), Arc::clone(&reset), request));
    // Errors are callers that went away and cuts that were asked for.
    let _ = http1::Builder::new().header_read_timeout(None).serve_connection(TokioIo::new(stream), service).await;
}

/// A connection that ends with a reset if that was asked for.
struct Connection {
    stream: TcpStream,
    reset: ResetFlag,
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A shutdown would send a FIN before the reset.
        if self.reset.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
