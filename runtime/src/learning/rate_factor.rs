//! The part of the declared rate that a server turns out to let through: cut at a refusal to what
//! got through before it, and grown afterwards.
//!
//! Cutting and growing are those of congestion control: additive increase and multiplicative
//! decrease (Chiu and Jain, 1989), with an increase that is flat near a rate that was measured and
//! steep far from it (CUBIC, RFC 9438, section 4.1).

use core::time::Duration;

use crate::bucket::Shape;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RateFactor {
    value: f64,
    /// What it was cut to, and from when it has grown.
    floor: f64,
    since: u64,
    /// Up to this it grows evenly: nothing says that it is too much.
    plateau: f64,
    /// What it was before the refusals that no call got through after.
    before: f64,
    /// When the last refusal came. What was sent before and refused later tells nothing new.
    refused: u64,
    /// When the first of the refusals came that no call got through after.
    stopped: u64,
    /// Since when calls are counted that pass. 0: they are not.
    begun: u64,
    /// How many have.
    passed: u32,
    /// How many passed between the last two refusals before these, and the share then; 0 if not known.
    held: u32,
    held_at: f64,
    /// Nanoseconds from one reopening to the next, when the share was last cut to what passed in them; 0 if
    /// it was not.
    cycle: u64,
    /// The share held for long without a refusal.
    trusted: bool,
    /// Calls go on at this after a refusal. 0: there was none, or it is forgotten.
    resumes: u64,
    /// Refusals since the last call that was let through.
    strikes: u32,
    /// Seconds in which all that was cut is back.
    recovery: f64,
}

/// The share is never cut to less than this at once: one bad moment is no measurement.
const DEEPEST_CUT: f64 = 0.3;

/// The same where the server was asked again and still refused: it refuses for a time, which is
/// how a window behaves, and a window is measured well by what it held.
const DEEPEST_CUT_BY_A_WINDOW: f64 = 0.1;

/// The same where what the server held in store is not known apart from its rate.
const DEEPEST_CUT_BY_A_BUCKET: f64 = 0.5;

/// A refusal without a hint cuts the share to at most this.
const SHALLOWEST_CUT: f64 = 0.9;

/// The first refusal without a hint, when nothing has been measured yet, cuts it to this, or to the
/// part that passed so far if that is more: where almost all did, it may be an accident.
const BLIND_CUT: f64 = 0.7;

/// The server's rate is not far from what was declared where so much of it passed, the burst included.
const ALMOST_ALL: f64 = 0.8;

/// A rate is considerably lower than another from here on.
const SLOWER: f64 = 0.95;

/// No share is less than this, so that no limiter stops for good.
const LEAST_SHARE: f64 = 0.001;

/// All that was cut is back after so many seconds.
const RECOVERY: f64 = 100.0;

/// The same where it was cut for a refusal that says little of the rate.
const SOON: f64 = 20.0;

/// A refusal measures nothing if less than this part of the calls passed before it that passed the time before.
const FEWER: u32 = 4;

/// How long a share of 1 has to hold for the refusal before it to be forgotten, in nanoseconds.
const FORGETTING: u64 = 60_000_000_000;

/// Calls that pass without a refusal are counted up to this: counting costs something.
const COUNTED: u32 = 1000;

impl RateFactor {
    pub(super) const WHOLE: Self = Self {
        value: 1.0,
        floor: 1.0,
        since: 0,
        plateau: 1.0,
        before: 1.0,
        refused: 0,
        stopped: 0,
        begun: 0,
        passed: 0,
        held: 0,
        held_at: 1.0,
        cycle: 0,
        trusted: false,
        resumes: 0,
        strikes: 0,
        recovery: RECOVERY,
    };

    pub(super) const fn value(&self) -> f64 {
        self.value
    }

    pub(super) const fn strikes(&self) -> u32 {
        self.strikes
    }

    /// Nanoseconds since the first of the refusals that no call got through after.
    pub(super) const fn stopped_for(&self, now: u64) -> u64 {
        if self.strikes == 0 {
            0
        } else {
            now.saturating_sub(self.stopped)
        }
    }

    /// It is whole, and nothing is counted.
    pub(super) fn is_settled(&self) -> bool {
        self.value >= 1.0 && self.strikes == 0 && self.begun == 0
    }

    /// No refusal is remembered that speaks against what was declared.
    pub(super) const fn is_unrefuted(&self) -> bool {
        self.resumes == 0 && self.strikes == 0
    }

    pub(super) fn begin(&mut self, sent: u64) {
        if self.resumes == 0 && self.strikes == 0 {
            self.begun = sent;
            self.passed = 0;
        }
    }

    pub(super) fn refused(&mut self, sent: u64, now: u64) -> bool {
        let news = sent > self.refused || self.refused == 0;
        if news {
            if self.strikes == 0 {
                self.before = self.value;
                self.stopped = now;
            }
            self.strikes = self.strikes.saturating_add(1);
            self.refused = now;
        }
        news
    }

    pub(super) fn cut(&mut self, resumes: u64, told: bool, declared: Shape) {
        let (cut, mut plateau, cycle) = self.judge(resumes, told, declared);
        self.recovery = RECOVERY;
        if told && self.is_no_measurement() {
            self.recovery = SOON;
            plateau = plateau.max(self.before * SHALLOWEST_CUT);
        }
        self.cycle = cycle;
        self.value = cut.clamp(LEAST_SHARE, 1.0);
        self.floor = self.value;
        self.plateau = plateau.clamp(self.value, 1.0);
        self.since = resumes;
        self.resumes = resumes;
    }

