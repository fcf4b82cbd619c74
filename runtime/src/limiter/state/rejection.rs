//! Observations that calls report: a refusal, and the first round trip after the bucket was full.

use crate::backoff::Backoff;
use crate::learning::Observation;
use crate::time::Instant;
use crate::time::Span;

use super::spread::Spread;

/// First round trip after the bucket was full.
#[derive(Clone, Copy, Debug)]
pub(in crate::limiter) struct FirstTrip {
    /// Instant at which the earliest call that came before it, as far as is known, was sent.
    pub(super) sent: Instant,
    pub(super) answered: Instant,
}

/// Refusal by the server, as a call reports it.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that are independent of each other"
)]
pub(crate) struct Rejection<'a> {
    /// Instant at which the call was sent.
    pub(crate) sent: Instant,
    /// Instant at which its response was received.
    pub(crate) received: Instant,
    /// Time that the server asked the call to wait.
    pub(crate) wait: Option<Span>,
    /// The server asked for no wait, but told when a window is reset.
    pub(crate) by_reset: bool,
    /// Limits that the response told of.
    pub(crate) heard: Option<Observation<'a>>,
    /// Backoff that sets the pause where the server asked for nothing.
    pub(crate) backoff: Backoff,
    /// Time by which the pause may end later than the server asked.
    pub(crate) spread: Spread,
    /// Upper bound on any wait.
    pub(crate) longest: Span,
    /// It says something about the rate. A 503 that says when to come back tells of maintenance instead.
    pub(crate) for_its_rate: bool,
    /// It was not the call's first attempt.
    pub(crate) retry: bool,
    /// The limiter has counted this refusal before.
    pub(crate) counted: bool,
}

/// Consequence of a refusal for the limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charge {
    /// The rate is too high.
    Rate,
    /// Too many calls were in flight.
    Concurrency,
    /// Too many calls were in flight, and the server asked for a pause without naming them.
    ConcurrencyAndPause,
}
