//! Kept-alive connections, by host.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use tokio::time::Instant;

use super::connect::{Address, ConnectError, connect};
use super::io::{BeforeWrite, HookSlot, HookedIo};
use super::shard::{self, SHARDS};
use super::tls::Tls;

/// A connection that was idle for longer is not used again: shorter than what servers and balancers allow.
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// Idle connections kept to one host, a shard.
const MAX_IDLE: usize = 512;

/// The largest head of an answer, in bytes; also what one read takes at most.
const MAX_BUFFER: usize = 256 * 1024;

/// A request's body: pieces that are sent one after the other.
#[derive(Debug, Default)]
pub struct RequestBody {
    first: Option<Bytes>,
    rest: VecDeque<Bytes>,
    /// What comes after them, as it comes.
    then: Option<axum::body::Body>,
    /// The length of everything in bytes, if it is known and something comes after the pieces.
    length: Option<u64>,
}

impl RequestBody {
    /// Small pieces become one, so that one system call sends them.
    pub fn new(pieces: Vec<Bytes>) -> Self {
        const SMALL: usize = 16 * 1024;
        let total: usize = pieces.iter().map(Bytes::len).sum();
        if pieces.len() > 1 && total <= SMALL {
            return Self { first: Some(Bytes::from(pieces.concat())), ..Self::default() };
        }
        let mut rest = VecDeque::from(pieces);
        Self { first: rest.pop_front(), rest, ..Self::default() }
    }

