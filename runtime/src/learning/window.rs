//! One window of a server's limits, followed from answer to answer: when it ends, or how fast it refills.
//!
//! A told reset has two meanings. Most servers tell when a window ends, and all that was used is there
//! again. Some tell when a bucket is full again, and what was used comes back bit by bit. An answer
//! alone fits both: the end of a window stays where it is while calls are made, the time to full is in
//! proportion to what is used. So bounds for either are kept, and the reading whose bounds no longer
//! meet is given up.

/// What a response said of one window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) limit: f64,
    pub(super) remaining: f64,
    /// Nanoseconds to the reset.
    pub(super) reset: u64,
    /// When the call was sent, and when its response was received.
    pub(super) sent: u64,
    pub(super) received: u64,
}

/// What a window's reset means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Answers fit either.
    Unknown,
    /// All that was used is there again at the reset.
    Renews,
    /// What was used comes back bit by bit.
    Refills,
}

/// One window of a server's limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TrackedWindow {
    limit: f64,
    remaining: f64,
    kind: Kind,
    /// The kind follows from what was told, and not only from how little there was at a reset.
    proven: bool,
    /// When the newest call was sent that told of it, and when its response was received.
    sent: u64,
    received: u64,
    /// The newest reset, in nanoseconds from the response on.
    reset: u64,
    /// Earliest and latest instant of the window's end.
    ends: (u64, u64),
    /// Least and most nanoseconds in which one token comes back.
    refill: (f64, f64),
}

const SECOND: u64 = 1_000_000_000;

/// Any rate of refilling.
const ANY: (f64, f64) = (0.0, f64::INFINITY);

impl TrackedWindow {
    pub(super) fn new(told: &Told) -> Self {
        Self {
            limit: told.limit,
            remaining: told.remaining,
            kind: Kind::Unknown,
            proven: false,
            sent: told.sent,
            received: told.received,
            reset: told.reset,
            ends: told.ends(),
            refill: told.refill().unwrap_or(ANY),
        }
    }

    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) const fn remaining(&self) -> f64 {
        self.remaining
    }

    /// The latest instant at which the window ends.
    pub(super) const fn ends(&self) -> u64 {
        self.ends.1
    }

    /// When the newest call was sent that told of it.
    pub(super) const fn sent(&self) -> u64 {
        self.sent
    }

    /// Whether it may be the one that a response told of.
    pub(super) fn is_of(&self, limit: f64) -> bool {
        (self.limit - limit).abs() < 0.5
    }

    /// Nanoseconds in which one token comes back.
    pub(super) fn interval(&self) -> f64 {
        let used = (self.limit - self.remaining).max(1.0);
        let (least, most) = self.refill;
        (nanos(self.reset) / used)
            .clamp(least, most.max(least))
            .max(1.0)
    }

    /// Takes note of what a response told. `false` if it is older than what is known.
    pub(super) fn hear(&mut self, told: &Told) -> bool {
        if self.ends.1 <= told.sent {
            self.begin(told);
            return true;
        }
        // What is left of a window never grows.
        let grows = told.sent > self.received && told.remaining > self.remaining;
        let ends = meet(self.ends, told.ends()).filter(|_| !grows);
        let refill = told.refill().and_then(|refill| meet(self.refill, refill));
        let older = told.sent < self.sent;
        match (ends, refill) {
            (None, _) if older && told.ends().1 < self.ends.0 => return false,
            // A single token that was used fits too many rates.
            (None, Some(refill)) if self.refill.1.is_finite() && refill.1.is_finite() => {
                (self.kind, self.proven) = (Kind::Refills, true);
                (self.ends, self.refill) = (told.ends(), refill);
            }
            (None, _) => self.restart(told),
            (Some(ends), None) => {
                (self.kind, self.proven) = (Kind::Renews, true);
                (self.ends, self.refill) = (ends, ANY);
            }
            (Some(ends), Some(refill)) => (self.ends, self.refill) = (ends, refill),
        }
        let same_window = ends.is_some() && self.kind != Kind::Refills;
        if older || same_window {
            self.remaining = self.remaining.min(told.remaining);
        } else {
            self.remaining = told.remaining;
        }
        if !older {
            (self.sent, self.received, self.reset) = (told.sent, told.received, told.reset);
        }
        true
    }

    /// Whether the kind follows from what was told.
    pub(super) const fn is_proven(&self) -> bool {
        self.proven
    }

    /// The window has ended, and this is the first answer since.
    fn begin(&mut self, told: &Told) {
        if self.kind != Kind::Refills || !self.proven {
            self.proven = false;
            // A server that gives back bit by bit has little more at a reset than before.
            self.kind = if told.remaining < told.limit / 2.0 {
                Kind::Refills
            } else {
                Kind::Renews
            };
        }
        self.restart(told);
    }

    fn restart(&mut self, told: &Told) {
        *self = Self {
            kind: self.kind,
            proven: self.proven,
            ..Self::new(told)
        };
    }
}

