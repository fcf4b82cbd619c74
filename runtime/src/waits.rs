//! Time spent waiting, by cause.

use core::time::Duration;

/// Time spent waiting, by cause: of one call ([`Attempt::waits`](crate::Attempt::waits)), or summed over all calls of a
/// limiter ([`Snapshot::waits`](crate::Snapshot::waits)).
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{Limiter, Quota};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// let limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));
/// limiter.acquire().await?;
/// limiter.acquire().await?;
/// let waits = limiter.snapshot().waits;
/// assert_eq!(waits.queue, Duration::from_secs(1));
/// assert_eq!(waits.cooldown, Duration::ZERO);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waits {
    /// Time in the queue for a token.
    pub queue: Duration,
    /// Time until the end of a cooldown that the server asked for.
    pub cooldown: Duration,
    /// Time in the call's own backoffs.
    pub backoff: Duration,
    /// Time in the queue without getting a permit: the caller was refused while it waited, or dropped its future.
    /// Always zero in the waits of one call.
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
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Waits;
    /// # use std::time::Duration;
    /// let mut waits = Waits::default();
    /// waits.queue = Duration::from_secs(2);
    /// waits.backoff = Duration::from_secs(1);
    /// assert_eq!(waits.total(), Duration::from_secs(3));
    /// ```
    pub fn total(&self) -> Duration {
        let parts = [self.queue, self.cooldown, self.backoff, self.given_up];
        parts
            .into_iter()
            .fold(Duration::ZERO, Duration::saturating_add)
    }
}