    /// Returns what the share is cut to, up to what it then grows evenly, and the length of the window that
    /// was measured, if it is one.
    fn judge(&self, resumes: u64, told: bool, declared: Shape) -> (f64, f64, u64) {
        let first = self.resumes == 0 || (self.strikes > 1 && self.floor >= 1.0);
        let almost = self.let_through(declared) >= ALMOST_ALL;
        let outlived = self.cycle > 0 && self.stopped.saturating_sub(self.begun) > self.cycle;
        let cycle = resumes.saturating_sub(self.begun);
        match self.measured(resumes, declared) {
            // No window: one that holds as much would have begun anew. Refusals come by chance.
            Some(_) if outlived && self.is_as_much() => (self.before, 1.0, 0),
            // What was declared did not pass even at first, or has passed for long: it may be an accident.
            _ if told && first && !(self.begun > 0 && almost) => (self.before, 1.0, 0),
            Some(_) if (told || self.strikes > 1) && almost && !self.holds_as_much() => {
                let cut = self.before * SHALLOWEST_CUT * one_less(self.passed);
                // What passed for long says that something else came up.
                let plateau = if self.passed > COUNTED {
                    self.before
                } else {
                    cut
                };
                (cut, plateau, 0)
            }
            Some(low) if told => (
                low.clamp(self.before * DEEPEST_CUT, self.before),
                low,
                cycle,
            ),
            Some(low) if self.strikes > 1 => {
                let deepest = self.before * DEEPEST_CUT_BY_A_WINDOW;
                // Of calls that are spread evenly, one more than their number may fall into it.
                let low = low * one_less(self.passed);
                let cut = low.clamp(deepest, self.before * SHALLOWEST_CUT);
                (cut, cut, cycle)
            }
            Some(low) if !first => self.judge_bucket(low, declared),
            _ => {
                let through = self.let_through(declared);
                let cut = through.clamp(BLIND_CUT, SHALLOWEST_CUT);
                (self.before * cut, self.before, 0)
            }
        }
    }

    /// From one reopening to the next the server filled its store, up to the refusal it emptied it: its rate
    /// is between the two.
    fn judge_bucket(&self, low: f64, declared: Shape) -> (f64, f64, u64) {
        let high = self.measured(self.stopped, declared);
        let high = high.map_or(self.before, |high| high.min(self.before));
        let deepest = self.before * DEEPEST_CUT_BY_A_BUCKET;
        let cut = (low * high).sqrt();
        let cut = cut.clamp(deepest, self.before * SHALLOWEST_CUT);
        (cut, high.max(cut), 0)
    }

    /// Whether as many passed as the time before, although they were sent at a lower rate: that is how a
    /// window behaves. A server that only adds a pause to its refusals lets more pass at a lower rate.
    fn holds_as_much(&self) -> bool {
        self.before < self.held_at * SLOWER && self.is_as_much()
    }

    /// Whether far fewer passed than the time before: that may be an accident, and says little of the rate.
    const fn is_no_measurement(&self) -> bool {
        self.begun > 0 && self.passed < self.held / FEWER
    }

    /// Whether as many passed as the time before.
    const fn is_as_much(&self) -> bool {
        let most = if self.held < 8 { 1 } else { self.held / 8 };
        self.held > 0 && self.passed.abs_diff(self.held) <= most
    }

    /// The share that would have let through what passed, from the beginning until `until`.
    #[expect(clippy::cast_precision_loss, reason = "both are far below 2^52")]
    fn measured(&self, until: u64, declared: Shape) -> Option<f64> {
        let span = until.saturating_sub(self.begun).max(1) as f64;
        (self.begun > 0 && self.passed > 0)
            .then(|| f64::from(self.passed) * declared.interval as f64 / span)
    }

    /// The part of what was declared that passed until the refusal, the burst included.
    #[expect(clippy::cast_precision_loss, reason = "both are far below 2^52")]
    fn let_through(&self, declared: Shape) -> f64 {
        if self.begun == 0 {
            return if self.trusted { 1.0 } else { 0.0 };
        }
        let span = self.stopped.saturating_sub(self.begun) + declared.capacity;
        f64::from(self.passed) * declared.interval as f64 / span as f64
    }

    pub(super) fn passed(&mut self, sent: u64, now: u64) {
        if self.strikes > 0 && sent >= self.resumes {
            (self.held, self.held_at) = (self.passed, self.before);
            self.trusted = false;
            self.begun = self.resumes;
            self.passed = 0;
            self.strikes = 0;
        }
        if self.begun > 0 {
            self.passed = self.passed.saturating_add(1);
        }
        if self.strikes == 0 {
            self.grow(now);
        }
        let steady = self.value >= 1.0 && self.strikes == 0;
        let long = now.saturating_sub(self.begun) > FORGETTING;
        if steady && (long || (self.resumes == 0 && self.passed > COUNTED)) {
            self.begun = 0;
            self.resumes = 0;
            self.held = 0;
            self.trusted = true;
        }
    }

    fn grow(&mut self, now: u64) {
        let elapsed =
            Duration::from_nanos(now.saturating_sub(self.since)).as_secs_f64() / self.recovery;
        let evenly = (self.floor + elapsed).min(self.plateau);
        let beyond = self.floor + (1.0 - self.floor) * elapsed.powi(3);
        self.value = evenly.max(beyond).clamp(self.value, 1.0);
    }
}

/// What is left of so many, as a share, if it is one less; one is not made none.
fn one_less(count: u32) -> f64 {
    let count = f64::from(count);
    ((count - 1.0) / count).max(0.5)
}