impl Told {
    /// Earliest and latest instant of the window's end, if it is a window.
    fn ends(&self) -> (u64, u64) {
        let earliest = self.sent.saturating_add(self.reset);
        let latest = self.received.saturating_add(self.reset);
        (earliest.saturating_sub(self.rounding()), latest)
    }

    /// Least and most nanoseconds in which one token comes back, if it is a bucket. `None`: it is none.
    fn refill(&self) -> Option<(f64, f64)> {
        let used = self.limit - self.remaining;
        let rounding = self.rounding();
        if used < 1.0 {
            return (self.reset <= rounding).then_some(ANY);
        }
        let least = nanos(self.reset.saturating_sub(rounding)) / used;
        // The count of what is left is rounded down.
        let most = nanos(self.reset) / (used - 1.0);
        Some((least, most))
    }

    /// By how much the reset may be late: by a whole unit of the decimal that it is told in.
    fn rounding(&self) -> u64 {
        let units = [SECOND, SECOND / 10, SECOND / 100];
        let told = units.into_iter().find(|unit| self.reset % unit == 0);
        told.unwrap_or(SECOND / 1000)
    }
}

/// What two ranges have in common.
fn meet<T: PartialOrd + Copy>(one: (T, T), other: (T, T)) -> Option<(T, T)> {
    let least = if one.0 > other.0 { one.0 } else { other.0 };
    let most = if one.1 < other.1 { one.1 } else { other.1 };
    (least <= most).then_some((least, most))
}

#[expect(clippy::cast_precision_loss, reason = "resets are far below 2^52 ns")]
const fn nanos(nanos: u64) -> f64 {
    nanos as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(at: u64, used: f64, reset: u64) -> Told {
        Told {
            limit: 60.0,
            remaining: 60.0 - used,
            reset,
            sent: at,
            received: at + SECOND / 100,
        }
    }

    fn followed(all: &[Told]) -> TrackedWindow {
        let mut window = TrackedWindow::new(&all[0]);
        for told in &all[1..] {
            window.hear(told);
        }
        window
    }

    #[test]
    fn one_answer_fits_either_meaning() {
        assert_eq!(followed(&[told(0, 5.0, 3 * SECOND)]).kind(), Kind::Unknown);
    }

    #[test]
    fn an_end_that_stays_is_a_windows() {
        let window = followed(&[
            told(0, 1.0, 2_000_000_100),
            told(SECOND, 30.0, 1_000_000_100),
        ]);
        assert_eq!(window.kind(), Kind::Renews);
        assert!((2_000_000_100..2_020_000_000).contains(&window.ends()));
    }

    #[test]
    fn a_time_in_proportion_to_what_is_used_is_a_buckets() {
        let half = |used: u32| told(0, f64::from(used), u64::from(used) * SECOND / 2);
        let window = followed(&[half(1), half(3), half(40)]);
        assert_eq!(window.kind(), Kind::Refills);
        assert!((window.interval() / 5e8 - 1.0).abs() < 0.03, "{window:?}");
    }

    #[test]
    fn whole_seconds_make_the_end_no_later_than_it_was_told_before() {
        let window = followed(&[
            told(0, 1.0, 3 * SECOND),
            told(SECOND / 2, 2.0, 3 * SECOND),
            told(SECOND * 3 / 2, 3.0, 2 * SECOND),
        ]);
        assert_eq!(window.ends(), 3 * SECOND + SECOND / 100);
    }

    #[test]
    fn of_two_answers_about_one_window_the_smaller_count_is_kept() {
        let mut window = TrackedWindow::new(&told(10, 50.0, 2 * SECOND));
        window.hear(&told(5, 40.0, 2 * SECOND));
        assert!((window.remaining() - 10.0).abs() < 1e-9);
        window.hear(&told(20, 45.0, 2 * SECOND));
        assert!((window.remaining() - 10.0).abs() < 1e-9);
    }

    #[test]
    fn an_answer_about_the_window_before_changes_nothing() {
        let mut window = TrackedWindow::new(&told(0, 60.0, SECOND));
        assert!(window.hear(&told(SECOND + SECOND / 50, 1.0, 5 * SECOND)));
        let before = window;
        assert!(!window.hear(&told(SECOND / 2, 60.0, SECOND)));
        assert_eq!(window, before);
    }
}
