//! Tokens that a store has handed out to this process: each with the instant from which on it may
//! be used, and the one from which on it may not be any more.
//!
//! A token may be used late by as much as the bucket holds: any tokens of all processes that are
//! used within such delays keep to the envelope, see the proof beside [`DrawnTokens::push`].

use std::collections::VecDeque;

use crate::time::Instant;
use crate::time::Span;

/// Tokens that become usable one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    /// Instant from which on the first may be used.
    due: Instant,
    /// Instant until which the first may be used.
    until: Instant,
    /// Time from one to the next.
    every: Span,
    left: u32,
}

#[derive(Debug, Default)]
pub(super) struct DrawnTokens {
    runs: VecDeque<Run>,
    count: u64,
}

impl DrawnTokens {
    pub(super) const fn new() -> Self {
        Self {
            runs: VecDeque::new(),
            count: 0,
        }
    }

    /// Returns the number of tokens.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Adds tokens, the first usable from `due` on, each until `lasts` later.
    ///
    /// Let the bucket hold `B` tokens of interval `T`, and `lasts` be `B * T`. A token whose bucket
    /// was full again at `t` before it was drawn is due at `t + T - B * T`, and the one drawn `k`
    /// tokens later has a `t` that is at least `k * T` later. If both are used in an interval of
    /// length `w`, the first not more than `B * T` after it is due and the second not before it is,
    /// then `k * T <= w + B * T`: no more than `w / T + B + 1` tokens are used in the interval.
    pub(super) fn push(&mut self, due: Instant, every: Span, count: u32, lasts: Span) {
        if count == 0 {
            return;
        }
        let run = Run {
            due,
            until: due.after(lasts),
            every,
            left: count,
        };
        let at = self.runs.partition_point(|other| other.due <= due);
        self.runs.insert(at, run);
        self.count += u64::from(count);
    }

    /// Adds tokens back that were not used after all.
    pub(super) fn put_back(&mut self, count: u32, until: Instant, now: Instant) {
        if until > now && count > 0 {
            self.runs.push_front(Run {
                due: now,
                until,
                every: Span::ZERO,
                left: count,
            });
            self.count += u64::from(count);
        }
    }

    /// Returns when the next `cost` tokens may be used, if there are as many. Drops those that have expired
    /// by `now`.
    pub(super) fn ready_at(&mut self, cost: u32, now: Instant) -> Option<Instant> {
        self.forget(now);
        self.due(u64::from(cost))
    }

    /// Returns when the `nth` token from now on is due, counted from 1.
    pub(super) fn due(&self, nth: u64) -> Option<Instant> {
        let mut ahead = 0;
        self.runs.iter().find_map(|run| {
            let within = nth.saturating_sub(ahead);
            ahead += u64::from(run.left);
            (nth <= ahead).then(|| run.due.after(run.every.times(within.saturating_sub(1))))
        })
    }

    /// Returns whether `cost` tokens of one draw can be used together: the first has not expired when the
    /// last is due.
    pub(super) fn covers(&self, cost: u32) -> bool {
        let between = u64::from(cost.saturating_sub(1));
        self.runs.iter().any(|run| {
            let lasts = run.until - run.due;
            run.left >= cost && run.every.times(between) <= lasts
        })
    }

    /// Returns when the last token is due.
    pub(super) fn last(&self) -> Option<Instant> {
        self.due(self.count).filter(|_| self.count > 0)
    }

    /// Returns how many tokens may be used at `now`.
    pub(super) fn usable(&self, now: Instant) -> u64 {
        let runs = self.runs.iter().filter(|run| run.due <= now);
        runs.map(|run| {
            let more = (now - run.due).checked_div(run.every);
            more.map_or(u64::from(run.left), |more| {
                more.saturating_add(1).min(u64::from(run.left))
            })
        })
        .sum()
    }

    pub(super) fn clear(&mut self) {
        self.runs.clear();
        self.count = 0;
    }

