//! State behind a limiter's lock: bucket, cooldown and queue, and the rules by which permits are granted.
//! Takes the time as an argument and touches no timer.

pub(super) mod accounting;
pub(super) mod announcing;
mod at_once;
pub(super) mod beyond;
pub(super) mod closing;
pub(super) mod cooldown;
mod cutting;
pub(super) mod failing;
pub(super) mod faults;
pub(super) mod feedback;
pub(super) mod forecast;
pub(super) mod granting;
mod hearing;
mod in_flight;
mod in_store;
pub(super) mod joint;
mod joint_in_store;
pub(super) mod leases;
mod leasing;
pub(super) mod news;
mod observing;
pub(super) mod overflow;
mod peaks;
pub(super) mod presence;
pub(super) mod queue;
mod queue_costs;
pub(super) mod rejection;
pub(super) mod renewal;
pub(super) mod row_bucket;
mod row_hints;
mod row_paces;
mod row_set;
pub(super) mod rows;
mod settlement;
pub(super) mod slots;
pub(super) mod source;
pub(super) mod spread;
pub(super) mod strict;
pub(super) mod strict_state;
pub(super) mod waiter;
pub(super) mod why;

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::learning::Learnt;
use crate::mode::Mode;
use crate::quota::Quota;
use crate::time::Instant;
use crate::time::Span;
use crate::waits::Waits;

use self::beyond::Beyond;
use self::cooldown::Cooldown;
use self::cooldown::Probe;
use self::faults::Faults;
use self::news::Announced;
use self::overflow::Overflow;
use self::peaks::Peaks;
use self::queue::Queue;
use self::rejection::FirstTrip;
use self::row_set::RowSet;
use self::slots::Slots;
use self::strict_state::StrictState;
use super::counts::Counts;
use super::counts::observed::ObservedCounts;
use super::fast_path::FastPath;
use super::remote::Remote;
use super::wake_list::WakeList;

/// Next step after all permits that are due were granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// No caller waits.
    Idle,
    /// The next permit is due at this instant.
    Due(Instant),
    /// More permits are due once the waiters that were granted one have been woken.
    More,
}

#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that are independent of each other"
)]
pub(super) struct LimiterState {
    pub(super) queue: Queue,
    quota: Quota,
    pub(super) learnt: Learnt,
    /// Shape of the declared bucket.
    pub(super) declared_shape: Shape,
    /// The bucket in force, while the fast path is shut: what was declared, tightened by what was learnt. Its
    /// shape is also that of the fast path.
    pub(super) bucket: Bucket,
    pub(super) cooldown: Cooldown,
    /// All calls are refused.
    pub(super) shut: bool,
    /// The bucket was, or may have been, full when the fast path was last shut.
    was_full: bool,
    /// No response has arrived since the bucket was last full.
    pub(super) fresh: bool,
    /// Round trip of the first call after that.
    pub(super) first_trip: Option<FirstTrip>,
    /// Decaying maximum of the round trips of calls whose answer told something.
    pub(super) round_trip: Span,
    /// The declared bucket, while a hint's pace is in force.
    pub(super) declared: Option<Bucket>,
    /// The bucket without the emptying at the end of a cooldown or of a pace. Its tokens are used if the
    /// first response after it shows that the server has as many.
    pub(super) refilled: Option<Bucket>,
    /// The last cooldown began because a window was used up.
    pub(super) exhausted: bool,
    /// Random number that sets how much longer the last pause is than asked, see [`later`](Self::later).
    pub(super) draw: f64,
    /// Failures of the server that said when to come back.
    pub(super) faults: Faults,
    /// Instant of the last (possible) overflow.
    pub(super) overflowed: Overflow,
    /// Instant until which tokens that a late timer kept from waiters may be taken.
    owed_until: Instant,
    /// Permits that were granted before this instant may have taken no tokens, because the limiter was off.
    off_until: Instant,
    /// Waiters may be served later than was forecast when they joined.
    pub(super) delayed: bool,
    /// Instant at or before the earliest `latest` of the waiters.
    pub(super) soonest: Instant,
    pub(super) waits: Waits,
    pub(super) counts: Counts,
    /// Attempts that passed and were settled, which the fast path has not counted.
    pub(in crate::limiter) passed_settled: u64,
    /// Attempts that the fast path had counted as passed at the last call of
    /// [`new_passes`](Self::new_passes).
    pub(super) passes: u64,
    pub(super) announced: Announced,
    /// The strict window of the quota, if it has one.
    pub(super) strict: Option<Box<StrictState>>,
    /// The limits, where there are several, or where the only one does not count requests.
    pub(super) rows: Option<Box<RowSet>>,
    /// Instant from which on nothing but the limits and the slots holds calls back. Only where permits need the lock, and
    /// between the visits to it.
    unhindered_from: Instant,
    /// Tokens that were not spent change nothing but the levels of buckets. Only between the visits to the lock, as above.
    gives_back_at_once: bool,
    /// Calls in flight, once there is or was a bound of them.
    pub(super) slots: Option<Box<Slots>>,
    /// Costs of attempts are corrected. The instant of each overflow has to be known for that, so the fast path stays shut.
    pub(super) settles: bool,
    /// Peaks of the level of the bucket, once costs are corrected.
    pub(super) peaks: Option<Box<Peaks>>,
    /// Tokens spent beyond what the first limit can owe.
    pub(super) forgiven: u64,
    /// Tokens used up beyond the bucket, which a change of the quota has made smaller.
    pub(super) beyond: Beyond,
    /// The limit in a store, from which permits come instead of from the bucket.
    pub(super) remote: Option<Box<Remote>>,
    mode: Mode,
    /// The bucket may owe tokens of calls that were not held back.
    in_debt: bool,
    observed: Option<Box<ObservedCounts>>,
}

