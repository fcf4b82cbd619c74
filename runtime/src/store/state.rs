//! State of a limiter in a store.

use super::BudgetState;
use super::Lease;
use super::Limits;
use super::MAX_LIMITS;
use super::PauseKind;
use super::RowState;
use super::Ticks;
use super::budget::FORGOTTEN;

/// Longest pause that is believed: 30 days.
pub(super) const LONGEST_PAUSE: Ticks = Ticks::from_secs(30 * 24 * 3600);

/// Script languages whose numbers are floating-point ones count no further by ones.
const MAX_GENERATION: u64 = 1 << 52;

/// Largest number up to which such languages know all whole numbers.
pub(super) const MAX_EXACT: u64 = 1 << 53;

/// Latest instant that such languages know.
const LATEST: Ticks = Ticks::new(MAX_EXACT);

/// Time for which a state stays beyond the instant at which it means nothing any more.
const SLACK: Ticks = Ticks::from_secs(2);

/// State of a limiter in a store. All instants are of the store's clock; the default is a limiter that was never
/// used.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, PauseKind, Request, State, Ticks, step};
///
/// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
/// let now = Ticks::from_secs(1_000);
/// let mut state = State::default();
/// let pause = Action::Pause { duration: Ticks::from_secs(60), kind: PauseKind::Wait };
/// step(&mut state, now, &Request::new(pause, limits));
/// assert_eq!(state.paused_until, now + Ticks::from_secs(60));
/// assert_eq!((state.generation, state.seen), (1, now));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct State {
    /// The limits, in the order in which [requests](super::Request) name them.
    pub rows: [RowState; MAX_LIMITS],
    /// Instant before which no token is granted.
    pub paused_until: Ticks,
    /// Treatment of callers until then.
    pub pause_kind: PauseKind,
    /// End of the last pause that was lifted by hand: a process that remembers a pause until then brings none back.
    pub lifted_until: Ticks,
    /// Number of times that the tokens drawn before became void: with every pause, every extension of one,
    /// and every pause that is lifted by hand.
    pub generation: u64,
    /// Instant until which an operator's limits hold, see [`RowState::override_interval`].
    pub override_until: Ticks,
    /// Level of the budget of retries.
    pub budget: BudgetState,
    /// Slots of a limited concurrency, one lease for each process; 64 at most.
    pub leases: Vec<Lease>,
    /// Instant until which the state is kept at least. A newer version of this crate sets it for parts that this one
    /// does not know.
    pub kept_until: Ticks,
    /// Instant of the last change: by it a clock that was set back is noticed.
    pub seen: Ticks,
    /// Parts that a newer version has added, as they were read.
    pub(super) unknown: Vec<u8>,
}

impl State {
    /// Returns the instant from which on this state means no more than the default one, plus two seconds. A
    /// store may forget it then.
    ///
    /// Only the [generation](Self::generation) is lost with it, when no drawn token is left that it could
    /// have made void, and the quota that all processes declare, which the next request declares again.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{State, Ticks};
    ///
    /// let mut state = State::default();
    /// state.paused_until = Ticks::from_secs(1_000);
    /// assert_eq!(state.expires_at(), Ticks::from_secs(1_002));
    /// ```
    pub fn expires_at(&self) -> Ticks {
        let budget = match self.budget.missing {
            0 => Ticks::ZERO,
            _ => self.budget.at + FORGOTTEN,
        };
        let ends = [
            self.paused_until,
            self.lifted_until,
            self.override_until,
            self.kept_until,
            budget,
        ];
        let rows = self.rows.iter().flat_map(|row| {
            let quota = row.quota;
            [
                row.full_at,
                row.learnt_until,
                quota.interval_until,
                quota.burst_until,
            ]
        });
        let last = rows.chain(ends).max();
        last.map_or(Ticks::ZERO, |last| last + SLACK)
    }

