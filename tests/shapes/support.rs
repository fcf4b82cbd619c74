//! A server that throttles its first calls, and an error that says so.

use std::sync::atomic::{AtomicU32, Ordering};

use paced::{Failure, Signal};

/// The status of a failed call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Status(pub(crate) u16);

impl Signal for Status {
    fn failure(&self) -> Failure {
        Failure::Status(self.0)
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "status {}", self.0)
    }
}

impl std::error::Error for Status {}

/// Answers 429 to its first calls, and counts all of them.
pub(crate) struct Api {
    throttled: u32,
    attempts: AtomicU32,
}

impl Api {
    /// Throttles the first `calls`.
    pub(crate) fn throttling(calls: u32) -> Self {
        Self {
            throttled: calls,
            attempts: AtomicU32::new(0),
        }
    }

    /// One call.
    pub(crate) fn call(&self) -> Result<(), Status> {
        let earlier = self.attempts.fetch_add(1, Ordering::Relaxed);
        if earlier < self.throttled {
            Err(Status(429))
        } else {
            Ok(())
        }
    }

    /// One call that takes a moment, and that answers with `value`.
    pub(crate) async fn answer<T>(&self, value: T) -> Result<T, Status> {
        tokio::task::yield_now().await;
        self.call().map(|()| value)
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }
}