impl LimiterState {
    pub(super) fn new(quota: Quota) -> Self {
        Self {
            queue: Queue::new(),
            quota,
            learnt: Learnt::NOTHING,
            declared_shape: Shape::of(quota),
            bucket: Bucket::full(Shape::of(quota)),
            cooldown: Cooldown::new(),
            shut: false,
            was_full: false,
            fresh: true,
            first_trip: None,
            round_trip: Span::ZERO,
            declared: None,
            refilled: None,
            exhausted: false,
            draw: 0.0,
            faults: Faults::NONE,
            overflowed: Overflow::NEVER,
            owed_until: Instant::EPOCH,
            off_until: Instant::EPOCH,
            delayed: false,
            soonest: Instant::FAR,
            waits: Waits::NONE,
            counts: Counts::NONE,
            passed_settled: 0,
            passes: 0,
            announced: Announced::NOTHING,
            strict: StrictState::of(quota),
            rows: None,
            unhindered_from: Instant::FAR,
            gives_back_at_once: false,
            slots: None,
            settles: false,
            peaks: None,
            forgiven: 0,
            beyond: Beyond::NONE,
            remote: None,
            mode: Mode::Enforce,
            in_debt: false,
            observed: None,
        }
    }

    /// Takes over the bucket from the fast path.
    pub(super) fn take_over(
        &mut self,
        handed: Option<Instant>,
        fast_path: &FastPath,
        now: Instant,
    ) {
        self.unhindered_from = Instant::FAR;
        self.gives_back_at_once = false;
        if let Some(tat) = handed {
            // The bucket that was handed to the fast path would be full by now: tokens may have overflowed.
            if self.bucket.tat <= now {
                self.overflowed = Overflow::by(now);
            }
            self.was_full = self.bucket.tat <= now;
            self.bucket.tat = tat;
            self.bucket.bound(now);
        }
        self.follow_ways(fast_path, now);
        self.reshape_rows(now);
        if self.learnt.age(now) {
            self.outlived(fast_path, now);
        }
        if let Some(lapsed) = self.cooldown.lapse(now) {
            self.bucket.reopen(lapsed);
            self.refilled = None;
            self.delayed = true;
        }
    }

    /// Hands the bucket back to the fast path, unless a cooldown or a hint's pace lasts. Only when no caller
    /// waits.
    pub(super) fn hand_back(&mut self, fast_path: &FastPath, now: Instant) {
        self.soonest = Instant::FAR;
        if self.remote.is_some() || self.shut || self.is_logged() || self.needs_lock() {
            return;
        }
        if !self.enforces() || self.is_in_debt(now) || self.is_beyond(now) {
            return;
        }
        let is_open = self.cooldown.held_until() <= now && self.cooldown.probe() == Probe::Off;
        if is_open && self.learnt.ages_at().is_none() {
            self.refilled = None;
            fast_path.open(self.bucket.tat, self.owed_until);
        }
    }

    /// Changes the quota, also for waiters.
    pub(super) fn set_quota(
        &mut self,
        quota: Quota,
        fast_path: &FastPath,
        now: Instant,
        wakes: &mut WakeList,
    ) {
        let quota = if self.remote.is_some() {
            quota.without_log()
        } else {
            quota
        };
        self.set_window(quota, now);
        self.quota = quota;
        if let Some(remote) = &mut self.remote {
            remote.set_period(quota.rate());
        }
        self.refilled = None;
        self.is_beyond(now);
        let before = self.bucket;
        self.reshape(fast_path, now);
        self.follow_quota(before, now);
        self.expel(now, wakes);
    }

    /// Follows a change of the quota with the tokens that are used up beyond the bucket.
    fn follow_quota(&mut self, mut before: Bucket, now: Instant) {
        if self.remote.is_some() || before.shape == self.bucket.shape {
            return;
        }
        let from = now.max(self.cooldown.until());
        if !self.keeps_debt() {
            before.bound(from);
        }
        self.beyond.follow(before, &mut self.bucket, from);
    }

    /// Returns whether the bucket is full, also for a larger quota.
    pub(super) fn is_bucket_full(&self, now: Instant) -> bool {
        self.bucket.tat <= now && self.beyond.are_back(self.bucket, now)
    }

    /// Returns whether tokens are used up beyond the bucket.
    pub(in crate::limiter) fn is_beyond(&mut self, now: Instant) -> bool {
        if self.beyond.any() {
            self.overflow(now, Span::ZERO);
        }
        self.beyond.any()
    }

    /// Returns whether permits need more than the bucket of the fast path.
    pub(super) const fn needs_lock(&self) -> bool {
        self.rows.is_some() || self.settles || self.slots.is_some()
    }

    pub(super) const fn quota(&self) -> Quota {
        self.quota
    }

    pub(super) fn available(&self, now: Instant) -> u64 {
        if self.cooldown.held_until() > now || self.queue.waiting() > 0 {
            return 0;
        }
        self.free(now)
    }

    /// Returns the tokens that are there, also while no call may take them.
    pub(super) fn free(&self, now: Instant) -> u64 {
        let in_bucket = match &self.remote {
            Some(remote) if !remote.draws_calls() => remote.usable(now),
            _ => self.bucket.available(now),
        };
        self.free_in_log(now)
            .map_or(in_bucket, |free| free.min(in_bucket))
    }
}
