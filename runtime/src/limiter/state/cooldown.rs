//! The closed period of a limiter, and the probe that goes first after it.

use crate::time::Instant;
use crate::time::Span;

/// Longest time for which other calls are held for a probe.
pub(super) const PROBING: Span = Span::from_secs(1);

/// The call that goes first after a cooldown, to see whether the server lets it through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::limiter) enum Probe {
    Off,
    /// The next call that reports is the probe. Other calls are held for its answer for at most this long.
    Armed {
        hold: Span,
    },
    /// The probe is in flight. Other calls are held until this instant.
    Out {
        sent: Instant,
        until: Instant,
    },
}

/// The last closed period of a limiter.
#[derive(Clone, Copy, Debug)]
pub(in crate::limiter) struct Cooldown {
    /// Beginning and end of the last cooldown; both are the epoch before the first one.
    since: Instant,
    until: Instant,
    /// Time for which the limiter was closed before the last cooldown.
    before: Span,
    probe: Probe,
}

impl Cooldown {
    pub(in crate::limiter) const fn new() -> Self {
        Self {
            since: Instant::EPOCH,
            until: Instant::EPOCH,
            before: Span::ZERO,
            probe: Probe::Off,
        }
    }

    /// Closes until `until`. Returns `false` if a shorter cooldown changes nothing.
    pub(super) fn extend(&mut self, until: Instant, now: Instant) -> bool {
        if until <= now || until <= self.until {
            return false;
        }
        if self.until <= now {
            self.before += self.until - self.since;
            self.since = now;
        }
        self.until = until;
        true
    }

    /// Ends the cooldown now, and the hold for a probe.
    pub(super) fn lift(&mut self, now: Instant) {
        self.until = self.until.min(now.max(self.since));
        self.probe = Probe::Off;
    }

    /// Returns its end: an instant in the past if the limiter is open.
    pub(in crate::limiter) const fn until(&self) -> Instant {
        self.until
    }

    /// Returns the end of the last cooldown, if there was one.
    pub(super) fn last_end(&self) -> Option<Instant> {
        (self.until > Instant::EPOCH).then_some(self.until)
    }

    pub(in crate::limiter) const fn probe(&self) -> Probe {
        self.probe
    }

    /// Returns the instant before which no permit is granted.
    pub(in crate::limiter) fn held_until(&self) -> Instant {
        match self.probe {
            Probe::Out { until, .. } => until.max(self.until),
            Probe::Off | Probe::Armed { .. } => self.until,
        }
    }

    /// Returns the time for which the limiter has been closed in all.
    pub(in crate::limiter) fn closed_for(&self, now: Instant) -> Span {
        self.before + (now.clamp(self.since, self.until) - self.since)
    }

    /// Returns the time for which the limiter will have been closed once it opens, as far as is known.
    pub(super) fn closed_in_all(&self) -> Span {
        self.before + (self.until - self.since)
    }

    /// Returns the part of a wait since `since` for which the limiter was closed.
    pub(super) fn overlap(&self, since: Instant, now: Instant) -> Span {
        let end = self.until.min(now);
        end.since(since.max(self.since))
    }

    /// Makes the next call that reports the probe. `hold`: longest time for which other calls are held
    /// for its answer.
    pub(super) const fn arm(&mut self, hold: Span) {
        self.probe = Probe::Armed { hold };
    }

    /// Records a permit, which is the probe's if one is due. A caller that does not report cannot be the
    /// probe.
    pub(in crate::limiter) fn granted(&mut self, reports: bool, now: Instant) {
        if let (Probe::Armed { hold }, true) = (self.probe, reports) {
            self.probe = Probe::Out {
                sent: now,
                until: now.after(hold),
            };
        }
    }

    /// Records that the permit granted at `at` is not used. If it was the probe's, the next permit is.
    pub(in crate::limiter) fn unused(&mut self, at: Instant) {
        match self.probe {
            Probe::Out { sent, until } if sent == at => self.arm(until - sent),
            _ => {}
        }
    }

    /// Ends the hold if the attempt sent at `sent` was the probe, or sent after it. Returns whether it did.
    pub(in crate::limiter) fn answered(&mut self, sent: Instant) -> bool {
        let held = matches!(self.probe, Probe::Out { sent: probe, .. } if sent >= probe);
        if held {
            self.probe = Probe::Off;
        }
        held
    }

