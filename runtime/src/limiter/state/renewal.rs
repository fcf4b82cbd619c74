//! New windows: how much of what the bucket gained meanwhile can be used at once.

use core::mem;
use core::time::Duration;

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::hint::Hint;
use crate::learning::Observation;
use crate::limiter::fast_path::FastPath;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::cooldown::PROBING;
use super::cooldown::Probe;

/// Remaining time of a window above which two seconds do not matter.
const LONG: Duration = Duration::from_secs(60);

/// Returns the tokens to withhold because the reset may be told too late: by a second where it is told in
/// whole seconds, and by another one where it is told as an instant.
///
/// A client that uses up such a window at once waits in vain from its end to the instant that was told.
/// At the paced rate it lasts until then.
fn lasting(hint: &Hint, shape: Shape) -> f64 {
    let reset = hint.reset_after().unwrap_or_default();
    let rounded = reset == Duration::from_secs(1);
    let matters = reset <= LONG;
    if matters && (hint.reset_is_instant() || rounded) {
        reset.as_secs_f64() / Duration::from(shape.interval).as_secs_f64()
    } else {
        0.0
    }
}

impl LimiterState {
    /// Starts on a new window: empties the bucket and arms a probe, so that processes do not all send at its
    /// edge before one response shows what is in it.
    pub(super) fn outlived(&mut self, fast_path: &FastPath, now: Instant) {
        self.reshape(fast_path, now);
        self.empty(now);
        self.delayed = true;
        if self.cooldown.probe() == Probe::Off {
            self.cooldown.arm(self.probing());
        }
    }

    /// Returns the longest hold for the probe after the end of a window.
    pub(super) fn probing(&self) -> Span {
        PROBING.min(self.round_trip.times(2))
    }

    /// Restores tokens by the first response after a cooldown, or about a new window: what the bucket gained
    /// meanwhile can be used, up to what the response says is left.
    pub(super) fn renew(&mut self, heard: &Observation<'_>, renewed: bool, now: Instant) {
        let is_known = heard.hint.counts_requests() && self.remote.is_none();
        if self.refilled.is_none() {
            return;
        }
        let Some(mut left) = heard.hint.remaining().filter(|_| is_known) else {
            return;
        };
        if !self.cooldown.answered(heard.sent) && !renewed {
            return;
        }
        let Some(mut refilled) = self.refilled.take() else {
            return;
        };
        if mem::take(&mut self.exhausted) {
            left -= lasting(heard.hint, self.bucket.shape);
        }
        refilled.reshape_keeping(self.keeps_debt(), self.bucket.shape, now);
        let level = Bucket::holding(left, self.bucket.shape, now);
        let full_at = refilled.tat.max(level);
        if full_at < self.bucket.tat {
            self.bucket.tat = full_at;
            self.forget_peaks(now);
        }
    }
}
