//! What a limiter looks like at one moment.

use core::time::Duration;

use crate::quota::Quota;
use crate::quota::Rate;
use crate::waits::Waits;

use super::counts::Counts;

/// What a [`Limiter`](crate::Limiter) looks like at one moment.
///
/// Calls that wait because the server has told of one of its resources alone, such as GitHub's `search`,
/// are counted in `waiting`, `waits` and `counts`; the other fields are about what holds for all calls.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// What was declared.
    pub quota: Quota,
    /// The rate in force: what was declared, or less where the server turned out to allow less.
    pub rate: Rate,
    /// Tokens that could be taken at once; 0 while somebody waits or a cooldown lasts.
    pub available: u64,
    /// How many calls wait for a permit.
    pub waiting: usize,
    /// How many attempts are under way: calls of annotated functions whose body runs.
    pub in_flight: u64,
    /// Whether the limiter was [closed](crate::Limiter::close), and refuses all calls.
    pub closed: bool,
    /// How long the limiter stays closed because a server asked for it.
    pub cooldown: Option<Duration>,
    /// What all calls together have waited for so far.
    pub waits: Waits,
    /// Counts of what has happened so far.
    pub counts: Counts,
}