    /// Ends a hold whose time is over, and returns its end.
    pub(super) fn lapse(&mut self, now: Instant) -> Option<Instant> {
        match self.probe {
            Probe::Out { until, .. } if until <= now => {
                self.probe = Probe::Off;
                Some(until)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the instant this many seconds after the start.
    const fn at(seconds: u64) -> Instant {
        Instant::from_nanos(3_600_000_000_000).after(Span::from_secs(seconds))
    }

    fn closed(until: Instant) -> Cooldown {
        let mut cooldown = Cooldown::new();
        assert!(cooldown.extend(until, at(0)));
        cooldown
    }

    /// Returns a cooldown that ended at `at(10)`, with the probe in flight since then.
    fn probing() -> Cooldown {
        let mut cooldown = closed(at(10));
        cooldown.arm(PROBING);
        cooldown.granted(true, at(10));
        cooldown
    }

    #[test]
    fn a_new_cooldown_is_over() {
        let cooldown = Cooldown::new();
        assert!(cooldown.held_until() < at(0));
        assert_eq!(
            (cooldown.last_end(), cooldown.closed_for(at(0))),
            (None, Span::ZERO)
        );
    }

    #[test]
    fn a_longer_cooldown_extends_and_a_shorter_one_changes_nothing() {
        let mut cooldown = closed(at(10));
        assert!(!cooldown.extend(at(9), at(1)));
        assert_eq!(cooldown.until(), at(10));
        assert!(cooldown.extend(at(11), at(1)));
        assert_eq!(cooldown.until(), at(11));
    }

    #[test]
    fn a_past_cooldown_is_ignored() {
        let mut cooldown = Cooldown::new();
        assert!(!cooldown.extend(at(5), at(5)));
        assert_eq!(cooldown.last_end(), None);
    }

    #[test]
    fn closed_time_is_the_sum_of_all_cooldowns_without_the_time_between() {
        let mut cooldown = closed(at(10));
        assert_eq!(cooldown.closed_for(at(4)), Span::from_secs(4));
        assert!(cooldown.extend(at(25), at(20)));
        assert_eq!(cooldown.closed_for(at(22)), Span::from_secs(12));
        assert_eq!(cooldown.closed_in_all(), Span::from_secs(15));
    }

    #[test]
    fn a_wait_overlaps_with_the_last_cooldown_alone() {
        let cooldown = closed(at(10));
        assert_eq!(cooldown.overlap(at(4), at(30)), Span::from_secs(6));
        assert_eq!(cooldown.overlap(at(4), at(7)), Span::from_secs(3));
        assert_eq!(cooldown.overlap(at(10), at(30)), Span::ZERO);
    }

    #[test]
    fn a_lifted_cooldown_is_over_at_once_and_holds_nobody() {
        let mut cooldown = closed(at(10));
        cooldown.arm(PROBING);
        cooldown.lift(at(4));
        assert_eq!((cooldown.until(), cooldown.probe()), (at(4), Probe::Off));
        assert_eq!(cooldown.closed_in_all(), Span::from_secs(4));
    }

    #[test]
    fn a_probe_is_the_first_call_that_reports_and_holds_the_others() {
        let mut cooldown = closed(at(10));
        cooldown.arm(PROBING);
        cooldown.granted(false, at(10));
        assert_eq!(cooldown.held_until(), at(10));
        cooldown.granted(true, at(12));
        assert_eq!(cooldown.held_until(), at(13));
    }

    #[test]
    fn an_answer_to_the_probe_ends_the_hold_and_one_to_an_earlier_call_does_not() {
        let mut cooldown = probing();
        assert!(!cooldown.answered(at(9)));
        assert_eq!(cooldown.held_until(), at(11));
        assert!(cooldown.answered(at(10)));
        assert_eq!(cooldown.held_until(), at(10));
    }

    #[test]
    fn a_permit_that_the_probe_did_not_use_makes_the_next_call_the_probe() {
        let mut cooldown = probing();
        cooldown.unused(at(9));
        assert!(matches!(cooldown.probe(), Probe::Out { .. }));
        cooldown.unused(at(10));
        assert_eq!(cooldown.probe(), Probe::Armed { hold: PROBING });
    }

    #[test]
    fn a_hold_lapses_at_its_end() {
        let mut cooldown = probing();
        assert_eq!(cooldown.lapse(at(10)), None);
        assert_eq!(cooldown.lapse(at(12)), Some(at(11)));
        assert_eq!(cooldown.lapse(at(12)), None);
    }
}
