//! What a store answers.

use super::State;

/// What a store answers. All durations are in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The store's time.
    pub now: u64,
    /// How many tokens were drawn.
    pub granted: u32,
    /// How long until the first of them may be used; negative if it could have been used before.
    /// Without a token: how long until the next one could be.
    pub wait: i64,
    /// How long from each to the next.
    pub every: u64,
    /// The request came too late, and nothing was done.
    pub stale: bool,
    /// The state after it.
    pub state: State,
}
