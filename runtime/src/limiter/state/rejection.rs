//! Observations that calls report: a refusal, and the first answer after the bucket was full.

use crate::backoff::Backoff;
use crate::learning::Observation;

use super::spread::Spread;

/// The first answer after the bucket was full.
#[derive(Clone, Copy, Debug)]
pub(in crate::limiter) struct FirstTrip {
    /// When the first call was sent that is known to have come before it.
    pub(super) sent: u64,
    pub(super) answered: u64,
}

/// A refusal, as a call tells it.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that are independent of each other"
)]
pub(crate) struct Rejection<'a> {
    /// When the call was sent.
    pub(crate) sent: u64,
    /// When its answer was received.
    pub(crate) received: u64,
    /// What the server asked for.
    pub(crate) wait: Option<u64>,
    /// It asked for nothing but told when a window is reset.
    pub(crate) by_reset: bool,
    /// What it told of its limits.
    pub(crate) heard: Option<Observation<'a>>,
    /// Backoff that sets the pause where the server asked for nothing.
    pub(crate) backoff: Backoff,
    /// Time by which the pause may end later than the server asked.
    pub(crate) spread: Spread,
    /// Upper bound on any wait, in nanoseconds.
    pub(crate) longest: u64,
    /// It says something about the rate: a 503 that says when to come back tells of maintenance.
    pub(crate) for_its_rate: bool,
    /// It was not the call's first attempt.
    pub(crate) retry: bool,
    /// The limiter has counted this refusal before.
    pub(crate) counted: bool,
}
