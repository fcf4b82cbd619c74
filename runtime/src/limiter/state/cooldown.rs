//! The closed period of a limiter, and the probe that goes first after it.

/// Longest time for which other calls are held for a probe, in nanoseconds.
pub(super) const PROBING: u64 = 1_000_000_000;

/// The call that goes first after a cooldown, to see whether the server lets it through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::limiter) enum Probe {
    Off,
    /// The next call that reports is the probe. Other calls are held for its answer for at most this long.
    Armed {
        hold: u64,
    },
    /// The probe is in flight. Other calls are held until this instant.
    Out {
        sent: u64,
        until: u64,
    },
}

/// The last closed period of a limiter.
#[derive(Clone, Copy, Debug)]
pub(in crate::limiter) struct Cooldown {
    /// Beginning and end of the last cooldown.
    since: u64,
    until: u64,
    /// Time for which the limiter was closed before the last cooldown.
    before: u64,
    probe: Probe,
}

impl Cooldown {
    pub(in crate::limiter) const fn new() -> Self {
        Self {
            since: 0,
            until: 0,
            before: 0,
            probe: Probe::Off,
        }
    }

    /// Closes until `until`. Returns `false` if a shorter cooldown changes nothing.
    pub(super) const fn extend(&mut self, until: u64, now: u64) -> bool {
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
    pub(super) fn lift(&mut self, now: u64) {
        self.until = self.until.min(now.max(self.since));
        self.probe = Probe::Off;
    }

    pub(in crate::limiter) const fn until(&self) -> u64 {
        self.until
    }

    pub(in crate::limiter) const fn probe(&self) -> Probe {
        self.probe
    }

    /// Returns the instant before which no permit is granted.
    pub(in crate::limiter) fn held_until(&self) -> u64 {
        match self.probe {
            Probe::Out { until, .. } => until.max(self.until),
            Probe::Off | Probe::Armed { .. } => self.until,
        }
    }

    /// Returns the time for which the limiter has been closed in all.
    pub(in crate::limiter) fn closed_for(&self, now: u64) -> u64 {
        self.before + now.clamp(self.since, self.until) - self.since
    }

    /// Returns the time for which the limiter will have been closed once it opens, as far as is known.
    pub(super) const fn closed_in_all(&self) -> u64 {
        self.before + self.until - self.since
    }

    /// Returns the part of a wait since `since` for which the limiter was closed.
    pub(super) fn overlap(&self, since: u64, now: u64) -> u64 {
        let end = self.until.min(now);
        end.saturating_sub(since.max(self.since))
    }

    /// Makes the next call that reports the probe. `hold`: longest time in nanoseconds for which other calls
    /// are held for its answer.
    pub(super) const fn arm(&mut self, hold: u64) {
        self.probe = Probe::Armed { hold };
    }

    /// Records a permit, which is the probe's if one is due. A caller that does not report cannot be the
    /// probe.
    pub(in crate::limiter) fn granted(&mut self, reports: bool, now: u64) {
        if let (Probe::Armed { hold }, true) = (self.probe, reports) {
            self.probe = Probe::Out {
                sent: now,
                until: now.saturating_add(hold),
            };
        }
    }

    /// Records that the permit granted at `at` is not used. If it was the probe's, the next permit is.
    pub(in crate::limiter) fn unused(&mut self, at: u64) {
        match self.probe {
            Probe::Out { sent, until } if sent == at => self.arm(until - sent),
            _ => {}
        }
    }

    /// Ends the hold if the attempt sent at `sent` was the probe, or sent after it. Returns whether it did.
    pub(in crate::limiter) fn answered(&mut self, sent: u64) -> bool {
        let held = matches!(self.probe, Probe::Out { sent: probe, .. } if sent >= probe);
        if held {
            self.probe = Probe::Off;
        }
        held
    }

    /// Ends a hold whose time is over, and returns its end.
    pub(super) fn lapse(&mut self, now: u64) -> Option<u64> {
        match self.probe {
            Probe::Out { until, .. } if until <= now => {
                self.probe = Probe::Off;
                Some(until)
            }
            _ => None,
        }
    }
}
