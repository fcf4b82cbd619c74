//! One window of a server's limits, followed from response to response: when it ends, or how fast it refills.
//!
//! A reset has two meanings. Most servers send the end of a window, at which the whole limit is available again
//! ([`ResetMeaning::Renews`]). Some send the time until a bucket is full again, which refills token by token
//! ([`ResetMeaning::Refills`]).
//! A single response fits both. Over several responses they differ: the end of a window is a fixed instant, and the
//! time until a bucket is full is proportional to the tokens used.
//!
//! So each response is turned into two intervals: one for the end of the window, one for the time in which a token
//! comes back. Each interval is intersected with that of the responses before. The meaning whose intersection becomes
//! empty first is ruled out. The method is interval (set-membership) estimation with bounded errors, where the errors
//! are the rounding of the reset and the time between sending a request and receiving its response.

use crate::time::Instant;
use crate::time::Span;

/// Statement of a response about one window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement {
    pub(super) limit: f64,
    pub(super) remaining: f64,
    /// Time to the reset.
    pub(super) reset: Span,
    /// Instant at which the call was sent.
    pub(super) sent: Instant,
    /// Instant at which its response was received. The server wrote the response between the two.
    pub(super) received: Instant,
}

/// Meaning of a window's reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResetMeaning {
    /// The responses so far fit both meanings.
    Unknown,
    /// The whole limit is available again at the reset.
    Renews,
    /// Tokens come back one by one until the reset.
    Refills,
}

/// One window of a server's limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TrackedWindow {
    limit: f64,
    remaining: f64,
    kind: ResetMeaning,
    /// Whether one of the two meanings is ruled out. Otherwise the kind is a guess from the first response after a
    /// reset.
    proven: bool,
    /// Instant at which the newest call about this window was sent.
    sent: Instant,
    /// Instant at which its response was received.
    received: Instant,
    /// Time to the reset in that response.
    reset: Span,
    /// Earliest and latest instant of the window's end.
    ends: (Instant, Instant),
    /// Least and most nanoseconds in which one token comes back.
    refill: (f64, f64),
}

const SECOND: Span = Span::from_secs(1);

/// Interval of an unknown rate of refilling.
const ANY: (f64, f64) = (0.0, f64::INFINITY);

impl TrackedWindow {
    pub(super) fn new(told: &Statement) -> Self {
        Self {
            limit: told.limit,
            remaining: told.remaining,
            kind: ResetMeaning::Unknown,
            proven: false,
            sent: told.sent,
            received: told.received,
            reset: told.reset,
            ends: told.ends(),
            refill: told.refill().unwrap_or(ANY),
        }
    }

    pub(super) const fn kind(&self) -> ResetMeaning {
        self.kind
    }

    pub(super) const fn remaining(&self) -> f64 {
        self.remaining
    }

    /// Returns the latest instant at which the window can end.
    pub(super) const fn ends(&self) -> Instant {
        self.ends.1
    }

    /// Returns the instant at which the newest call about this window was sent.
    pub(super) const fn sent(&self) -> Instant {
        self.sent
    }

    /// Returns whether the window has this limit. A different limit means a different window.
    pub(super) fn is_of(&self, limit: f64) -> bool {
        (self.limit - limit).abs() < 0.5
    }

    /// Returns the estimated nanoseconds in which one token comes back: the newest response's reset divided by the
    /// tokens used, within the bounds of all responses.
    pub(super) fn interval(&self) -> f64 {
        let used = (self.limit - self.remaining).max(1.0);
        let (least, most) = self.refill;
        (self.reset.to_f64() / used)
            .clamp(least, most.max(least))
            .max(1.0)
    }

    /// Records a response. Returns `false` if the response is about a window that has ended before this one began, and
    /// is ignored.
    pub(super) fn hear(&mut self, told: &Statement) -> bool {
        if self.ends.1 <= told.sent {
            self.begin(told);
            return true;
        }
        // While a window lasts, its rest never grows. A larger rest rules out the end of a window, unless the call was
        // sent before the last response arrived: then the server may have answered the two in the other order.
        let grows = told.sent > self.received && told.remaining > self.remaining;
        let ends = meet(self.ends, told.ends()).filter(|_| !grows);
        let refill = told.refill().and_then(|refill| meet(self.refill, refill));
        let older = told.sent < self.sent;
        match (ends, refill) {
            // A late response about the window before.
            (None, _) if older && told.ends().1 < self.ends.0 => return false,
            // Only a rate of refilling fits all responses. The upper bounds have to be finite: with a single token
            // used, the rounding of the counts admits any rate.
            (None, Some(refill)) if self.refill.1.is_finite() && refill.1.is_finite() => {
                (self.kind, self.proven) = (ResetMeaning::Refills, true);
                (self.ends, self.refill) = (told.ends(), refill);
            }
            // Neither meaning fits: the window has begun anew, or the server has changed its limit.
            (None, _) => self.restart(told),
            // Only an end of the window fits all responses.
            (Some(ends), None) => {
                (self.kind, self.proven) = (ResetMeaning::Renews, true);
                (self.ends, self.refill) = (ends, ANY);
            }
            // Both still fit, in narrower bounds.
            (Some(ends), Some(refill)) => (self.ends, self.refill) = (ends, refill),
        }
        // Responses may arrive in another order than the server wrote them. Within one window the lowest rest is the
        // newest; in a bucket, which also gains tokens, that of the newest call counts.
        let same_window = ends.is_some() && self.kind != ResetMeaning::Refills;
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

    /// Returns whether one of the two meanings is ruled out.
    pub(super) const fn is_proven(&self) -> bool {
        self.proven
    }

    /// Begins the next window with the first response to a call that was sent after the end of the last one.
    fn begin(&mut self, told: &Statement) {
        if self.kind != ResetMeaning::Refills || !self.proven {
            self.proven = false;
            // After the reset of a window almost the whole limit is left. If less than half is left, the reset was
            // more likely that of a bucket.
            self.kind = if told.remaining < told.limit / 2.0 {
                ResetMeaning::Refills
            } else {
                ResetMeaning::Renews
            };
        }
        self.restart(told);
    }

    /// Starts over with this response, and keeps the kind.
    fn restart(&mut self, told: &Statement) {
        *self = Self {
            kind: self.kind,
            proven: self.proven,
            ..Self::new(told)
        };
    }
}

impl Statement {
    /// Returns the earliest and the latest instant of the window's end, if it has one. The server wrote the reset
    /// between sending and receiving, and rounded it up by at most [`rounding`](Self::rounding).
    fn ends(&self) -> (Instant, Instant) {
        let earliest = self.sent.after(self.reset);
        let latest = self.received.after(self.reset);
        (earliest.before(self.rounding()), latest)
    }

