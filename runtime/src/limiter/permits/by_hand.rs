//! Manual control: starts and ends cooldowns, forgets what was learnt, closes.

use core::time::Duration;

use crate::clock;
use crate::quota::Quota;
use crate::time::Instant;
use crate::time::Span;

use crate::limiter::LONGEST_COOLDOWN;
use crate::limiter::Limiter;
use crate::limiter::fast_path::FastPath;
use crate::limiter::shared::Shared;
use crate::limiter::state::LimiterState;
use crate::limiter::state::news::ByHand;
use crate::limiter::state::why;
use crate::limiter::wake_list::WakeList;

impl Limiter {
    /// Closes the limiter until `until`. Then one permit is granted at once, and the others follow at the
    /// paced rate.
    ///
    /// A later instant extends a cooldown, an earlier one changes nothing. An instant more than one hour from
    /// now counts as one hour from now. Permits that were granted and not picked up are revoked.
    /// [`resume`](Self::resume) ends the cooldown.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Limiter, Quota};
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let until = Instant::now() + Duration::from_secs(60);
    /// limiter.cooldown_until(until);
    /// limiter.acquire().await?;
    /// assert_eq!(Instant::now(), until);
    /// # Ok(()) }
    /// ```
    pub fn cooldown_until(&self, until: tokio::time::Instant) {
        let now = clock::now();
        let longest = now.after(Span::of(LONGEST_COOLDOWN));
        self.shared().cool_down(clock::of_tokio(until).min(longest));
    }

    /// Closes the limiter for this long, at most one hour, as [`cooldown_until`](Self::cooldown_until) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Limiter, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// limiter.cooldown_for(Duration::from_secs(60));
    /// assert_eq!(limiter.snapshot().cooldown, Some(Duration::from_secs(60)));
    /// limiter.cooldown_for(Duration::from_secs(86_400));
    /// assert_eq!(limiter.snapshot().cooldown, Some(Duration::from_secs(3600)));
    /// # }
    /// ```
    pub fn cooldown_for(&self, duration: Duration) {
        let now = clock::now();
        let duration = Span::of(duration.min(LONGEST_COOLDOWN));
        self.shared().cool_down(now.after(duration));
    }

    /// Ends the cooldown now, whether a server, a failure or the program caused it: for an operator that knows
    /// better than the server.
    ///
    /// Calls that wait for its end go on as they would at its end: one permit at once, if the bucket has a token, and
    /// the others at the paced rate. The envelope of `burst + rate * time` holds. What was learnt of the rate stays;
    /// [`reset`](Self::reset) forgets that as well. A call that waits for a backoff of its own waits on.
    ///
    /// In a [store](crate::store) the cooldown ends for all processes, which hear of it with their next request: at
    /// the next call, or within a second where calls wait. The bucket in the store is empty then, so the first permit
    /// comes after one interval. The request is sent from the tokio runtime that this is called in, or from one whose
    /// calls wait; keep it running for a moment. It is repeated for 10 s where it gets lost, and then a cooldown that
    /// the store still knows of is in force again.
    ///
    /// A program that does only this declares the limiter with the quota that the others have: a store keeps no rates,
    /// and the bucket is booked for as long as this quota takes to fill it. [`shared_snapshot`](Self::shared_snapshot)
    /// tells afterwards whether the pause is over; an unused name has no `last_seen`.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Limiter, Quota};
    ///
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// limiter.cooldown_for(Duration::from_secs(600));
    /// assert!(limiter.try_acquire().is_err());
    /// limiter.resume();
    /// assert!(limiter.try_acquire().is_ok());
    /// assert_eq!(limiter.snapshot().cooldown, None);
    /// ```
    pub fn resume(&self) {
        self.shared()
            .by_hand(&|state, _, now, _| state.resume(ByHand::Resumed, now));
    }

    /// Makes the limiter as new: ends the cooldown, forgets what was learnt from the server, and opens it again after
    /// [`close`](Self::close).
    ///
    /// Tokens that were used up stay used up, so the envelope of `burst + rate * time` holds over a reset as well. The
    /// quota, the counts and the place in the queue of calls that wait stay, too.
    ///
    /// In a [store](crate::store) the cooldown ends for all processes, as with [`resume`](Self::resume), and what
    /// the store knows of the server's pace is forgotten. Other processes keep what they have learnt themselves.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// limiter.try_acquire_many(2)?;
    /// limiter.close();
    /// assert!(limiter.try_acquire().is_err());
    /// limiter.reset();
    /// assert_eq!(limiter.snapshot().available, 3);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn reset(&self) {
        self.shared()
            .by_hand(&|state, fast_path, now, _| state.reset(fast_path, now));
    }

    /// Refuses all waiting and all later calls until [`reset`](Self::reset), with an error for which
    /// [`is_closed`](crate::Error::is_closed) holds. For the end of a program, see [`drain`](crate::drain).
    ///
    /// Permits that were granted before stay good, and attempts that are under way run to their end; they are not
    /// tried again, and return what they have. A call that waits for a backoff of its own ends when that is over. A
    /// call of a function whose error has no room for a refusal cannot be refused: it stays pending until it is
    /// dropped or the limiter is [reset](Self::reset), and an event warns of it.
    ///
    /// Other processes that share the limit through a [store](crate::store) are not affected.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// limiter.close();
    /// assert!(limiter.acquire().await.unwrap_err().is_closed());
    /// # }
    /// ```
    pub fn close(&self) {
        self.shared().shut_down();
    }
}

impl Shared {
    /// Closes the limiter until `until`.
    fn cool_down(&self, until: Instant) {
        self.with_state(|state, now, wakes| state.cool_down(until, why::BY_HAND, now, wakes));
    }

    /// Applies `act` to the limiter and to the limiters of the server's resources.
    fn by_hand(&self, act: &dyn Fn(&mut LimiterState, &FastPath, Instant, &mut WakeList)) {
        self.with_state(|state, now, wakes| act(state, &self.fast_path, now, wakes));
        for resource in self.all_resources() {
            resource.with_state(|state, now, wakes| act(state, &resource.fast_path, now, wakes));
        }
    }

    /// Empties the bucket of a limiter whose quota starts empty. Shuts the fast path if permits are counted in a log.
    pub(in crate::limiter) fn start(&self, quota: Quota) {
        if quota.window().is_some() {
            self.with_state(|_, _, _| ());
        }
        if quota.starts_empty() {
            self.with_state(|state, now, _| {
                state.bucket.drain(now);
                state.fill_window(now);
            });
        }
    }

    /// Refuses all calls from now on.
    pub(in crate::limiter) fn shut_down(&self) {
        self.by_hand(&|state, _, now, wakes| state.shut_down(now, wakes));
    }
}
