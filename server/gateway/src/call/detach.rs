//! Work that a client may leave, but that goes on without it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio_util::task::TaskTracker;

/// Set when the client left before the end.
#[derive(Clone, Debug, Default)]
pub struct ClientLeft(Arc<AtomicBool>);

impl ClientLeft {
    pub fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A future that is not cancelled when it is dropped: what is left of it runs on as a task of its own. While nobody
/// leaves, it costs no task.
pub struct Detachable<F: Future + Send + 'static>
where
    F::Output: Send,
{
    future: Option<Pin<Box<F>>>,
    tasks: TaskTracker,
    left: ClientLeft,
    limit: Option<Duration>,
}

impl<F: Future + Send + 'static> Detachable<F>
where
    F::Output: Send,
{
    /// `limit`: how long it may run on alone; `None`: it goes with the client.
    pub fn new(future: F, tasks: TaskTracker, left: ClientLeft, limit: Option<Duration>) -> Self {
        Self { future: Some(Box::pin(future)), tasks, left, limit }
    }
}

impl<F: Future + Send + 'static> Future for Detachable<F>
where
    F::Output: Send,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Some(future) = &mut self.future else { return Poll::Pending };
        let polled = future.as_mut().poll(cx);
        if polled.is_ready() {
            self.future = None;
        }
        polled
    }
}

impl<F: Future + Send + 'static> Drop for Detachable<F>
where
    F::Output: Send,
{
    fn drop(&mut self) {
        if let Some(future) = self.future.take() {
            self.left.note();
            let Some(limit) = self.limit else { return };
            self.tasks.spawn(async move {
                let _ = tokio::time::timeout(limit, future).await;
            });
        }
    }
}