    /// Returns the least and the most nanoseconds in which one token comes back, if it is a bucket. `None` if it cannot
    /// be one: it is full, and its reset is not now.
    fn refill(&self) -> Option<(f64, f64)> {
        let used = self.limit - self.remaining;
        let rounding = self.rounding();
        if used < 1.0 {
            return (self.reset <= rounding).then_some(ANY);
        }
        let least = self.reset.minus(rounding).to_f64() / used;
        // The server rounds the remaining tokens down, so up to one token less may have been used.
        let most = self.reset.to_f64() / (used - 1.0);
        Some((least, most))
    }

    /// Returns the time by which the reset may have been rounded up: one unit of its last decimal.
    fn rounding(&self) -> Span {
        let units = [SECOND, SECOND / 10, SECOND / 100];
        let told = units.into_iter().find(|&unit| self.reset.is_whole(unit));
        told.unwrap_or(SECOND / 1000)
    }
}

/// Returns the intersection of two intervals. `None` if it is empty.
fn meet<T: PartialOrd + Copy>(one: (T, T), other: (T, T)) -> Option<(T, T)> {
    let least = if one.0 > other.0 { one.0 } else { other.0 };
    let most = if one.1 < other.1 { one.1 } else { other.1 };
    (least <= most).then_some((least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(after: Span, used: f64, reset: Span) -> Statement {
        let at = Instant::EPOCH + after;
        Statement {
            limit: 60.0,
            remaining: 60.0 - used,
            reset,
            sent: at,
            received: at + SECOND / 100,
        }
    }

    fn followed(all: &[Statement]) -> TrackedWindow {
        let mut window = TrackedWindow::new(&all[0]);
        for told in &all[1..] {
            window.hear(told);
        }
        window
    }

    #[test]
    fn one_answer_fits_either_meaning() {
        assert_eq!(
            followed(&[told(Span::ZERO, 5.0, Span::from_secs(3))]).kind(),
            ResetMeaning::Unknown
        );
    }

    #[test]
    fn an_end_that_stays_is_a_windows() {
        let window = followed(&[
            told(Span::ZERO, 1.0, Span::from_nanos(2_000_000_100)),
            told(SECOND, 30.0, Span::from_nanos(1_000_000_100)),
        ]);
        assert_eq!(window.kind(), ResetMeaning::Renews);
        assert!((2_000_000_100..2_020_000_000).contains(&window.ends().nanos()));
    }

    #[test]
    fn a_time_in_proportion_to_what_is_used_is_a_buckets() {
        let half = |used: u32| told(Span::ZERO, f64::from(used), SECOND.times(used.into()) / 2);
        let window = followed(&[half(1), half(3), half(40)]);
        assert_eq!(window.kind(), ResetMeaning::Refills);
        assert!((window.interval() / 5e8 - 1.0).abs() < 0.03, "{window:?}");
    }

    #[test]
    fn whole_seconds_make_the_end_no_later_than_it_was_told_before() {
        let window = followed(&[
            told(Span::ZERO, 1.0, Span::from_secs(3)),
            told(SECOND / 2, 2.0, Span::from_secs(3)),
            told(SECOND + SECOND / 2, 3.0, Span::from_secs(2)),
        ]);
        assert_eq!(
            window.ends(),
            Instant::EPOCH + Span::from_secs(3) + SECOND / 100
        );
    }

    #[test]
    fn of_two_answers_about_one_window_the_smaller_count_is_kept() {
        let mut window = TrackedWindow::new(&told(Span::from_nanos(10), 50.0, Span::from_secs(2)));
        window.hear(&told(Span::from_nanos(5), 40.0, Span::from_secs(2)));
        assert!((window.remaining() - 10.0).abs() < 1e-9);
        window.hear(&told(Span::from_nanos(20), 45.0, Span::from_secs(2)));
        assert!((window.remaining() - 10.0).abs() < 1e-9);
    }

    #[test]
    fn an_answer_about_the_window_before_changes_nothing() {
        let mut window = TrackedWindow::new(&told(Span::ZERO, 60.0, SECOND));
        assert!(window.hear(&told(SECOND + SECOND / 50, 1.0, Span::from_secs(5))));
        let before = window;
        assert!(!window.hear(&told(SECOND / 2, 60.0, SECOND)));
        assert_eq!(window, before);
    }
}
