//! Decides whether a refusal concerns the limiter or only its own call.
//!
//! Where a limiter sends too much, the server refuses first attempts and retries alike. Where one
//! resource is always refused, its retries are refused and the first attempts of all others pass. So
//! first attempts speak for the limiter, and retries for themselves.

use core::time::Duration;

/// After this time a count is worth half.
const HALF_LIFE: f64 = 30.0;

/// So many refused retries have to be remembered before a first attempt's refusal is doubted.
const ENOUGH_RETRIES: f64 = 2.0;

/// Fewer refusals than this are forgotten.
const FORGOTTEN: f64 = 0.1;

/// So many attempts are remembered that passed before the first refusal.
const PRIOR_PASSES: f64 = 24.0;

/// Retries are refused to a considerable part from here on.
const MANY_RETRIES: f64 = 0.3;

/// First attempts that are refused to less than this part of the retries' share are not what is
/// refused.
const FEW_OF_THE_FIRST: f64 = 0.5;

/// A server that refuses everything is told by so many refusals in a row of first attempts, and of all.
const FIRST_IN_A_ROW: u32 = 2;
const ALL_IN_A_ROW: u32 = 4;

/// Nanoseconds without a pass after which such a row counts, and at least so many intervals of the rate.
const RECENT: u64 = 1_000_000_000;
const RECENT_INTERVALS: u64 = 4;

/// Attempts, and those of them that were refused: older ones count less and less.
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

/// What is remembered of attempts that ended, from the first refusal on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Evidence {
    first: Tally,
    retries: Tally,
    /// Instant to which the tallies have been aged.
    aged: u64,
    /// Latest instant at which an attempt was sent that passed.
    passed: u64,
    first_in_a_row: u32,
    all_in_a_row: u32,
}

/// An attempt that was refused, and what was known when it was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttemptRecord {
    pub(crate) sent: u64,
    /// It is not the call's first attempt.
    pub(crate) retry: bool,
    /// End of the limiter's last cooldown; 0 if there was none.
    pub(crate) reopened: u64,
    /// Nanoseconds from one token to the next.
    pub(crate) interval: u64,
}

impl Evidence {
    pub(super) const NONE: Self = Self {
        first: Tally::EMPTY,
        retries: Tally::EMPTY,
        aged: 0,
        passed: 0,
        first_in_a_row: 0,
        all_in_a_row: 0,
    };

    /// Returns whether no refusal is remembered, so that nothing has to be counted.
    pub(super) fn is_none(&self) -> bool {
        self.first.refused + self.retries.refused < FORGOTTEN
    }

    /// Takes note of attempts that passed while no refusal was remembered. A few of them are enough: with
    /// many, a limiter would be slow to notice that its server has become slower.
    pub(super) fn passed_before(&mut self, count: u64, now: u64) {
        if self.is_none() && count > 0 {
            let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
            self.first.ended = (self.first.ended + count).min(PRIOR_PASSES);
            self.passed = self.passed.max(now);
        }
    }

    /// Takes note of an attempt that the server let through.
    pub(super) fn passed(&mut self, sent: u64, retry: bool, now: u64) {
        if self.is_none() {
            return self.passed_before(1, sent);
        }
        self.age(now);
        self.tally(retry).ended += 1.0;
        self.passed = self.passed.max(sent);
        self.all_in_a_row = 0;
        if !retry {
            self.first_in_a_row = 0;
        }
    }

    /// Takes note of a refusal.
    pub(super) fn refused(&mut self, retry: bool, now: u64) {
        if self.is_none() {
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

    /// Returns whether a refusal that was counted holds for all calls of the limiter.
    pub(super) fn binds_all(&self, attempt: AttemptRecord, now: u64) -> bool {
        let (first, retries) = (self.first.share(), self.retries.share());
        let few_of_the_first = first < FEW_OF_THE_FIRST * retries;
        let concerns_its_call = if attempt.retry {
            few_of_the_first
        } else {
            let known = self.retries.refused >= ENOUGH_RETRIES && retries >= MANY_RETRIES;
            known && few_of_the_first
        };
        !concerns_its_call || self.nothing_passes(attempt, now)
    }

    /// Returns whether the server lets nothing through any more, or not yet again.
    fn nothing_passes(&self, attempt: AttemptRecord, now: u64) -> bool {
        let AttemptRecord {
            sent,
            reopened,
            interval,
            ..
        } = attempt;
        let since_reopening = reopened > 0 && sent >= reopened && self.passed < reopened;
        let recent = RECENT.max(interval.saturating_mul(RECENT_INTERVALS));
        let in_a_row = self.first_in_a_row >= FIRST_IN_A_ROW && self.all_in_a_row >= ALL_IN_A_ROW;
        since_reopening || (in_a_row && self.passed < now.saturating_sub(recent))
    }

    const fn tally(&mut self, retry: bool) -> &mut Tally {
        if retry {
            &mut self.retries
        } else {
            &mut self.first
        }
    }

    fn age(&mut self, now: u64) {
        let elapsed = Duration::from_nanos(now.saturating_sub(self.aged));
        let factor = (-elapsed.as_secs_f64() / HALF_LIFE).exp2();
        self.first.age(factor);
        self.retries.age(factor);
        self.aged = self.aged.max(now);
    }
}