    /// Pieces, and then what is still to come. `length`: of everything, in bytes; `None`: nobody knows.
    pub fn followed(pieces: Vec<Bytes>, then: Option<axum::body::Body>, length: Option<u64>) -> Self {
        Self { then, length, ..Self::new(pieces) }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let next = self.first.take().or_else(|| self.rest.pop_front());
        if let Some(piece) = next {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        let Some(then) = &mut self.then else { return Poll::Ready(None) };
        let frame = std::task::ready!(Pin::new(then).poll_frame(cx));
        if frame.is_none() {
            self.then = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_empty() && self.then.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        if self.then.is_some() {
            return self.length.map_or_else(SizeHint::default, SizeHint::with_exact);
        }
        SizeHint::with_exact(self.first.iter().chain(&self.rest).map(|piece| piece.len() as u64).sum())
    }
}

/// One connection: hyper's two halves, and the hook of the call that uses it.
struct Link {
    sender: SendRequest<RequestBody>,
    driver: Pin<Box<Connection<HookedIo, RequestBody>>>,
    /// The driver said that it is finished: the connection can't be used again.
    finished: bool,
    hook: HookSlot,
}

impl Link {
    async fn open(address: &Address, tls: &Tls, limit: Duration) -> Result<Self, ConnectError> {
        let stream = connect(address, tls, limit).await?;
        let hook = HookSlot::default();
        let io = HookedIo::new(stream, hook.clone());
        let (sender, driver) =
            Builder::new().max_buf_size(MAX_BUFFER).handshake(io).await.map_err(|_| ConnectError::Refused)?;
        Ok(Self { sender, driver: Box::pin(driver), finished: false, hook })
    }

    fn poll_driver(&mut self, cx: &mut Context<'_>) {
        if !self.finished && self.driver.as_mut().poll(cx).is_ready() {
            self.finished = true;
        }
    }

    /// Whether the connection can take a request: looks at the socket without waiting.
    fn is_usable(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        self.poll_driver(&mut cx);
        !self.finished && matches!(self.sender.poll_ready(&mut cx), Poll::Ready(Ok(())))
    }
}

struct Idle {
    link: Link,
    since: Instant,
}

/// The connections to one host.
pub struct HostPool {
    address: Address,
    tls: Arc<Tls>,
    /// One list a shard.
    idle: Vec<Mutex<Vec<Idle>>>,
}

impl std::fmt::Debug for HostPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostPool").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Every host's pool: deployments on the same host share one.
#[derive(Debug, Default)]
pub struct Pools {
    tls: Arc<Tls>,
    hosts: Mutex<HashMap<Address, Arc<HostPool>>>,
}

impl Pools {
    /// The pool for the host of `url`; `None` if the address has no host or another scheme than http or https.
    pub fn host(&self, url: &url::Url) -> Option<Arc<HostPool>> {
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = match url.host()? {
            url::Host::Domain(name) => name.to_owned(),
            url::Host::Ipv4(ip) => ip.to_string(),
            url::Host::Ipv6(ip) => ip.to_string(),
        };
        let address = Address { host, port: url.port_or_known_default()?, tls };
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let pool = hosts.entry(address.clone()).or_insert_with(|| {
            Arc::new(HostPool {
                address,
                tls: Arc::clone(&self.tls),
                idle: (0..SHARDS).map(|_| Mutex::default()).collect(),
            })
        });
        Some(Arc::clone(pool))
    }

    /// Closes connections that were idle for too long.
    pub fn sweep(&self) {
        let pools: Vec<_> = self.hosts.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for pool in pools {
            for shard in &pool.idle {
                let mut idle = shard.lock().unwrap_or_else(PoisonError::into_inner);
                idle.retain(|idle| idle.since.elapsed() < IDLE_LIMIT);
            }
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The hook kept the request from being sent.
    #[error("the call could not be put on record")]
    NotRecorded,
    #[error("{0}")]
    Broken(String),
}

/// A provider's answer, as it begins.
pub struct Answer {
    pub head: http::response::Parts,
    pub body: AnswerBody,
}

impl HostPool {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle[shard::current()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_idle(&self) -> Option<Link> {
        loop {
            let mut idle = self.idle().pop()?;
            if idle.since.elapsed() < IDLE_LIMIT && idle.link.is_usable() {
                return Some(idle.link);
            }
        }
    }

    fn put_back(&self, mut link: Link) {
        if !link.is_usable() {
            return;
        }
        let mut idle = self.idle();
        if idle.len() < MAX_IDLE {
            idle.push(Idle { link, since: Instant::now() });
        }
    }

    /// Sends a request and waits for the head of its answer. `before_write` is called once, just before the first byte
    /// leaves.
    pub async fn send(
        self: &Arc<Self>,
        request: Request<RequestBody>,
        connect_limit: Duration,
        before_write: BeforeWrite,
    ) -> Result<Answer, SendError> {
        let mut link = match self.take_idle() {
            Some(link) => link,
            None => Link::open(&self.address, &self.tls, connect_limit).await?,
        };
        let mut hook = Some(before_write);
        let mut request = Some(request);
        loop {
            // After a connection that closed before anything was sent, the hook is still there to be used.
            if let Some(hook) = hook.take() {
                link.hook.arm(hook);
            }
            let Some(next) = request.take() else { return Err(SendError::Broken("nothing to send".to_owned())) };
            let mut sending = pin!(link.sender.try_send_request(next));
            let (driver, finished) = (&mut link.driver, &mut link.finished);
            let sent = std::future::poll_fn(|cx| {
                if let Poll::Ready(done) = sending.as_mut().poll(cx) {
                    return Poll::Ready(done);
                }
                if !*finished && driver.as_mut().poll(cx).is_ready() {
                    *finished = true;
                }
                sending.as_mut().poll(cx)
            })
            .await;
            match sent {
                Ok(response) => return Ok(self.answer(response, link)),
                Err(_) if link.hook.refused() => return Err(SendError::NotRecorded),
                Err(mut error) => {
                    let Some(unsent) = error.take_message() else {
                        return Err(SendError::Broken(describe(error.error())));
                    };
                    // The server closed the idle connection in this very moment: nothing was sent, so a new one may.
                    let slot = link.hook.clone();
                    link = Link::open(&self.address, &self.tls, connect_limit).await?;
                    hook = slot.disarm();
                    if hook.is_none() {
                        return Err(SendError::Broken("the connection closed while the request was sent".to_owned()));
                    }
                    request = Some(unsent);
                }
            }
        }
    }

    fn answer(self: &Arc<Self>, response: Response<Incoming>, link: Link) -> Answer {
        let (head, incoming) = response.into_parts();
        let body = AnswerBody { incoming, link: Some(link), pool: Arc::clone(self), ended: false };
        Answer { head, body }
    }
}

/// The body of an answer. Read to its end, it gives its connection back; dropped before, it closes it.
pub struct AnswerBody {
    incoming: Incoming,
    link: Option<Link>,
    pool: Arc<HostPool>,
    ended: bool,
}

impl AnswerBody {
    /// The next piece, `None` at the end.
    pub fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            let mut polled = Pin::new(&mut self.incoming).poll_frame(cx);
            if polled.is_pending() {
                if let Some(link) = &mut self.link {
                    link.poll_driver(cx);
                }
                polled = Pin::new(&mut self.incoming).poll_frame(cx);
            }
            match polled {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    self.ended = true;
                    self.link = None;
                    return Poll::Ready(Some(Err(io::Error::other(describe(&error)))));
                }
                Poll::Ready(None) => {
                    self.ended = true;
                    if let Some(link) = self.link.take() {
                        self.pool.put_back(link);
                    }
                    return Poll::Ready(None);
                }
            }
        }
    }

    pub fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// The error and its causes, in one line.
fn describe(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
