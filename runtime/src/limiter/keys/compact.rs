//! Limiters of keys, which are one instant each while there is nothing else to know of them.

use std::sync::Arc;

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::clock;
use crate::costs::MAX_ROWS;
use crate::mode::Mode;
use crate::quota::Quota;
use crate::quota::Rate;
use crate::row::Rows;
use crate::time::Instant;
use crate::waits::Waits;

use crate::limiter::Limiter;
use crate::limiter::Permit;
use crate::limiter::counts::Counts;
use crate::limiter::counts::observed::ObservedWaits;
use crate::limiter::shared::Shared;
use crate::limiter::state::LimiterState;
use crate::limiter::state::cooldown::Probe;
use crate::limiter::views::snapshot::Snapshot;

/// Reason for which a limiter of a key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unforgotten {
    /// There is more to it than a bucket.
    Needed,
    /// Its store has to be told of something: [`Shared::send_unsent`].
    Unsent,
}

impl Shared {
    /// Creates the limiter of a key with these limits. The bucket of the first is full again at `tat`.
    pub(crate) fn of_key(rows: &Rows, tat: Instant, mode: Mode, label: &'static str) -> Arc<Self> {
        let shared = Self::with_rows(rows);
        shared.used_by(|| label);
        // Without an event: there may be very many keys, and their lock is held.
        if mode != Mode::Enforce && shared.mode.declare(mode) {
            shared.put_mode(mode);
        }
        if tat > Instant::EPOCH {
            shared.with_state(|state, _, _| state.bucket.tat = tat);
        }
        shared
    }

    /// Returns the instant at which the bucket of the first limit is full again, if a new limiter of these limits with such
    /// a bucket would grant exactly what this one does.
    pub(crate) fn level(&self, rows: &Rows) -> Result<Instant, Unforgotten> {
        // Before locking: a new resource locks its table first.
        if self.has_resources() {
            let now = clock::now();
            let resources = self.all_resources();
            if resources.iter().any(|it| it.published.binds(now)) {
                return Err(Unforgotten::Needed);
            }
        }
        let (mut locked, now) = self.lock_state();
        let state = &mut locked.state;
        if state.queue.waiting() > 0 {
            return Err(Unforgotten::Needed);
        }
        let beyond_store = state.beyond_store(now)?;
        let is_plain = !state.shut
            && state.bucket.shape == state.declared_shape
            && state.cooldown.held_until() <= now
            && (state.cooldown.probe() == Probe::Off || state.is_in_store())
            && state.slots_held() == 0
            && state.leases_are_idle()
            && state.is_window_empty(now)
            && state.are_rows_full(now)
            && state.has_quotas(rows)
            && state.has_usual_bound(rows.concurrency, now)
            && !self.mode.is_set()
            && !state.is_beyond(now)
            // A key that is an instant owes nothing.
            && state.bucket.tat <= now + state.bucket.shape.capacity;
        // Without any event: the lock of the keys is held, and a subscriber may use them.
        state.hand_back(&self.fast_path, now);
        let level = state.bucket.tat + beyond_store;
        is_plain.then_some(level).ok_or(Unforgotten::Needed)
    }

    /// Counts an attempt that was admitted before the limiter was made.
    pub(crate) fn count_earlier_attempt(&self) {
        self.fast_path.count_attempt();
    }
}

impl LimiterState {
    /// Returns whether these quotas are in force, and none that was set for this limiter alone.
    fn has_quotas(&self, rows: &Rows) -> bool {
        let same = |one: Quota, other: Quota| Shape::of(one) == Shape::of(other);
        let others = self.rows.iter().flat_map(|rows| &rows.others);
        same(self.quota(), rows.first.quota)
            && others
                .zip(&rows.others)
                .all(|(row, declared)| same(row.quota(), declared.quota))
    }
}

impl Snapshot {
    /// Returns the state of a limiter that is just a bucket.
    pub(crate) fn of_bucket(quota: Quota, bucket: Bucket, now: Instant) -> Self {
        Self {
            quota,
            rate: Rate::of_interval(bucket.shape.interval),
            available: bucket.available(now),
            waiting: 0,
            in_flight: 0,
            max_concurrency: None,
            closed: false,
            cooldown: None,
            waits: Waits::NONE,
            counts: Counts::NONE,
            rows: [None; MAX_ROWS],
            would_have_waited: ObservedWaits::default(),
            would_have_refused: 0,
        }
    }
}

impl Limiter {
    /// Returns a handle of the limiter of a key.
    pub(crate) fn of_key(quota: Quota, shared: Arc<Shared>) -> Self {
        Self::of(quota, shared)
    }

    /// Returns a permit of this limiter that was granted at `sent`.
    pub(crate) const fn permit_of(&self, sent: Instant) -> Permit<'_> {
        Permit::new(self, sent)
    }
}

impl Permit<'_> {
    /// Drops the permit without releasing its slot. Returns whether it holds one.
    pub(crate) fn keep_slot(mut self) -> bool {
        core::mem::take(&mut self.slot)
    }
}
