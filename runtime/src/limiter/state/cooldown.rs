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
