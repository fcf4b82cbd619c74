//! Log of the permits of a strict window, in few runs of a count and an instant.
//!
//! An exact log has one entry for each permit. This one has at most [`MOST`] entries: when it is full, two neighbours
//! become one at the later instant. So a permit may count for longer than it has to, and never for shorter.

use std::collections::VecDeque;

use crate::time::Instant;
use crate::time::Span;

/// Maximum number of runs.
const MOST: usize = 64;

/// Permits that count as granted at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Batch {
    at: Instant,
    tokens: u64,
}

/// Log of the permits that count. `lasts` is the time for which a permit counts, the same in all calls of one instant.
#[derive(Clone, Debug)]
pub(crate) struct RunLog {
    /// Tokens that may count at any time.
    limit: u64,
    /// Sorted by their instants, each at least 1 token.
    runs: VecDeque<Batch>,
    /// Instant of the last run that counts no more. What was granted until then cannot be given back: it would be taken
    /// from a later permit.
    forgotten: Instant,
}

impl RunLog {
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            limit: u64::from(limit),
            // One more, which is there until two are merged.
            runs: VecDeque::with_capacity(MOST + 1),
            forgotten: Instant::EPOCH,
        }
    }

    /// Changes the limit. The permits that were granted count on.
    pub(crate) fn set_limit(&mut self, limit: u32) {
        self.limit = u64::from(limit);
    }

    /// Takes `tokens` at `now`. They have to be [free](Self::due).
    pub(crate) fn take(&mut self, tokens: u64, now: Instant, lasts: Span) {
        self.forget(now, lasts);
        if tokens == 0 {
            return;
        }
        match self.runs.back_mut() {
            Some(last) if last.at >= now => last.tokens = last.tokens.saturating_add(tokens),
            _ => self.runs.push_back(Batch { at: now, tokens }),
        }
        if self.runs.len() > MOST {
            self.merge();
        }
    }

    /// Gives back tokens of a permit that was granted at `granted` and not used.
    pub(crate) fn give_back(&mut self, tokens: u64, granted: Instant) {
        if granted <= self.forgotten {
            return;
        }
        let at = self.runs.partition_point(|run| run.at < granted);
        let Some(run) = self.runs.get_mut(at) else {
            return;
        };
        run.tokens = run.tokens.saturating_sub(tokens);
        if run.tokens == 0 {
            self.runs.remove(at);
        }
    }

    /// Uses up all tokens at `now`.
    pub(crate) fn fill(&mut self, now: Instant, lasts: Span) {
        self.take(self.available(now, lasts), now, lasts);
    }

    /// Returns the instant from `now` on at which `tokens` are free at once. They are at most the limit.
    pub(crate) fn due(&self, tokens: u64, now: Instant, lasts: Span) -> Instant {
        let counted = self.counted(now, lasts);
        let mut missing = counted.saturating_add(tokens).saturating_sub(self.limit);
        let mut due = now;
        for run in self.counting(now, lasts) {
            if missing == 0 {
                break;
            }
            missing = missing.saturating_sub(run.tokens);
            due = run.at.after(lasts);
        }
        due
    }

    /// Returns the instants at which the last of `tokens` is free, if they are taken one after the other from `start`
    /// on: the instant for the first ones, as many as the limit divides them into, and the time after it.
    ///
    /// A token is free once the one that is as many before it as the limit has counted for long enough.
    pub(crate) fn when(&self, tokens: u64, start: Instant, lasts: Span) -> (u64, Instant, Span) {
        let before = tokens.saturating_sub(1);
        let first = before % self.limit + 1;
        let rounds = before / self.limit;
        (first, self.due(first, start, lasts), lasts.times(rounds))
    }

    /// Returns the tokens that were taken after `instant`, or maybe at it.
    pub(crate) fn taken_after(&self, instant: Instant) -> u64 {
        let after = self.runs.iter().rev().take_while(|run| run.at > instant);
        sum(after)
    }

    /// Returns the number of tokens that are free at `now`.
    pub(crate) fn available(&self, now: Instant, lasts: Span) -> u64 {
        self.limit.saturating_sub(self.counted(now, lasts))
    }

    fn counted(&self, now: Instant, lasts: Span) -> u64 {
        sum(self.counting(now, lasts))
    }

    /// Moves runs that are after `now` to it. The clock of another runtime may have been ahead of this one's.
    pub(crate) fn tame(&mut self, now: Instant) {
        for run in self.runs.iter_mut().rev() {
            if run.at <= now {
                break;
            }
            run.at = now;
        }
    }

    fn counting(&self, now: Instant, lasts: Span) -> impl Iterator<Item = &Batch> {
        let counts = move |run: &&Batch| run.at.after(lasts) > now;
        self.runs.iter().filter(counts)
    }

    /// Removes the runs that do not count any more.
    fn forget(&mut self, now: Instant, lasts: Span) {
        while self
            .runs
            .front()
            .is_some_and(|run| run.at.after(lasts) <= now)
        {
            self.forgotten = self.runs.pop_front().map_or(self.forgotten, |run| run.at);
        }
    }

    /// Merges the two neighbours whose tokens are delayed least by it.
    fn merge(&mut self) {
        let delay = |at: usize| {
            let gap = self.runs[at + 1].at.since(self.runs[at].at);
            u128::from(self.runs[at].tokens) * u128::from(gap.nanos())
        };
        let Some(least) = (0..self.runs.len().saturating_sub(1)).min_by_key(|&at| delay(at)) else {
            return;
        };
        if let Some(run) = self.runs.remove(least) {
            let into = &mut self.runs[least];
            into.tokens = into.tokens.saturating_add(run.tokens);
        }
    }
}

/// Returns the tokens of all runs. A settlement may have counted as many as there are numbers.
fn sum<'a>(runs: impl Iterator<Item = &'a Batch>) -> u64 {
    runs.fold(0, |sum, run| sum.saturating_add(run.tokens))
}

#[cfg(test)]
#[path = "run_log/tests.rs"]
mod tests;
