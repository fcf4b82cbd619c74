//! The attempt as its body sees it.

use core::fmt;
use core::time::Duration;

use crate::clock;
use crate::failure::Failure;
use crate::waits::Waits;

/// One attempt of a rate-limited call, as [`attempt`](super::attempt()) tells it.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    pub(super) number: u32,
    pub(super) previous: Option<Failure>,
    pub(super) deadline: Option<u64>,
    pub(super) patience: Option<Duration>,
    pub(super) key: IdempotencyKey,
    pub(super) waits: Waits,
}

impl Attempt {
    /// 1 for the first attempt, 2 for the first retry.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Returns the failure of the previous attempt, `None` in the first.
    pub const fn previous(&self) -> Option<Failure> {
        self.previous
    }

    /// Returns the time that the call has left, zero when it is over. `None` outside of a call.
    ///
    /// With a `deadline`: the time until it. Without one: the rest of the 300 s for the call's cooldowns and
    /// backoffs, as of the moment at which [`attempt`](super::attempt()) was called; it does not run down
    /// while the body runs, and the time in a queue that merely paces is not part of it. Inside of another
    /// call it is never more than that one has left.
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
        let until = |deadline: u64| Duration::from_nanos(deadline.saturating_sub(clock::now()));
        let deadline = self.deadline.map(until);
        deadline.into_iter().chain(self.patience).min()
    }

    /// The same as [`remaining`](Self::remaining).
    pub fn time_left(&self) -> Option<Duration> {
        self.remaining()
    }

    /// Returns the time that the call has waited so far: in queues, for the ends of cooldowns and in backoffs, before
    /// all of its attempts. Zero outside of a call.
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

    /// Returns [`waited`](Self::waited) by cause.
    pub const fn waits(&self) -> Waits {
        self.waits
    }

    /// A key that is the same for all attempts of a call and different for every call: send it
    /// where the API takes one, and a request that arrived although its answer got lost is not
    /// carried out twice.
    pub const fn idempotency_key(&self) -> IdempotencyKey {
        self.key
    }
}

/// 128 random bits, shown as a version 4 UUID (RFC 9562 section 5.4).
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
