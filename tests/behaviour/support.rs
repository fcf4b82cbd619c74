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

/// An error that says what an HTTP client's would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) failure: paced::Failure,
    pub(crate) retry_after: Option<Duration>,
}

impl ApiError {
    pub(crate) const fn status(status: u16) -> Self {
        Self {
            failure: paced::Failure::Status(status),
            retry_after: None,
        }
    }

    pub(crate) const fn after(status: u16, wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..Self::status(status)
        }
    }
}

impl paced::Signal for ApiError {
    fn failure(&self) -> paced::Failure {
        self.failure
    }

    fn hint(&self) -> Option<paced::Hint> {
        self.retry_after
            .map(|wait| paced::Hint::new().with_retry_after(wait))
    }
}

/// A server that answers from a script, and notes when it was called.
#[derive(Debug)]
pub(crate) struct Server {
    script: Mutex<Vec<Result<u8, ApiError>>>,
    start: Instant,
    calls: Log<u64>,
}

impl Server {
    /// Answers in this order, then always with `Ok(200)`.
    pub(crate) fn new(script: impl IntoIterator<Item = Result<u8, ApiError>>) -> Arc<Self> {
        let mut script: Vec<_> = script.into_iter().collect();
        script.reverse();
        Arc::new(Self {
            script: Mutex::new(script),
            start: Instant::now(),
            calls: Log::new(),
        })
    }

    /// Fails with these, then always answers `Ok(200)`.
    pub(crate) fn failing(errors: impl IntoIterator<Item = ApiError>) -> Arc<Self> {
        Self::new(errors.into_iter().map(Err))
    }

    pub(crate) fn answer(&self) -> Result<u8, ApiError> {
        self.calls.add(since(self.start));
        self.script
            .lock()
            .expect("no test panics while it answers")
            .pop()
            .unwrap_or(Ok(200))
    }

    /// When it was called, in milliseconds since it was made.
    pub(crate) fn calls(&self) -> Vec<u64> {
        self.calls.entries()
    }
}