    /// Drops the tokens that have expired by `now`, and then up to `tokens` of the oldest. Returns how many
    /// of these there were.
    pub(super) fn drop_oldest(&mut self, tokens: u64, now: Instant) -> u64 {
        self.forget(now);
        let dropped = tokens.min(self.count);
        self.remove(u32::try_from(dropped).unwrap_or(u32::MAX));
        dropped
    }

    /// Takes the `cost` oldest tokens, which have to be there. Returns until when the oldest of them may be
    /// used.
    pub(super) fn remove(&mut self, mut cost: u32) -> Instant {
        let oldest = self.runs.front().map_or(Instant::EPOCH, |run| run.until);
        self.count -= u64::from(cost);
        while let Some(run) = self.runs.front_mut() {
            let taken = cost.min(run.left);
            run.advance(taken);
            cost -= taken;
            if run.left == 0 {
                self.runs.pop_front();
            } else {
                break;
            }
        }
        oldest
    }

    /// Drops the tokens that have expired.
    fn forget(&mut self, now: Instant) {
        while let Some(run) = self.runs.front_mut() {
            if run.until >= now {
                break;
            }
            let late = (now - run.until)
                .checked_div(run.every)
                .map_or(u64::MAX, |n| n.saturating_add(1));
            let old = u32::try_from(late).unwrap_or(u32::MAX).min(run.left);
            run.advance(old);
            self.count -= u64::from(old);
            if run.left == 0 {
                self.runs.pop_front();
            } else {
                break;
            }
        }
    }
}

impl Run {
    fn advance(&mut self, tokens: u32) {
        let by = self.every.times(u64::from(tokens));
        self.due = self.due.after(by);
        self.until = self.until.after(by);
        self.left -= tokens;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the instant this many nanoseconds after the epoch.
    const fn at(count: u64) -> Instant {
        Instant::from_nanos(count)
    }

    /// Returns a span of this many nanoseconds.
    const fn span(count: u64) -> Span {
        Span::from_nanos(count)
    }

    fn take(slots: &mut DrawnTokens, cost: u32, now: Instant) -> Result<Instant, Option<Instant>> {
        match slots.ready_at(cost, now) {
            Some(due) if due <= now => Ok(slots.remove(cost)),
            due => Err(due),
        }
    }

    #[test]
    fn tokens_are_used_in_order_and_when_they_are_due() {
        let mut slots = DrawnTokens::new();
        slots.push(at(100), span(10), 3, span(50));
        assert_eq!(take(&mut slots, 1, at(99)), Err(Some(at(100))));
        assert_eq!(take(&mut slots, 2, at(105)), Err(Some(at(110))));
        assert_eq!(take(&mut slots, 4, at(200)), Err(None));
        slots.clear();
        slots.push(at(100), span(10), 3, span(50));
        assert_eq!(slots.usable(at(110)), 2);
        assert_eq!(take(&mut slots, 2, at(110)), Ok(at(150)));
        assert_eq!((slots.count(), slots.last()), (1, Some(at(120))));
    }

    #[test]
    fn tokens_that_are_too_old_are_forgotten() {
        let mut slots = DrawnTokens::new();
        slots.push(at(100), span(10), 3, span(50));
        assert_eq!(take(&mut slots, 1, at(151)), Ok(at(160)));
        assert_eq!(take(&mut slots, 1, at(171)), Err(None));
        assert_eq!(slots.count(), 0);
        slots.put_back(2, at(180), at(180));
        assert_eq!(slots.count(), 0);
        slots.put_back(2, at(180), at(179));
        assert_eq!(take(&mut slots, 2, at(180)), Ok(at(180)));
    }

    #[test]
    fn runs_are_kept_in_the_order_in_which_they_are_due() {
        let mut slots = DrawnTokens::new();
        slots.push(at(200), Span::ZERO, 1, span(500));
        slots.push(at(100), Span::ZERO, 1, span(500));
        assert_eq!(take(&mut slots, 1, at(100)), Ok(at(600)));
        assert_eq!(take(&mut slots, 1, at(100)), Err(Some(at(200))));
    }
}
