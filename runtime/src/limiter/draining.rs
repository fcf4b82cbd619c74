//! The end of a program: limiters are closed, and attempts that are under way run to their end.

use core::time::Duration;
use std::sync::Arc;

use crate::clock;
use crate::time::Span;

use super::Limiter;
use super::names::named_keys;
use super::names::registry;
use super::shared::Shared;
use super::unfinished::Unfinished;

/// Longest time from the end of the last attempt until it is noticed.
const LOOK: Duration = Duration::from_millis(10);

/// Longest time for which slots are given back to stores, after the last attempt.
const RETURN: Span = Span::from_secs(1);

/// Closes the limiters and waits until the attempts under way have ended, for `timeout` at most. Returns how
/// many are still under way.
///
/// New calls and calls that wait are refused as [`Limiter::close`] says. An attempt is under way from its permit until
/// its body has returned or its call is dropped. Permits of [`Limiter::acquire`] are not waited for, since the end
/// of their requests need not be reported. Of a limiter with
/// [`max_concurrency`](crate::LimiterBuilder::max_concurrency) permits are waited for, and streams until the last
/// [`Meter`](crate::Meter) of their attempt is dropped. Slots that are leased from a store are given back, for other processes to
/// use at once; that takes a second at most. [`Limiter::reset`] opens a limiter again.
///
/// # Panics
///
/// If it has to wait outside of a tokio runtime, or on one whose time driver is not enabled.
///
/// # Cancel safety
///
/// Dropping the future ends the wait; the limiters stay closed.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use core::time::Duration;
/// use paced::{Limiter, Quota, rate_limited};
///
/// static API: Limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
///
/// #[rate_limited(limiter = API)]
/// async fn send(message: &'static str) -> Result<usize, paced::Error> {
///     tokio::time::sleep(Duration::from_secs(2)).await;
///     Ok(message.len())
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let sent = tokio::spawn(send("hello"));
/// tokio::task::yield_now().await;
/// // The program is told to end.
/// assert_eq!(paced::drain(&[&API], Duration::from_secs(30)).await, 0);
/// assert_eq!(sent.await.unwrap().unwrap(), 5);
/// assert!(send("too late").await.unwrap_err().is_closed());
/// # }
/// ```
pub async fn drain(limiters: &[&Limiter], timeout: Duration) -> usize {
    let mut all: Vec<&Arc<Shared>> = Vec::with_capacity(limiters.len());
    for limiter in limiters {
        limiter.close();
        let shared = limiter.shared();
        if !all.iter().any(|known| Arc::ptr_eq(known, shared)) {
            all.push(shared);
        }
    }
    await_end(
        &|| all.iter().map(|shared| shared.unfinished()).sum(),
        timeout,
    )
    .await
}

/// Waits until no attempt is under way, for `timeout` at most. Returns how many still are.
pub(crate) async fn await_end(
    remaining: &(dyn Fn() -> Unfinished + Sync),
    timeout: Duration,
) -> usize {
    let mut end = clock::now().after(Span::of(timeout));
    let mut has_ended = false;
    loop {
        let Unfinished {
            in_flight,
            has_leases,
        } = remaining();
        let now = clock::now();
        let is_over = in_flight == 0 && !has_leases;
        if is_over || now >= end {
            return usize::try_from(in_flight).unwrap_or(usize::MAX);
        }
        if in_flight == 0 && !core::mem::replace(&mut has_ended, true) {
            end = end.min(now.after(RETURN));
        }
        let next = now.after(Span::of(LOOK)).min(end);
        tokio::time::sleep_until(clock::instant(next)).await;
    }
}

/// [`drain`]s all limiters that are known by name: those of annotated functions, also with the option `key`, and those that
/// were declared by name, also of [keys](crate::Keyed).
/// Functions that are called for the first time after it are refused as well.
///
/// For `main` alone, when the program ends: it concerns libraries of the program that use this crate, too. A limiter in
/// a `static`, and one that the program made with [`Limiter::new`], is not known by name: pass it to [`drain`]. For keys
/// there is [`Keyed::drain`](crate::Keyed::drain).
///
/// # Panics
///
/// As [`drain`].
///
/// # Cancel safety
///
/// As [`drain`].
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use paced::rate_limited;
///
/// #[rate_limited(rate = 5)]
/// async fn send(message: &'static str) -> Result<usize, paced::Error> {
///     tokio::time::sleep(Duration::from_secs(2)).await;
///     Ok(message.len())
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let sent = tokio::spawn(send("hello"));
/// tokio::task::yield_now().await;
/// let in_flight = paced::drain_all(Duration::from_secs(1)).await;
/// assert_eq!(in_flight, 1, "it is given up after a second");
/// # drop(sent);
/// # }
/// ```
pub async fn drain_all(timeout: Duration) -> usize {
    registry::begin_closed();
    let limiters = registry::declared();
    let keys = named_keys::declared();
    for limiter in &limiters {
        limiter.close();
    }
    for keys in &keys {
        keys.close();
    }
    let is_beside = |limiter: &Limiter| keys.iter().any(|it| it.take_from(limiter.shared()));
    let (beside, alone): (Vec<_>, Vec<_>) = limiters.iter().partition(|it| is_beside(it));
    let remaining = || {
        let of_limiters = alone.iter().map(|limiter| limiter.shared().unfinished());
        let of_keys = keys.iter().map(|keys| {
            let beside = beside.iter().map(|limiter| limiter.shared());
            let beside = beside.filter(|limiter| keys.take_from(limiter));
            beside.fold(keys.unfinished(), |own, limiter| {
                own.of_same(limiter.unfinished())
            })
        });
        of_limiters.chain(of_keys).sum()
    };
    await_end(&remaining, timeout).await
}

impl Shared {
    /// Returns what it has under way after it was closed.
    pub(crate) fn unfinished(&self) -> Unfinished {
        Unfinished {
            in_flight: self.in_flight(),
            has_leases: self.has_slots() && self.lock().state.slots_leased() > 0,
        }
    }

    /// Returns how many attempts are under way, or have their permit and begin as soon as they are polled.
    fn in_flight(&self) -> u64 {
        let ended = self.fast_path.ended();
        let (about_to_begin, waited, settled, held) = {
            let state = &self.lock().state;
            let granted = state.queue.granted_attempts() as u64;
            let (waited, settled) = (state.counts.attempts, state.passed_settled);
            (granted, waited, settled, state.slots_held())
        };
        let waited = waited + about_to_begin;
        held.max(self.attempts_in_flight(waited, ended.wrapping_add(settled)))
    }
}
