//! Answer of a store.

use super::State;

/// Answer of a store. All durations are in ticks.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Answer, Limit, Limits, Request, State, TICKS_PER_SECOND, step};
///
/// let limits = Limits::one(Limit::new(TICKS_PER_SECOND / 5, 5));
/// let action = Action::Draw { tokens: 8, horizon: TICKS_PER_SECOND, longest: 0, drain: false };
/// let now = 1_000 * TICKS_PER_SECOND;
/// let Answer { granted, wait, every, .. } = step(&mut State::default(), now, &Request::new(action, limits));
///
/// // Five tokens may be used at once, and three more within the second of the horizon.
/// let due = (0..granted).filter(|nth| wait + i64::from(*nth) * every as i64 <= 0);
/// assert_eq!((granted, due.count()), (8, 5));
/// ```
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
