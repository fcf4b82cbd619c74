//! Guard of a strict window: how much longer than the period a permit counts, because requests take time to arrive.
//!
//! A server counts a request when it arrives. If one takes longer than a later one, they arrive closer together than
//! they were sent. So a permit counts for the period and the longest way in addition. The way is not known, but the
//! time until the response is an upper bound.

use crate::bucket::TIMER_SLACK;
use crate::strict::StrictWindow;
use crate::time::Instant;
use crate::time::Span;

/// Periods for which a refusal raises the bound on the way.
const WIDE_PERIODS: u64 = 10;

/// Number of half periods that are remembered: the current one and three whole ones. A permit counts for less than
/// those, so the round trip of its request is known for as long.
const HALVES: usize = 4;

/// Longest round trips of the last period.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    window: StrictWindow,
    /// Number of the current half period, as of the last round trip.
    newest: u64,
    /// Longest round trips of the current half period and of the ones before it. `None`: there was none.
    longest: [Option<Span>; HALVES],
    /// Instant until which the bound on the way is raised.
    wide_until: Instant,
}

impl Guard {
    pub(crate) const fn new(window: StrictWindow) -> Self {
        Self {
            window,
            newest: 0,
            longest: [None; HALVES],
            wide_until: Instant::EPOCH,
        }
    }

    /// Records the time from sending a request to the head of its response. `None`: there is no response.
    pub(crate) fn record(&mut self, took: Option<Span>, now: Instant) {
        self.age(now);
        let took = took.unwrap_or(Instant::FAR.since(Instant::EPOCH));
        let longest = &mut self.longest[0];
        *longest = Some(longest.map_or(took, |longest| longest.max(took)));
    }

    /// Raises the bound on the way, after a refusal that the count did not foresee.
    pub(crate) fn refused(&mut self, now: Instant) {
        self.wide_until = now.after(self.window.period.times(WIDE_PERIODS));
    }

    /// Returns the time for which a permit that is granted counts in the window: the period, the longest way, and the
    /// time for which a permit may lie unused.
    pub(crate) fn lasts(&self, now: Instant) -> Span {
        self.with_way(self.way(now))
    }

    /// Returns the same time for a way that is rounded up, so that it changes seldom.
    pub(crate) fn lasts_about(&self, now: Instant) -> Span {
        let way = self.way(now).nanos();
        let step = (way.checked_ilog2().map_or(0, |log| 1 << log) / 16)
            .max(self.window.period.nanos() / 1024)
            .max(1);
        let rounded = Span::from_nanos(way.div_ceil(step).saturating_mul(step));
        self.with_way(rounded.min(self.bound(now)))
    }

    fn with_way(&self, way: Span) -> Span {
        self.window.period.plus(way).plus(TIMER_SLACK)
    }

    /// Returns the longest way of the last period. It is the bound where no response has arrived.
    fn way(&self, now: Instant) -> Span {
        let past = self.past(now);
        let known = self.longest.iter().take(HALVES.saturating_sub(past));
        let longest = known.copied().flatten().max();
        let bound = self.bound(now);
        longest.map_or(bound, |longest| longest.min(bound))
    }

    fn bound(&self, now: Instant) -> Span {
        if now < self.wide_until {
            self.window.longest_way_after_refusal()
        } else {
            self.window.longest_way()
        }
    }

    /// Counts the half periods from the last round trip to `now`, at most as many as are remembered.
    fn past(&self, now: Instant) -> usize {
        let past = self.half(now).saturating_sub(self.newest);
        usize::try_from(past).map_or(HALVES, |past| past.min(HALVES))
    }

    fn age(&mut self, now: Instant) {
        let past = self.past(now);
        self.longest.rotate_right(past % HALVES);
        self.longest[..past].fill(None);
        self.newest = self.half(now).max(self.newest);
    }

    fn half(&self, now: Instant) -> u64 {
        now.nanos() / (self.window.period.nanos() / 2).max(1)
    }
}

#[cfg(test)]
#[path = "guard/tests.rs"]
mod tests;
