//! Decides whether a refusal concerns the limiter or only its own call.
//!
//! A limiter that is too fast gets refusals of first attempts and of retries alike. A single resource that is always
//! refused gets refusals of its retries, while the first attempts of all other calls are accepted. So first attempts
//! are evidence about the limiter, and retries are evidence about their own calls.
//!
//! Both are counted with exponential decay from the first refusal on. A refusal is attributed to its own call if the
//! part of first attempts that are refused is less than half of that of retries, unless nothing at all is accepted
//! any more. The figures are our own, found with the simulations in `tests/`.

use crate::time::Instant;
use crate::time::Span;

use core::time::Duration;

/// Half-life of a count, in seconds.
const HALF_LIFE: f64 = 30.0;

/// Minimum number of refused retries before the refusal of a first attempt may be attributed to its own call.
const ENOUGH_RETRIES: f64 = 2.0;

/// Decayed number of refusals below which all counts are dropped.
const FORGOTTEN: f64 = 0.1;

/// Maximum number of attempts accepted before the first refusal that are counted.
const PRIOR_PASSES: f64 = 24.0;

/// Minimum part of refused retries before the refusal of a first attempt may be attributed to its own call.
const MANY_RETRIES: f64 = 0.3;

/// Factor: the part of first attempts that are refused is low if it is below this factor times the part of retries.
const FEW_OF_THE_FIRST: f64 = 0.5;

/// Consecutive refusals of first attempts after which the server is taken to accept nothing.
const FIRST_IN_A_ROW: u32 = 2;
/// Consecutive refusals of all attempts after which the server is taken to accept nothing.
const ALL_IN_A_ROW: u32 = 4;

/// Time without an accepted attempt that is also needed for that.
const RECENT: Span = Span::from_secs(1);
/// The same in intervals of the rate: the longer of the two times counts.
const RECENT_INTERVALS: u64 = 4;

/// Number of attempts that ended, and of those that were refused, with exponential decay.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tally {
    ended: f64,
    refused: f64,
}

impl Tally {
    const EMPTY: Self = Self {
        ended: 0.0,
        refused: 0.0,
    };

    /// Returns the part of the attempts that were refused.
    fn share(self) -> f64 {
        if self.ended > 0.0 {
            self.refused / self.ended
        } else {
            0.0
        }
    }

    const fn age(&mut self, factor: f64) {
        self.ended *= factor;
        self.refused *= factor;
    }
}

/// Counts of attempts that ended, from the first refusal on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Evidence {
    first: Tally,
    retries: Tally,
    /// Instant up to which the tallies have decayed.
    aged: Instant,
    /// Latest instant at which an attempt was sent that was accepted.
    passed: Option<Instant>,
    /// Refusals of first attempts since the last accepted one.
    first_in_a_row: u32,
    /// Refusals of any attempts since the last accepted one.
    all_in_a_row: u32,
}

/// Attempt that was refused, with the state of the limiter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttemptRecord {
    /// Instant at which it was sent.
    pub(crate) sent: Instant,
    /// Whether it is not the call's first attempt.
    pub(crate) retry: bool,
    /// End of the limiter's last cooldown, if there was one.
    pub(crate) reopened: Option<Instant>,
    /// Time from one token to the next.
    pub(crate) interval: Span,
}

impl Evidence {
    pub(super) const NONE: Self = Self {
        first: Tally::EMPTY,
        retries: Tally::EMPTY,
        aged: Instant::EPOCH,
        passed: None,
        first_in_a_row: 0,
        all_in_a_row: 0,
    };

    /// Returns whether no refusal is remembered, so that nothing has to be counted.
    pub(super) fn is_none(&self) -> bool {
        self.first.refused + self.retries.refused < FORGOTTEN
    }

    /// Counts attempts that were accepted before any refusal, up to [`PRIOR_PASSES`]. With more of them, a limiter
    /// would be slow to notice that its server has become slower.
    pub(super) fn passed_before(&mut self, count: u64, now: Instant) {
        if self.is_none() && count > 0 {
            let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
            self.first.ended = (self.first.ended + count).min(PRIOR_PASSES);
            self.passed = self.passed.max(Some(now));
        }
    }

    /// Counts an accepted attempt.
    pub(super) fn passed(&mut self, sent: Instant, retry: bool, now: Instant) {
        if self.is_none() {
            return self.passed_before(1, sent);
        }
        self.age(now);
        self.tally(retry).ended += 1.0;
        self.passed = self.passed.max(Some(sent));
        self.all_in_a_row = 0;
        if !retry {
            self.first_in_a_row = 0;
        }
    }

    /// Counts a refusal.
    pub(super) fn refused(&mut self, retry: bool, now: Instant) {
        if self.is_none() {
            // First refusal: the decay begins now, with the attempts accepted so far.
            *self = Self {
                first: Tally {
                    ended: self.first.ended,
                    refused: 0.0,
                },
                aged: now,
                passed: self.passed,
                ..Self::NONE
            };
        }
        self.age(now);
        let tally = self.tally(retry);
        tally.ended += 1.0;
        tally.refused += 1.0;
        self.all_in_a_row = self.all_in_a_row.saturating_add(1);
        if !retry {
            self.first_in_a_row = self.first_in_a_row.saturating_add(1);
        }
    }

    /// Returns whether a refusal that was counted applies to all calls of the limiter.
    pub(super) fn binds_all(&self, attempt: AttemptRecord, now: Instant) -> bool {
        let (first, retries) = (self.first.share(), self.retries.share());
        let few_of_the_first = first < FEW_OF_THE_FIRST * retries;
        let concerns_its_call = if attempt.retry {
            few_of_the_first
        } else {
            // A refused first attempt counts for the limiter until enough retries speak against it.
            let known = self.retries.refused >= ENOUGH_RETRIES && retries >= MANY_RETRIES;
            known && few_of_the_first
        };
        !concerns_its_call || self.nothing_passes(attempt, now)
    }

    /// Returns whether the server accepts nothing: either nothing since the limiter reopened, or nothing in a row of
    /// refusals that has lasted for some time.
    fn nothing_passes(&self, attempt: AttemptRecord, now: Instant) -> bool {
        let AttemptRecord {
            sent,
            reopened,
            interval,
            ..
        } = attempt;
        let since_reopening = reopened.is_some_and(|at| sent >= at) && self.passed < reopened;
        let recent = RECENT.max(interval.times(RECENT_INTERVALS));
        let in_a_row = self.first_in_a_row >= FIRST_IN_A_ROW && self.all_in_a_row >= ALL_IN_A_ROW;
        since_reopening || (in_a_row && self.passed < Some(now.before(recent)))
    }

    const fn tally(&mut self, retry: bool) -> &mut Tally {
        if retry {
            &mut self.retries
        } else {
            &mut self.first
        }
    }

    /// Lets the tallies decay up to `now`.
    fn age(&mut self, now: Instant) {
        let elapsed = Duration::from(now.since(self.aged));
        let factor = (-elapsed.as_secs_f64() / HALF_LIFE).exp2();
        self.first.age(factor);
        self.retries.age(factor);
        self.aged = self.aged.max(now);
    }
}
