//! State of one limit in a store.

use super::Headroom;
use super::Ticks;
use super::headroom::MAX_HEADROOM;
use super::limit::MAX_CAPACITY;

/// Most runs that are kept of a strict window.
pub(super) const MAX_RUNS: usize = 32;

/// Learnt interval of a limit of which nothing is left: no token comes before the end.
pub(crate) const NOTHING_LEFT: Ticks = MAX_CAPACITY;

/// State of one limit of a limiter. All instants are of the store's clock; the default is a limit that was never used.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, Request, State, Ticks, step};
///
/// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
/// let now = Ticks::from_secs(1_000);
/// let draw = Action::Draw { tokens: 2, horizon: Ticks::ZERO, longest: Ticks::ZERO, drain: false };
/// let reply = step(&mut State::default(), now, &Request::new(draw, limits));
/// assert_eq!(reply.state.rows[0].full_at, now + Ticks::from_millis(400));
/// // The bucket was full before, and had no room for further tokens.
/// assert_eq!(reply.state.rows[0].spilt_at, now);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RowState {
    /// Instant at which the bucket is full again (GCRA's theoretical arrival time).
    pub full_at: Ticks,
    /// Last instant at which the bucket was known to be full. What was drawn before it is not given back.
    pub spilt_at: Ticks,
    /// Time from one token to the next that a server's answers have shown to be the limit, if that is slower than what
    /// was declared. [`Action::Learn`](super::Action::Learn) says from which on nothing is left.
    pub learnt_interval: Ticks,
    /// Instant until which that holds.
    pub learnt_until: Ticks,
    /// How much can be given back of what was drawn before certain calls, the oldest first; those after the last one are
    /// empty.
    pub headroom: [Headroom; MAX_HEADROOM],
    /// Quota that processes declared, where it is tighter than that of others.
    pub quota: SharedQuota,
    /// Time from one token to the next that an operator has set, until [`State::override_until`](super::State); 0: none.
    pub override_interval: Ticks,
    /// Time in which the bucket that an operator has set is filled.
    pub override_capacity: Ticks,
    /// Tokens that were sent in a strict window, the oldest first; 32 runs at most. Kept for a later version of this crate:
    /// no action of this one adds to it.
    pub runs: Vec<SentRun>,
}

/// Quota that the processes of a limiter have declared, the tightest one. Each of its two parts holds for itself.
///
/// While all processes declare the same, it is that, and no time is set. Where one declares a looser quota, the tighter
/// one holds until one period after it was last declared.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, Request, State, Ticks, step};
///
/// let quota = |tokens: u64| Limits::one(Limit::new(Ticks::SECOND / tokens, 5));
/// let draw = Action::Draw { tokens: 1, horizon: Ticks::ZERO, longest: Ticks::MAX, drain: false };
/// let now = Ticks::from_secs(1_000);
/// let mut state = State::default();
/// step(&mut state, now, &Request::new(draw.clone(), quota(5)));
/// // A process with a looser quota joins. The tighter one holds for both.
/// let reply = step(&mut state, now, &Request::new(draw, quota(20)));
/// assert_eq!(reply.last().every, Ticks::SECOND / 5);
/// let held = reply.state.rows[0].quota;
/// assert_eq!((held.interval, held.interval_until), (Ticks::SECOND / 5, now + Ticks::SECOND));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SharedQuota {
    /// Longest time from one token to the next; 0 where none was declared yet.
    pub interval: Ticks,
    /// Instant until which it holds against a shorter one; 0 where all declare the same.
    pub interval_until: Ticks,
    /// Smallest number of tokens that the bucket holds; 0 where none was declared yet.
    pub burst: u64,
    /// Instant until which it holds against a larger one; 0 where all declare the same.
    pub burst_until: Ticks,
}

/// Tokens of a strict window that were sent at about the same time.
///
/// # Examples
///
/// ```
/// use paced::store::{SentRun, State, Ticks};
///
/// let mut state = State::default();
/// state.rows[0].runs.push(SentRun { at: Ticks::SECOND, count: 3 });
/// assert_eq!(State::from_bytes(&state.to_bytes()), Ok(state));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SentRun {
    /// Instant of the last one.
    pub at: Ticks,
    /// Number of tokens.
    pub count: u32,
}

impl RowState {
    /// Returns the latest instant at which a call may have been due that can be given back.
    pub(super) fn last_drawn_at(&self) -> Ticks {
        let instants = self.headroom.iter().map(|headroom| headroom.at);
        instants.fold(self.spilt_at, Ticks::max)
    }

    /// Gives back nothing of what was drawn by now: tokens were cheaper then than they are from now on.
    pub(super) fn forget_draws(&mut self, now: Ticks) {
        self.spilt_at = now.max(self.last_drawn_at()) + Ticks::new(1);
        self.headroom = [Headroom::default(); MAX_HEADROOM];
    }

    /// Returns the instant until which nothing of the limit is left, if a server has said so.
    pub(crate) fn closed_until(&self, now: Ticks) -> Option<Ticks> {
        let is_closed = self.learnt_until > now && self.learnt_interval >= NOTHING_LEFT;
        is_closed.then_some(self.learnt_until)
    }

    /// Returns what was learnt, and until when that holds.
    pub(super) fn lesson(&self) -> (Ticks, Ticks) {
        match self.learnt_until {
            Ticks::ZERO => (Ticks::ZERO, Ticks::ZERO),
            until => (self.learnt_interval, until),
        }
    }

    /// Returns the interval and the capacity that an operator has set.
    pub(super) fn replacement(&self) -> (Ticks, Ticks) {
        match self.override_interval {
            Ticks::ZERO => (Ticks::ZERO, Ticks::ZERO),
            interval => (interval, self.override_capacity),
        }
    }

    /// Calls `change` with each instant.
    pub(super) fn each_instant(&mut self, change: &mut impl FnMut(&mut Ticks)) {
        change(&mut self.full_at);
        change(&mut self.spilt_at);
        change(&mut self.learnt_until);
        for headroom in &mut self.headroom {
            change(&mut headroom.at);
        }
        Headroom::keep(&mut self.headroom, |_| true);
        change(&mut self.quota.interval_until);
        change(&mut self.quota.burst_until);
        for run in &mut self.runs {
            change(&mut run.at);
        }
    }
}
