//! The current attempt, as the body of the function can read it.

use core::fmt;
use core::time::Duration;

use crate::clock;
use crate::failure::Failure;
use crate::time::Instant;
use crate::time::Span;
use crate::waits::Waits;

/// One attempt of a rate-limited call, as [`attempt`](super::attempt()) returns it to the body of the function.
///
/// # Examples
///
/// ```
/// use paced::{Failure, rate_limited};
///
/// #[rate_limited(rate = 5)]
/// async fn twice() -> Result<u32, std::io::Error> {
///     let attempt = paced::attempt();
///     if attempt.number() == 1 {
///         return Err(std::io::ErrorKind::ConnectionRefused.into());
///     }
///     assert_eq!(attempt.previous(), Some(Failure::Connect));
///     Ok(attempt.number())
/// }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> std::io::Result<()> {
/// assert_eq!(twice().await?, 2);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    pub(super) number: u32,
    pub(super) previous: Option<Failure>,
    pub(super) deadline: Option<Instant>,
    pub(super) pause_left: Option<Span>,
    pub(super) key: IdempotencyKey,
    pub(super) waits: Waits,
}

impl Attempt {
    /// Returns the number of the attempt: 1 for the first attempt, 2 for the first retry. 1 outside of a call.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[paced::rate_limited(rate = 5)]
    /// async fn number() -> Result<u32, std::io::Error> {
    ///     Ok(paced::attempt().number())
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// assert_eq!(number().await?, 1);
    /// # Ok(()) }
    /// ```
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Returns the failure of the previous attempt. `None` in the first attempt.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[paced::rate_limited(rate = 5)]
    /// async fn previous() -> Result<Option<paced::Failure>, std::io::Error> {
    ///     Ok(paced::attempt().previous())
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// assert_eq!(previous().await?, None);
    /// # Ok(()) }
    /// ```
    pub const fn previous(&self) -> Option<Failure> {
        self.previous
    }

    /// Returns the time that the call has left. Zero if its deadline has passed, `None` outside of a call.
    ///
    /// * With a `deadline`: the time until the deadline.
    /// * Without a `deadline`: the rest of the 300 s that the call may wait for cooldowns and backoffs, as of the
    ///   call of [`attempt`](super::attempt()). Neither the time in which the body runs nor the time in the queue
    ///   for a token is subtracted.
    /// * Inside of another rate-limited call: at most the time that the outer call has left.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[derive(Debug)] struct Late;
    /// # impl From<paced::Error> for Late { fn from(_: paced::Error) -> Self { Late } }
    /// # use paced::rate_limited;
    /// #[rate_limited(rate = 5, deadline = "10s")]
    /// async fn work() -> Result<(), Late> {
    ///     let left = paced::attempt().remaining().expect("there is a deadline");
    ///     assert!(left.as_secs() < 10);
    ///     Ok(())
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() { work().await.unwrap() }
    /// ```
    pub fn remaining(&self) -> Option<Duration> {
        let now = clock::now();
        let until_deadline = self.deadline.map(|deadline| deadline.since(now));
        let left = until_deadline.into_iter().chain(self.pause_left).min();
        left.map(Duration::from)
    }

    /// Returns the time that the call has waited so far, before all of its attempts: in queues, for the end of
    /// cooldowns, and in backoffs. Zero outside of a call.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::rate_limited;
    /// use std::time::Duration;
    ///
    /// #[rate_limited(rate = 5, burst = 1)]
    /// async fn waited() -> Result<Duration, std::io::Error> {
    ///     Ok(paced::attempt().waited())
    /// }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> std::io::Result<()> {
    /// assert_eq!(waited().await?, Duration::ZERO);
    /// assert_eq!(waited().await?, Duration::from_millis(200));
    /// # Ok(()) }
    /// ```
    pub fn waited(&self) -> Duration {
        self.waits.total()
    }

    /// Returns the time that the call has waited so far, by cause. Zero outside of a call.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # #[paced::rate_limited(rate = 5, burst = 1)]
    /// async fn queued() -> Result<Duration, std::io::Error> {
    ///     Ok(paced::attempt().waits().queue)
    /// }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> std::io::Result<()> {
    /// assert_eq!(queued().await?, Duration::ZERO);
    /// assert_eq!(queued().await?, Duration::from_millis(200));
    /// # Ok(()) }
    /// ```
    pub const fn waits(&self) -> Waits {
        self.waits
    }

    /// Returns the idempotency key of the call: the same for all its attempts, and different for each call.
    ///
    /// Send it to an API that accepts such keys. The server then does not carry out a request twice whose response
    /// was lost.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[paced::rate_limited(rate = 5)]
    /// async fn keys() -> Result<[paced::IdempotencyKey; 2], std::io::Error> {
    ///     Ok([paced::attempt().idempotency_key(), paced::attempt().idempotency_key()])
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let (first, second) = (keys().await?, keys().await?);
    /// assert_eq!(first[0], first[1]);
    /// assert_ne!(first[0], second[0]);
    /// # Ok(()) }
    /// ```
    pub const fn idempotency_key(&self) -> IdempotencyKey {
        self.key
    }
}

/// Random key that is the same for all attempts of a call. `Display` writes it as a version 4 UUID
/// (RFC 9562, section 5.4).
///
/// # Examples
///
/// ```
/// let key = paced::attempt().idempotency_key().to_string();
/// assert_eq!(key.len(), 36);
/// assert_eq!(key.as_bytes()[14], b'4', "the version");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(u128);

impl IdempotencyKey {
    pub(super) fn random() -> Self {
        let bits: u128 = rand::random();
        Self((bits & !VERSION_AND_VARIANT) | VERSION_4_VARIANT_1)
    }
}

const VERSION_AND_VARIANT: u128 = (0xf << 76) | (0b11 << 62);
const VERSION_4_VARIANT_1: u128 = (0x4 << 76) | (0b10 << 62);

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            bits >> 96,
            (bits >> 80) & 0xffff,
            (bits >> 64) & 0xffff,
            (bits >> 48) & 0xffff,
            bits & 0xffff_ffff_ffff,
        )
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
