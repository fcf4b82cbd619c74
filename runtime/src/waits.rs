//! Time spent waiting, by cause.

use core::time::Duration;

/// Time spent waiting, by cause: of one call ([`Attempt::waits`](crate::Attempt::waits)), or summed over all calls of a
/// limiter ([`Snapshot::waits`](crate::Snapshot::waits)).
///
/// ```
/// # use paced::Waits;
/// # use std::time::Duration;
/// assert_eq!(Waits::default().total(), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waits {
    /// For a token, behind the calls that came first.
    pub queue: Duration,
    /// For the end of a cooldown that a server asked for.
    pub cooldown: Duration,
    /// For the end of a backoff of the call's own.
    pub backoff: Duration,
    /// In a queue, for a permit that did not come: the caller was refused meanwhile, or dropped its future. Zero in what
    /// a call tells of itself.
    pub given_up: Duration,
}

impl Waits {
    pub(crate) const NONE: Self = Self {
        queue: Duration::ZERO,
        cooldown: Duration::ZERO,
        backoff: Duration::ZERO,
        given_up: Duration::ZERO,
    };

    /// Returns the sum of all causes.
    pub fn total(&self) -> Duration {
        let parts = [self.queue, self.cooldown, self.backoff, self.given_up];
        parts
            .into_iter()
            .fold(Duration::ZERO, Duration::saturating_add)
    }
}
