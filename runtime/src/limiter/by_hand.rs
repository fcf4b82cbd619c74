//! What a person or the program itself does to a limiter: begin and end pauses, forget what was learnt, close.

use core::time::Duration;

use tokio::time::Instant;

use crate::bucket;
use crate::bucket::Shape;
use crate::clock;
use crate::learning::Learnt;
use crate::quota::Quota;

use super::LONGEST_COOLDOWN;
use super::Limiter;
use super::fast_path::FastPath;
use super::request::Refusal;
use super::shared::Shared;
use super::state::LimiterState;
use super::state::announcing::ByHand;
use super::state::announcing::why;
use super::state::faults::Faults;
use super::state::level::Level;
use super::state::waiter::Waiter;
use super::state::waiter::WaiterState;
use super::wake_list::WakeList;

impl Limiter {
    /// Grants nothing before `until`; then one permit at once and the others at the paced rate.
    ///
    /// A later instant extends a cooldown, an earlier one changes nothing. At most one hour from
    /// now: what lies further ahead is cut to that. Permits that were granted and not picked up are
    /// called back. [`resume`](Self::resume) ends it.
    pub fn cooldown_until(&self, until: Instant) {
        let now = clock::now();
        let longest = now.saturating_add(clock::nanos(LONGEST_COOLDOWN));
        self.shared()
            .cool_down(clock::since_epoch(until).min(longest));
    }

    /// [`cooldown_until`](Self::cooldown_until) this long from now.
    pub fn cooldown_for(&self, duration: Duration) {
        let now = clock::now();
        let duration = clock::nanos(duration.min(LONGEST_COOLDOWN));
        self.shared().cool_down(now.saturating_add(duration));
    }

    /// Ends the cooldown now, whether a server asked for it, a failure caused it, or the program: for a person who
    /// knows better than the server did.
    ///
    /// Calls that wait for its end go on as they would at its end: one permit at once, if the bucket has a token, and
    /// the others at the paced rate. The envelope of `burst + rate * time` holds. What was learnt of the rate stays;
    /// [`reset`](Self::reset) forgets that as well. A call that waits for a backoff of its own waits on.
    ///
    /// In a [store](Self::in_store) the cooldown ends for all processes, which hear of it with their next request: at
    /// the next call, or within a second where calls wait. The bucket in the store is empty then, so the first permit
    /// comes after one interval. The request is sent from the tokio runtime that this is called in, or from one whose
    /// calls wait; keep it running for a moment. It is repeated for 10 s where it gets lost, and then a cooldown that
    /// the store still knows of is in force again.
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
    /// In a [store](Self::in_store) the cooldown ends for all processes, as with [`resume`](Self::resume), and what
    /// the store knows of the server's pace is forgotten. Other processes keep what they have learnt themselves.
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

    /// Refuses all calls from now on, and those that wait, with an error for which
    /// [`is_closed`](crate::Error::is_closed) holds: for the end of a program, see [`drain`](crate::drain).
    ///
    /// Permits that were granted before stay good, and attempts that are under way run to their end; they are not
    /// tried again, and return what they have. A call that waits for a backoff of its own ends when that is over. A
    /// call of a function whose error has no room for a refusal cannot be refused: it stays pending until it is
    /// dropped or the limiter is [reset](Self::reset), and an event warns of it.
    ///
    /// In a [store](Self::in_store) other processes are not concerned.
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
    fn cool_down(&self, until: u64) {
        self.with_state(|state, now, wakes| state.cool_down(until, why::BY_HAND, now, wakes));
    }

    /// Does the same to the limiter and to those of the server's resources.
    fn by_hand(&self, act: &dyn Fn(&mut LimiterState, &FastPath, u64, &mut WakeList)) {
        self.with_state(|state, now, wakes| act(state, &self.fast_path, now, wakes));
        for resource in self.all_resources() {
            resource.with_state(|state, now, wakes| act(state, &resource.fast_path, now, wakes));
        }
    }

    /// Empties the bucket of a limiter that is to begin so.
    pub(super) fn start(&self, quota: Quota) {
        if quota.starts_empty() {
            self.with_state(|state, now, _| state.tat = now + state.shape.capacity);
        }
    }

    /// Refuses all calls from now on.
    pub(super) fn shut_down(&self) {
        self.by_hand(&|state, _, now, wakes| state.shut_down(now, wakes));
    }

