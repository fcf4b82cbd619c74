//! Instants, by the store's clock, at which calls were due that have been granted. A correction needs that of its call.

use std::collections::VecDeque;

use crate::store::Ticks;
use crate::time::Instant;
use crate::time::Span;

/// Number of grants that are remembered. Of a call that was granted before, nothing is given back.
const REMEMBERED: usize = 4096;

/// Longest time between the grant of a permit and the instant that its holder knows, either way.
const SLACK: Span = Span::from_millis(10);

/// Calls that were granted at about the same time.
#[derive(Clone, Copy, Debug)]
struct LoggedGrant {
    from: Instant,
    to: Instant,
    /// Instant at which they were due; zero for calls that were not drawn from the store.
    at: Ticks,
}

#[derive(Debug, Default)]
pub(super) struct GrantLog(VecDeque<LoggedGrant>);

impl GrantLog {
    pub(super) const fn new() -> Self {
        Self(VecDeque::new())
    }

    /// Records a call that is granted at `now`.
    pub(super) fn note(&mut self, now: Instant, at: Ticks) {
        if let Some(last) = self.0.back_mut().filter(|last| last.at == at) {
            if now.since(last.to) <= Span::from_millis(1) {
                last.to = last.to.max(now);
                return;
            }
        }
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(LoggedGrant {
            from: now,
            to: now,
            at,
        });
    }

    /// Returns the latest instant at which a call was due.
    pub(super) fn latest(&self) -> Ticks {
        let all = self.0.iter().map(|grant| grant.at);
        all.max().unwrap_or_default()
    }

    /// Records that a permit which was granted at `since` is picked up at `now`.
    pub(super) fn picked_up(&mut self, since: Instant, now: Instant) {
        let grants = self.0.iter_mut().rev();
        let mut near = grants.take_while(|grant| grant.to.after(SLACK) >= since);
        if let Some(grant) = near.find(|grant| grant.from <= since && since <= grant.to) {
            grant.to = grant.to.max(now);
        }
    }

    /// Returns the instant at which a call was due whose holder got its permit at `drawn_at`; of several that were
    /// granted at about that time, the earliest. `None`: it is not known any more, or nothing was drawn.
    pub(super) fn find(&self, drawn_at: Instant) -> Option<Ticks> {
        let near = self.0.iter().filter(|grant| {
            grant.from <= drawn_at.after(SLACK) && drawn_at.before(SLACK) <= grant.to
        });
        let at = near.map(|grant| grant.at).min()?;
        (at > Ticks::ZERO).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::EPOCH.after(Span::from_millis(1000 + millis))
    }

    #[test]
    fn the_earliest_of_the_calls_granted_at_that_time_is_found() {
        let mut log = GrantLog::new();
        log.note(at(0), Ticks::new(100));
        log.note(at(100), Ticks::new(200));
        log.note(at(105), Ticks::new(300));
        assert_eq!(log.find(at(2)), Some(Ticks::new(100)));
        assert_eq!(log.find(at(105)), Some(Ticks::new(200)));
        assert_eq!(log.find(at(112)), Some(Ticks::new(300)));
        assert_eq!(log.find(at(50)), None);
    }

    #[test]
    fn a_permit_that_is_picked_up_late_is_found_by_then() {
        let mut log = GrantLog::new();
        log.note(at(0), Ticks::new(100));
        log.picked_up(at(0), at(200));
        assert_eq!(log.find(at(200)), Some(Ticks::new(100)));
    }

    #[test]
    fn of_calls_that_were_not_drawn_nothing_is_known() {
        let mut log = GrantLog::new();
        log.note(at(0), Ticks::ZERO);
        log.note(at(5), Ticks::new(300));
        assert_eq!(log.find(at(5)), None);
    }

    #[test]
    fn a_log_is_bounded() {
        let mut log = GrantLog::new();
        for nth in 0..10_000 {
            log.note(at(nth * 20), Ticks::new(1 + nth));
        }
        assert_eq!(log.0.len(), REMEMBERED);
        assert_eq!(log.find(at(0)), None);
        assert_eq!(log.find(at(9_999 * 20)), Some(Ticks::new(10_000)));
    }
}
