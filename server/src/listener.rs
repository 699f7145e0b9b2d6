//! Accepting connections: HTTP/1.1 with limits on how long a client may be silent or slow.
//!
//! Each serving thread has a runtime and a listening socket of its own, between which the kernel shares connections out:
//! a call stays on the thread that accepted it, from its client to its provider and back. Pages and management run
//! elsewhere, so that a page that takes milliseconds to draw holds up no call.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::IntoResponse as _;
use http::{HeaderMap, HeaderName};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tollgate_domain::address::{Networks, client_of};
use tower::Service as _;

/// The head of a request and the most that is buffered for a client, in bytes. The gateway refuses headers of a quarter
/// of it in words; beyond this the connection is answered with a bare 431.
const MAX_BUFFER: usize = 256 * 1024;

const MAX_HEADERS: usize = 200;

/// A client that takes nothing for so long, while something waits for it, is gone.
const WRITE_STALL: Duration = Duration::from_secs(60);

/// How long a client may take to agree on how to encrypt.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A pause after an accept that failed for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The body of what a client gets that began a request and did not end its head in time.
const HEAD_TOO_SLOW: &str = r#"{"error":{"message":"The request's headers did not arrive in time; nothing was sent to a provider.","type":"invalid_request_error","param":null,"code":"408"}}"#;

/// Connections that wait to be accepted, a socket.
const BACKLOG: i32 = 4096;

/// What serves, and how.
#[derive(Clone)]
pub struct Serving {
    pub app: Router,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub proxies: Arc<Networks>,
    /// Everything is encrypted by it.
    pub tls: Option<TlsAcceptor>,
    /// The longest silence of a client.
    pub silence: Duration,
    /// Ends serving: connections under way end with their current answers.
    pub stop: CancellationToken,
    /// Connections, and calls that outlive theirs.
    pub tasks: TaskTracker,
    /// Where pages and management run.
    pub office: Handle,
}

/// As many sockets on `address` as there shall be threads.
pub fn bind(address: SocketAddr, count: usize) -> io::Result<Vec<std::net::TcpListener>> {
    // Sockets that share a port would also share it with another program's; this one would not.
    let mut address = std::net::TcpListener::bind(address)?.local_addr()?;
    let mut sockets = Vec::with_capacity(count);
    for _ in 0..count {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let listener = std::net::TcpListener::from(socket);
        address = listener.local_addr()?;
        sockets.push(listener);
    }
    Ok(sockets)
}

/// Starts a serving thread for each socket. A thread ends when it was told to stop and its tasks have ended.
pub fn start(sockets: Vec<std::net::TcpListener>, serving: &Serving) -> io::Result<Vec<JoinHandle<()>>> {
    let start_one = |(shard, socket): (usize, std::net::TcpListener)| {
        let serving = serving.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name(format!("gateway-{shard}")).spawn(move || {
            tollgate_gateway::use_shard(shard);
            runtime.block_on(async {
                match TcpListener::from_std(socket) {
                    Ok(listener) => serve(listener, &serving).await,
                    Err(error) => tracing::error!(%error, "a socket can't be used"),
                }
                serving.tasks.wait().await;
            });
        })
    };
    sockets.into_iter().enumerate().map(start_one).collect()
}

async fn serve(listener: TcpListener, serving: &Serving) {
    loop {
        let accepted = tokio::select! {
            () = serving.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Events of a stream must not wait for each other.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY was refused");
                }
                serving.tasks.spawn(connection(stream, peer, serving.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, serving: Serving) {
    let Serving { app, proxies, tls, silence, stop, office, .. } = serving;
    let stream = match tls {
        None => Wire::Plain(stream),
        Some(acceptor) => match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Wire::Encrypted(Box::new(stream)),
            Ok(Err(error)) => return tracing::debug!(%error, "a client could not agree on how to encrypt"),
            Err(_) => return,
        },
    };
    let begun = Arc::new(AtomicBool::new(false));
    let io = TokioIo::new(GuardedIo { stream, begun: Arc::clone(&begun), stall: None });
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut app = app.clone();
        let mut request = request.map(Body::new);
        let client = sender(peer, request.headers(), &proxies);
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client, peer.port())));
        // Boxed, so that the connection can be taken apart when it ended.
        let office = is_office(request.uri().path()).then(|| office.clone());
        Box::pin(async move {
            let answering = tollgate_gateway::from_client(client, app.call(request));
            let answer = match office {
                None => answering.await.unwrap_or_else(|never| match never {}),
                Some(office) => match office.spawn(answering).await {
                    Ok(answer) => answer.unwrap_or_else(|never| match never {}),
                    // It panicked: the log has it.
                    Err(_) => http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                },
            };
            Ok::<_, Infallible>(answer)
        })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(silence)
        .max_buf_size(MAX_BUFFER)
        .max_headers(MAX_HEADERS)
        .half_close(false)
        .serve_connection(io, service);
    let mut stopping = false;
    let ended = loop {
        tokio::select! {
            ended = std::future::poll_fn(|cx| connection.poll_without_shutdown(cx)) => break ended,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    let mut stream = connection.into_parts().io.into_inner().stream;
    if let Err(error) = ended
        && error.is_timeout()
        && begun.load(Ordering::Relaxed)
    {
        let _ = tokio::time::timeout(Duration::from_secs(5), stream.write_all(head_too_slow().as_bytes())).await;
    }
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.shutdown()).await;
}

/// Who sent a request: the peer, or whom the proxies that are trusted name.
fn sender(peer: SocketAddr, headers: &HeaderMap, proxies: &Networks) -> IpAddr {
    let forwarded = headers.get_all(FORWARDED_FOR).iter().map(|value| value.to_str().unwrap_or("?"));
    client_of(peer.ip(), forwarded, proxies)
}

fn head_too_slow() -> String {
    format!(
        "HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{HEAD_TOO_SLOW}",
        HEAD_TOO_SLOW.len()
    )
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What begins so belongs to pages or management, and not to models' callers.
const OFFICE: [&str; 25] = [
    "/ui",
    "/api/",
    "/scim/",
    "/metrics",
    "/health/",
    "/key/",
    "/user/",
    "/users/",
    "/team/",
    "/organization/",
    "/budget/",
    "/budgets",
    "/provider/",
    "/customer/",
    "/end_user/",
    "/tag/",
    "/model/",
    "/model_group/",
    "/credentials",
    "/access_group/",
    "/spend/",
    "/global/",
    "/audit",
    "/v1/access_group",
    "/v2/",
];

/// Whether a path belongs to pages or management, and not to models' callers.
pub fn is_office(path: &str) -> bool {
    // Beside `/v1/models`, which callers ask for.
    path.starts_with("/v1/model/") || OFFICE.iter().any(|prefix| path.starts_with(prefix))
}

/// What a client's bytes come over.
enum Wire {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Encrypted(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Encrypted(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Encrypted(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Encrypted(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Encrypted(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Encrypted(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// A client's connection: notes whether a request has begun, and fails when the client takes nothing any more.
struct GuardedIo {
    stream: Wire,
    /// Bytes came after the last answer: a request is on its way.
    begun: Arc<AtomicBool>,
    stall: Option<Pin<Box<Sleep>>>,
}

impl GuardedIo {
    fn guard<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stall = None;
            return polled;
        }
        let stall = self.stall.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + WRITE_STALL)));
        if stall.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl AsyncRead for GuardedIo {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.begun.store(true, Ordering::Relaxed);
        }
        polled
    }
}

impl AsyncWrite for GuardedIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.begun.store(false, Ordering::Relaxed);
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.guard(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.begun.store(false, Ordering::Relaxed);
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.guard(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
