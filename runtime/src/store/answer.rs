//! Answer of a store.

use super::State;

/// Answer of a store. All durations are in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The store's time.
    pub now: u64,
    /// Number of tokens that were drawn.
    pub granted: u32,
    /// Time until the first of them may be used; negative if it could have been used before. Where none was
    /// drawn: time until the next one could be.
    pub wait: i64,
    /// Time from each token to the next.
    pub every: u64,
    /// The request came too late, and nothing was done.
    pub stale: bool,
    /// State after the request.
    pub state: State,
}
