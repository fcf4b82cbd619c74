//! State of a limiter at one moment.

use core::time::Duration;

use crate::quota::Quota;
use crate::quota::Rate;
use crate::waits::Waits;

use super::counts::Counts;

/// State of a [`Limiter`](crate::Limiter) at one moment.
///
/// Calls that wait because the server has told of one of its resources alone, such as GitHub's `search`,
/// are counted in `waiting`, `waits` and `counts`; the other fields are about what holds for all calls.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use core::time::Duration;
/// use paced::{Limiter, Quota, Snapshot};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
/// limiter.cooldown_for(Duration::from_secs(60));
/// let Snapshot { available, waiting, cooldown, closed, .. } = limiter.snapshot();
/// assert_eq!((available, waiting), (0, 0));
/// assert_eq!((cooldown, closed), (Some(Duration::from_secs(60)), false));
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Quota that was declared, or set later.
    pub quota: Quota,
    /// Rate at which permits are granted when there is no cooldown: the declared one, or less where the server turned
    /// out to allow less. A cooldown does not change it.
    pub rate: Rate,
    /// Tokens that could be taken at once; 0 while callers wait or a cooldown lasts.
    pub available: u64,
    /// Number of calls that wait for a permit.
    pub waiting: usize,
    /// Number of attempts under way: annotated functions whose body runs, and closures of
    /// [`Limiter::call`](crate::Limiter::call).
    pub in_flight: u64,
    /// Whether the limiter was [closed](crate::Limiter::close), and refuses all calls.
    pub closed: bool,
    /// Remaining time of the cooldown, if there is one: a server or the program asked for it.
    pub cooldown: Option<Duration>,
    /// Time that all calls together have waited so far, by cause.
    /// A backoff counts once its call asks for its next permit.
    pub waits: Waits,
    /// Counts of what has happened so far.
    pub counts: Counts,
}
