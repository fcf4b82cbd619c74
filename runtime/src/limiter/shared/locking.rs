//! Visits to the lock of a limiter: what happens at the beginning and at the end of each.

#[cfg(test)]
use core::sync::atomic::Ordering;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::clock;
use crate::time::Instant;

use super::Shared;
use super::locked::Locked;
use super::timers::Setting;
use crate::limiter::state::LimiterState;
use crate::limiter::state::Next;
use crate::limiter::wake_list::WakeList;

impl Shared {
    pub(in crate::limiter) fn with_state<T>(
        &self,
        act: impl FnOnce(&mut LimiterState, Instant, &mut WakeList) -> T,
    ) -> T {
        let (mut locked, now) = self.lock_state();
        let mut wakes = WakeList::new();
        let result = act(&mut locked.state, now, &mut wakes);
        self.finish(locked, now, &mut wakes);
        result
    }

    /// Locks the state, takes over the bucket from the fast path, and reads the clock last: with an older
    /// time, the bucket would look as if it lay in the future.
    pub(in crate::limiter) fn lock_state(&self) -> (MutexGuard<'_, Locked>, Instant) {
        let mut locked = self.lock();
        let now = self.begin(&mut locked);
        (locked, now)
    }

    pub(in crate::limiter) fn begin(&self, locked: &mut Locked) -> Instant {
        let handed = self.fast_path.shut();
        let now = clock::now();
        locked.state.take_over(handed, &self.fast_path, now);
        now
    }

    /// Ends a locked section: grants the permits that are due, and releases the lock.
    pub(in crate::limiter) fn finish<'a>(
        &'a self,
        locked: MutexGuard<'a, Locked>,
        now: Instant,
        wakes: &mut WakeList,
    ) {
        let (locked, now) = self.grant(locked, now, wakes);
        self.release(locked, now, wakes);
    }

    /// Grants the permits that are due, sets the timers for the next one, and opens the fast path if no caller waits.
    pub(in crate::limiter) fn grant<'a>(
        &'a self,
        mut locked: MutexGuard<'a, Locked>,
        mut now: Instant,
        wakes: &mut WakeList,
    ) -> (MutexGuard<'a, Locked>, Instant) {
        loop {
            match locked.state.grant_or_release(now, wakes) {
                Next::Due(due) => match locked.timers.set(due) {
                    Setting::Set => return (locked, now),
                    // A clock that is paused is its runtime's own, and may be ahead of this one.
                    Setting::Fired => now = clock::now().max(due),
                    Setting::Ended(runtime) => locked.wake_waiters_of(runtime, wakes),
                },
                Next::Idle => {
                    locked.state.hand_back(&self.fast_path, now);
                    return (locked, now);
                }
                Next::More => {
                    let news = locked.state.news(now);
                    drop(locked);
                    news.tell(self.label(), &self.long_waits, now);
                    wakes.wake();
                    (locked, now) = self.lock_state();
                }
            }
        }
    }

    /// Releases the lock, and then emits events, wakes waiters and sends requests to the store.
    pub(in crate::limiter) fn release<'a>(
        &'a self,
        mut locked: MutexGuard<'a, Locked>,
        now: Instant,
        wakes: &mut WakeList,
    ) {
        let state = &mut locked.state;
        state.note_hindrances();
        self.published
            .write(state.is_attentive(), state.binds_until());
        let outbox = self.client.get().is_some().then(|| locked.outbox(now));
        let news = locked.state.news(now);
        drop(locked);
        news.tell(self.label(), &self.long_waits, now);
        wakes.wake();
        if let Some(outbox) = outbox {
            self.run(outbox);
        }
    }

    pub(in crate::limiter) fn lock(&self) -> MutexGuard<'_, Locked> {
        #[cfg(test)]
        self.visits.fetch_add(1, Ordering::Relaxed);
        // No code under the lock panics halfway through a change.
        self.locked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of times that the lock was taken.
    #[cfg(test)]
    pub(crate) fn visits(&self) -> u64 {
        self.visits.load(Ordering::Relaxed)
    }
}
