//! A response that refuses an attempt or tells of a failure, as the limiter counts it.

use core::time::Duration;

use crate::backoff::Backoff;
use crate::failure::Failure;
use crate::hint::Hint;
use crate::learning::Observation;
use crate::retry::Advice;
use crate::time::Instant;
use crate::time::Span;

use crate::limiter::Fault;
use crate::limiter::Rejection;
use crate::limiter::Spread;

/// Response to an attempt that did not succeed, with the settings by which it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedResponse<'a> {
    pub(crate) sent: Instant,
    pub(crate) received: Instant,
    pub(crate) failure: Failure,
    pub(crate) advice: Advice,
    /// Limits that it told of.
    pub(crate) heard: Option<Observation<'a>>,
    /// Backoff that sets the pause where the server asked for nothing.
    pub(crate) backoff: Backoff,
    /// Time by which a pause may end later than the server asked.
    pub(crate) spread: Spread,
    /// Upper bound on any wait.
    pub(crate) longest: Span,
}

impl<'a> FailedResponse<'a> {
    /// Returns the refusal of a call's first attempt, which was not reported before. `wait`: the time that the server
    /// asked for.
    pub(crate) fn refusal(&self, wait: Option<Duration>) -> Rejection<'a> {
        let left = self.heard.map(|heard| heard.hint).and_then(Hint::remaining);
        Rejection {
            sent: self.sent,
            received: self.received,
            wait: wait.map(Span::of),
            by_reset: self.advice.by_reset,
            heard: self.heard,
            backoff: self.backoff,
            spread: self.spread,
            longest: self.longest,
            for_its_rate: wait.is_none()
                || self.failure != Failure::Status(503)
                || left == Some(0.0),
            retry: false,
            counted: false,
        }
    }

    /// Returns the failure of the server, if the response said when to come back. It counts as the call's first.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let asked = self.advice.retry_after.filter(|wait| !wait.is_zero())?;
        let told = self.failure.is_fault() && !self.advice.by_reset;
        told.then(|| Fault {
            received: self.received,
            asked: Span::of(asked).min(self.longest),
            spread: self.spread,
            again: false,
        })
    }
}