    /// Returns the limits that hold at `now` before what was learnt: an operator's, or else the tightest that were
    /// declared.
    pub(crate) fn in_force(&self, declared: &Limits, now: Ticks) -> Limits {
        let overridden = self.override_until > now;
        declared.changed(&self.rows, |limit, row| {
            if overridden && row.override_interval > Ticks::ZERO {
                limit.replaced(row.override_interval, row.override_capacity)
            } else {
                row.quota.tighten(limit, now)
            }
        })
    }

    /// Returns these limits with what was learnt.
    pub(crate) fn slowed(&self, limits: &Limits, now: Ticks) -> Limits {
        limits.changed(&self.rows, |limit, row| {
            // A limit of which nothing is left is as it was declared when that is over.
            if row.learnt_until > now && row.closed_until(now).is_none() {
                limit.slowed(row.learnt_interval)
            } else {
                limit
            }
        })
    }

    /// Returns the state with impossible values moved to where scripts can follow.
    pub(super) fn bounded(mut self) -> Self {
        self.each_instant(|instant| *instant = (*instant).min(LATEST));
        for row in &mut self.rows {
            for span in [
                &mut row.learnt_interval,
                &mut row.override_interval,
                &mut row.override_capacity,
            ] {
                *span = (*span).min(LATEST);
            }
        }
        self.generation = self.generation.min(MAX_EXACT);
        self.seen = self.seen.min(LATEST);
        self
    }

    /// Calls `change` with each instant but the last change.
    fn each_instant(&mut self, mut change: impl FnMut(&mut Ticks)) {
        for row in &mut self.rows {
            row.each_instant(&mut change);
        }
        for instant in [
            &mut self.paused_until,
            &mut self.lifted_until,
            &mut self.override_until,
            &mut self.budget.at,
            &mut self.kept_until,
        ] {
            change(instant);
        }
        for lease in &mut self.leases {
            change(&mut lease.until);
        }
    }

    /// Moves all instants along with a clock that was set back.
    pub(super) fn shift_back(&mut self, now: Ticks) {
        let back = self.seen - now;
        if back == Ticks::ZERO {
            return;
        }
        self.each_instant(|instant| *instant = *instant - back);
        self.seen = now;
    }

    /// Moves all instants along with a clock that was set forward by so much, unless that was done before: a
    /// bucket does not fill, and a pause does not end, because of a clock. The old time was `latest` at most.
    pub(super) fn shift_forward(&mut self, by: Ticks, latest: Ticks, now: Ticks) {
        if by == Ticks::ZERO || self.seen == Ticks::ZERO || self.seen > latest {
            return;
        }
        self.each_instant(|instant| {
            if *instant > Ticks::ZERO {
                *instant = (*instant + by).min(LATEST);
            }
        });
        self.seen = (self.seen + by).min(LATEST).min(now);
    }

    /// Moves impossible values to possible ones: nothing may stay closed for ever.
    pub(super) fn clamp_to(&mut self, limits: &Limits, now: Ticks) {
        let latest = now + LONGEST_PAUSE;
        for until in [
            &mut self.paused_until,
            &mut self.lifted_until,
            &mut self.override_until,
            &mut self.kept_until,
        ] {
            if *until > latest {
                *until = Ticks::ZERO;
            }
        }
        for row in &mut self.rows {
            let quota = &mut row.quota;
            for until in [
                &mut row.learnt_until,
                &mut quota.interval_until,
                &mut quota.burst_until,
            ] {
                if *until > latest {
                    *until = Ticks::ZERO;
                }
            }
        }
        if self.generation > MAX_GENERATION {
            self.generation = 0;
        }
        let from = now.max(self.paused_until);
        let limits = self.slowed(&self.in_force(limits, now), now);
        for (row, limit) in self.rows.iter_mut().zip(limits.as_slice()) {
            let last = from + limit.deepest();
            row.full_at = row.full_at.min(last);
            row.spilt_at = row.spilt_at.min(last);
            for headroom in &mut row.headroom {
                headroom.at = headroom.at.min(last);
            }
        }
    }
}
