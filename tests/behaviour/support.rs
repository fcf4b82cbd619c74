//! Small things that most tests need.

use core::future::Future;
use core::num::NonZeroU32;
use core::pin::Pin;
use core::task::Context;
use core::task::Poll;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::task::Wake;
use std::task::Waker;

use paced::Limiter;
use paced::Quota;
use paced::Rate;
use tokio::time::Instant;

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A quota of `hz` tokens per second.
pub(crate) fn quota(hz: f64, burst: u32) -> Quota {
    let burst = NonZeroU32::new(burst).expect("a burst above 0");
    Quota::new(Rate::from_hz(hz).expect("a rate that can be meant")).with_burst(burst)
}

pub(crate) fn limiter(hz: f64, burst: u32) -> Limiter {
    Limiter::new(quota(hz, burst))
}

/// Milliseconds since `start`, on tokio's clock.
pub(crate) fn since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).expect("a short test")
}

/// Polls once with a waker that does nothing.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Notes in which order things happen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T: Clone> Log<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Vec::new())))
    }

    pub(crate) fn add(&self, entry: T) {
        self.0
            .lock()
            .expect("no test panics while it logs")
            .push(entry);
    }

    pub(crate) fn entries(&self) -> Vec<T> {
        self.0.lock().expect("no test panics while it logs").clone()
    }
}

/// A waker that counts.
#[derive(Debug, Default)]
pub(crate) struct Counter(std::sync::atomic::AtomicUsize);

impl Counter {
    pub(crate) fn count(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}