    /// Returns whether the limiter refuses all calls.
    #[cold]
    pub(crate) fn is_shut(&self) -> bool {
        self.lock().state.shut
    }
}

impl LimiterState {
    /// Closes until `until`, for all who share the limit. `why` is what events say of it.
    pub(super) fn cool_down(
        &mut self,
        until: u64,
        why: &'static str,
        now: u64,
        wakes: &mut WakeList,
    ) {
        if until > now && until > self.cooldown.until() {
            self.announced.why = why;
            self.tell_pause(until, now);
        }
        self.close(until, now, wakes);
    }

    /// Closes until `until`. A longer cooldown extends, a shorter one changes nothing; permits that
    /// nobody has used yet are called back.
    pub(super) fn close(&mut self, until: u64, now: u64, wakes: &mut WakeList) {
        if !self.cooldown.extend(until, now) {
            return;
        }
        let unused = self.call_back();
        self.give_back(unused);
        self.empty(until);
        self.expel(now, wakes);
    }

    /// Empties the bucket: one token is free at `until`, and the next ones follow at the paced rate.
    pub(super) fn empty(&mut self, until: u64) {
        let bucket = self.kept.unwrap_or(Level::new(self.tat, self.shape));
        self.refilled.get_or_insert(bucket);
        self.tat = bucket::reopen(self.tat, self.shape, until);
    }

    /// Ends the cooldown, for all who share the limit.
    fn resume(&mut self, by_hand: ByHand, now: u64) {
        self.announced.by_hand = Some(by_hand);
        self.open(now);
        if let Some(remote) = &mut self.remote {
            remote.resume(by_hand == ByHand::Reset, self.shape, now);
        }
    }

    /// Ends the cooldown here: one token is free at once, if the bucket has one without the cooldown, and the next
    /// ones follow at the paced rate.
    pub(super) fn open(&mut self, now: u64) {
        let closed = self.cooldown.until() > now;
        self.cooldown.lift(now);
        self.announced.lift(now);
        if !closed {
            return;
        }
        let empty = now + self.shape.capacity;
        self.tat = match self.refilled.take() {
            Some(mut refilled) if self.remote.is_none() => {
                refilled.reshape(self.shape, now);
                bucket::reopen(refilled.tat(), self.shape, now)
            }
            _ => empty,
        };
    }

    /// Ends the cooldown, forgets what was learnt and opens for good.
    fn reset(&mut self, fast_path: &FastPath, now: u64) {
        let declared = Shape::of(self.quota());
        let mut bucket = self.refilled.take().or(self.kept.take());
        let bucket = bucket.get_or_insert(Level::new(self.tat, self.shape));
        bucket.reshape(declared, now);
        self.announced.forget();
        self.resume(ByHand::Reset, now);
        if self.remote.is_none() {
            self.tat = bucket.tat();
        }
        self.shape = declared;
        fast_path.reshape(declared);
        self.learnt = Learnt::NOTHING;
        self.faults = Faults::NONE;
        (self.fresh, self.exhausted, self.shut) = (true, false, false);
        (self.first_trip, self.round_trip) = (None, 0);
    }

    /// Refuses all who wait and can be refused.
    fn shut_down(&mut self, now: u64, wakes: &mut WakeList) {
        if self.shut {
            return;
        }
        self.shut = true;
        let mut refused = 0;
        for index in self.queue.in_order() {
            if self.queue.waiter(index).refusable {
                wakes.add(self.queue.decide(index, WaiterState::Shut));
                refused += 1;
            }
        }
        self.announced.by_hand = Some(ByHand::Closed { refused });
        self.note_stuck(now);
    }

    /// Puts a waiter in its line that cannot be refused: it waits for a reset.
    pub(super) fn join_shut(&mut self, waiter: Waiter, now: u64) -> Result<u32, Refusal> {
        if waiter.refusable {
            return Err(Refusal::Shut);
        }
        let index = self.queue.join(waiter);
        self.note_stuck(now);
        Ok(index)
    }

    /// Takes note of calls that cannot be refused, if there are any and they have to be told of.
    fn note_stuck(&mut self, now: u64) {
        let stuck = self.queue.waiting();
        if stuck > 0 {
            self.announced.stuck(stuck, now);
        }
    }
}
