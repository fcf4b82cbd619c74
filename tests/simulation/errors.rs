//! Refusals of servers, and errors of calls.

use core::fmt;
use core::time::Duration;

use paced::Failure;
use paced::Hint;
use paced::Signal;

/// A refusal, as an HTTP client's error would report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: u16,
    retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal that says nothing beside its status.
    pub(crate) const fn bare(status: u16) -> Self {
        Self {
            status,
            retry_after: None,
        }
    }

    /// A 503 with `Retry-After`.
    pub(crate) const fn unavailable(retry_after: Duration) -> Self {
        Self {
            status: 503,
            retry_after: Some(retry_after),
        }
    }

    /// A 429 with `Retry-After`.
    pub(crate) const fn told(retry_after: Duration) -> Self {
        Self {
            status: 429,
            retry_after: Some(retry_after),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.retry_after {
            None => write!(f, "bare {}", self.status),
            Some(wait) => write!(f, "{} told {wait:?}", self.status),
        }
    }
}

impl Signal for Refusal {
    fn failure(&self) -> Failure {
        Failure::Status(self.status)
    }

    fn hint(&self) -> Option<Hint> {
        let wait = self.retry_after?;
        Some(Hint::new().with_retry_after(wait))
    }
}

/// The error of a call that was refused without an attempt.
#[derive(Debug)]
pub(crate) struct TooLate(paced::Error);

impl From<paced::Error> for TooLate {
    fn from(error: paced::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for TooLate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for TooLate {}
