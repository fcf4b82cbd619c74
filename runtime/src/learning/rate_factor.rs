//! The share: the part of the declared rate that a server turns out to accept. A refusal cuts it to the rate that was
//! accepted before, and it grows again afterwards.
//!
//! This is congestion control: multiplicative decrease and a slow increase (Chiu and Jain, "Analysis of the Increase
//! and Decrease Algorithms for Congestion Avoidance", 1989). The increase is that of CUBIC (RFC 9438, section 4.1):
//! flat near a rate that was measured, steep far from it.
//!
//! The decrease differs from that of TCP. A client of an API can measure the rate that the server accepts: it counts
//! the accepted calls from one reopening of the limiter to the next refusal. The rate follows from this count by the
//! kind of limit, which is inferred as well:
//!
//! * A *window* accepts the same number of calls each time, at whatever rate they are sent, and then refuses until it
//!   ends. The rate is that number, divided by the time from one reopening to the next.
//! * A *bucket* accepts its store first and then its rate. The rate lies between the number divided by the time up to
//!   the refusal and the number divided by the time up to the reopening; the geometric mean of the two is used.
//! * A *chance* refusal says nothing about the rate, and cuts little or nothing.
//!
//! The figures below are our own, found with the simulations in `tests/`.

use core::time::Duration;

use crate::bucket::Shape;
use crate::time::Instant;
use crate::time::Span;

/// Part of the declared rate that the server accepts, and the measurements that it follows from.
///
/// A *stop* is a row of refusals without an accepted call in between; a *run* is the time between two stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AcceptedShare {
    /// The share now.
    value: f64,
    /// Share after the last cut.
    floor: f64,
    /// Instant from which it has grown since.
    since: Instant,
    /// Share up to which it grows linearly, because nothing suggests that the server refuses this rate.
    plateau: f64,
    /// Share before the current stop.
    before: f64,
    /// Instant of the last new refusal, if there was one. The refusal of a call that was sent before it is not new.
    refused: Option<Instant>,
    /// Instant of the first refusal of the current stop.
    stopped: Instant,
    /// Beginning of the run in which accepted calls are counted, if they are.
    begun: Option<Instant>,
    /// Tokens of accepted calls of this run.
    passed: u32,
    /// Accepted calls of this run.
    calls: u32,
    /// Tokens of accepted calls of the run before. 0: not known.
    held: u32,
    /// Share in the run before.
    held_at: f64,
    /// Time from one reopening to the next, if the last cut took the limit for a window.
    cycle: Option<Span>,
    /// Whether the whole rate was accepted for long before the current stop.
    trusted: bool,
    /// Instant at which calls are sent again after a stop. `None`: there was none, or it is forgotten.
    resumes: Option<Instant>,
    /// New refusals of the current stop. 0: the last call was accepted.
    strikes: u32,
    /// Seconds in which the whole cut is undone.
    recovery: f64,
}

/// Deepest cut by one stop with a hint, as a factor. A single stop is a weak measurement.
const DEEPEST_CUT: f64 = 0.3;

/// Deepest cut where a probe was refused again. The server refuses for a time, as a window does, and the calls accepted
/// in a window are a good measurement.
const DEEPEST_CUT_BY_A_WINDOW: f64 = 0.1;

/// Deepest cut where the server's burst cannot be told apart from its rate.
const DEEPEST_CUT_BY_A_BUCKET: f64 = 0.5;

/// Shallowest cut by a refusal without a hint.
const SHALLOWEST_CUT: f64 = 0.9;

/// Deepest cut by the first refusal without a hint, before any measurement.
const BLIND_CUT: f64 = 0.7;

/// Accepted part of the declared quota, burst included, from which on the server's rate is close to the declared one.
const ALMOST_ALL: f64 = 0.8;

/// Factor below which a rate is considerably lower than another.
const SLOWER: f64 = 0.95;

/// Lowest share, so that no limiter stops for good.
const LEAST_SHARE: f64 = 0.001;

/// Seconds in which the whole cut is undone.
const RECOVERY: f64 = 100.0;

/// The same after a stop that is no measurement.
const SOON: f64 = 20.0;

/// A run with less than one in this many of the calls of the run before is no measurement.
const FEWER: u32 = 4;

/// Time for which a share of 1 has to hold until the last stop is forgotten.
const FORGETTING: Span = Span::from_secs(60);

/// Calls that are counted in a run without a stop. Counting keeps calls off the fast path.
const COUNTED: u32 = 1000;

impl AcceptedShare {
    /// The declared rate, and no measurement.
    pub(super) const WHOLE: Self = Self {
        value: 1.0,
        floor: 1.0,
        since: Instant::EPOCH,
        plateau: 1.0,
        before: 1.0,
        refused: None,
        stopped: Instant::EPOCH,
        begun: None,
        passed: 0,
        calls: 0,
        held: 0,
        held_at: 1.0,
        cycle: None,
        trusted: false,
        resumes: None,
        strikes: 0,
        recovery: RECOVERY,
    };

    pub(super) const fn value(&self) -> f64 {
        self.value
    }

    pub(super) const fn strikes(&self) -> u32 {
        self.strikes
    }

    /// Returns the time since the current stop began, zero if the last call was accepted.
    pub(super) const fn stopped_for(&self, now: Instant) -> Span {
        if self.strikes == 0 {
            Span::ZERO
        } else {
            now.since(self.stopped)
        }
    }

    /// Returns whether the share is 1, and no calls have to be counted.
    pub(super) fn is_settled(&self) -> bool {
        self.value >= 1.0 && self.strikes == 0 && self.begun.is_none()
    }

    /// Returns whether no refusal is remembered that speaks against the declared rate.
    pub(super) const fn is_unrefuted(&self) -> bool {
        self.resumes.is_none() && self.strikes == 0
    }

    /// Begins to count at `sent`, when a full bucket is used again. After a stop, counting begins at the reopening.
    pub(super) fn begin(&mut self, sent: Instant) {
        if self.is_unrefuted() {
            self.count_from(Some(sent));
        }
    }

    /// Begins a run. `None`: nothing is counted.
    const fn count_from(&mut self, begun: Option<Instant>) {
        self.begun = begun;
        (self.passed, self.calls) = (0, 0);
    }

    /// Records the refusal of a call that was sent at `sent`. Returns whether it is new.
    pub(super) fn refused(&mut self, sent: Instant, now: Instant) -> bool {
        let is_new = Some(sent) > self.refused;
        if is_new {
            if self.strikes == 0 {
                self.before = self.value;
                self.stopped = now;
            }
            self.strikes = self.strikes.saturating_add(1);
            self.refused = Some(now);
        }
        is_new
    }

    /// Cuts the share after a new refusal. Calls are sent again at `resumes`; `told`: the server set that instant.
    pub(super) fn cut(&mut self, resumes: Instant, told: bool, declared: Shape) {
        let (cut, mut plateau, cycle) = self.judge(resumes, told, declared);
        self.recovery = RECOVERY;
        // A stop soon after another one: the server may have been out of order. The cut stands, and is undone sooner.
        if told && self.is_no_measurement() {
            self.recovery = SOON;
            plateau = plateau.max(self.before * SHALLOWEST_CUT);
        }
        self.cycle = cycle;
        self.value = cut.clamp(LEAST_SHARE, 1.0);
        self.floor = self.value;
        self.plateau = plateau.clamp(self.value, 1.0);
        self.since = resumes;
        self.resumes = Some(resumes);
    }

    /// Returns the new share, its plateau, and the length of the window that was measured; `None` if it is no window.
    ///
    /// The cases are tried from the most to the least specific: a chance refusal, a rate close to the declared one, a
    /// window, a bucket, and no measurement.
    fn judge(&self, resumes: Instant, told: bool, declared: Shape) -> (f64, f64, Option<Span>) {
        // No stop before this one has led to a cut, so no run has been measured from its reopening on.
        let first = self.resumes.is_none() || (self.strikes > 1 && self.floor >= 1.0);
        let almost = self.let_through(declared) >= ALMOST_ALL;
        // The run was longer than the window that the last cut assumed.
        let run = self.counted(self.stopped);
        let outlived = self.cycle.is_some_and(|cycle| run > Some(cycle));
        let cycle = self.counted(resumes).filter(|cycle| !cycle.is_zero());
        match self.measured(resumes, declared) {
            // Chance: the same number of calls in a run longer than the window. A window would have renewed meanwhile.
            Some(_) if outlived && self.is_as_much() => (self.before, 1.0, None),
            // Chance, for now: the server sets the pause itself, and refuses either well below the declared quota or
            // after it has accepted the quota for so long that calls are no longer counted.
            _ if told && first && !(self.begun.is_some() && almost) => (self.before, 1.0, None),
            // Almost the declared rate was accepted, and it is no window: a small cut.
            Some(_) if (told || self.strikes > 1) && almost && !self.holds_as_much() => {
                let cut = self.before * SHALLOWEST_CUT * one_less(self.passed);
                // After a long run the rate is not the likely cause, so the share returns to it linearly.
                let plateau = if self.calls > COUNTED {
                    self.before
                } else {
                    cut
                };
                (cut, plateau, None)
            }
            // A window whose end the server tells. Its rate is the measured one.
            Some(low) if told => (
                low.clamp(self.before * DEEPEST_CUT, self.before),
                low,
                cycle,
            ),
            // A window whose end is found by probes: it has refused one of them already.
            Some(low) if self.strikes > 1 => {
                let deepest = self.before * DEEPEST_CUT_BY_A_WINDOW;
                // A window may contain one call more than its length divided by their distance.
                let low = low * one_less(self.passed);
                let cut = low.clamp(deepest, self.before * SHALLOWEST_CUT);
                (cut, cut, cycle)
            }
            Some(low) if !first => self.judge_bucket(low, declared),
            // No measurement: the accepted part so far, within bounds.
            _ => {
                let through = self.let_through(declared);
                let cut = through.clamp(BLIND_CUT, SHALLOWEST_CUT);
                (self.before * cut, self.before, None)
            }
        }
    }

    /// Returns the same for a bucket. From reopening to reopening the bucket filled and was emptied, so `low`, the rate
    /// over that time, is too low. Up to the refusal it was emptied, so the rate over that time is too high.
    fn judge_bucket(&self, low: f64, declared: Shape) -> (f64, f64, Option<Span>) {
        let high = self.measured(self.stopped, declared);
        let high = high.map_or(self.before, |high| high.min(self.before));
        let deepest = self.before * DEEPEST_CUT_BY_A_BUCKET;
        let cut = (low * high).sqrt();
        let cut = cut.clamp(deepest, self.before * SHALLOWEST_CUT);
        (cut, high.max(cut), None)
    }

    /// Returns whether as many calls were accepted as in the run before, at a lower rate, as in a window. A bucket
    /// accepts more calls if they are sent at a lower rate.
    fn holds_as_much(&self) -> bool {
        self.before < self.held_at * SLOWER && self.is_as_much()
    }

    /// Returns whether far fewer calls were accepted than in the run before, which says little about the rate.
    const fn is_no_measurement(&self) -> bool {
        self.begun.is_some() && self.passed < self.held / FEWER
    }

    /// Returns whether as many calls were accepted as in the run before, within an eighth or one call.
    const fn is_as_much(&self) -> bool {
        let most = if self.held < 8 { 1 } else { self.held / 8 };
        self.held > 0 && self.passed.abs_diff(self.held) <= most
    }

    /// Returns the share whose rate is that of the accepted calls, from the beginning of the run until `until`. `None`
    /// if no calls were counted.
    fn measured(&self, until: Instant, declared: Shape) -> Option<f64> {
        let run = self.counted(until).filter(|_| self.passed > 0)?;
        let run = run.max(Span::SHORTEST).to_f64();
        Some(f64::from(self.passed) * declared.interval.to_f64() / run)
    }

    /// Returns the time from the beginning of the run until `until`, if accepted calls are counted.
    fn counted(&self, until: Instant) -> Option<Span> {
        self.begun.map(|begun| until.since(begun))
    }

    /// Returns the accepted part of the declared quota, burst included, from the beginning of the run to the refusal.
    fn let_through(&self, declared: Shape) -> f64 {
        let Some(run) = self.counted(self.stopped) else {
            return if self.trusted { 1.0 } else { 0.0 };
        };
        let span = (run + declared.capacity).to_f64();
        f64::from(self.passed) * declared.interval.to_f64() / span
    }

    /// Leaves the share as it is after a refusal that has another reason. Calls are sent again at `resumes`.
    pub(super) fn spare(&mut self, resumes: Instant) {
        self.resumes = self.resumes.and(Some(resumes));
        if self.strikes == 0 && self.begun.is_some() {
            // Nothing is sent until then, which would lower what is measured.
            self.count_from(Some(resumes));
        }
    }

    /// Records an accepted call that was sent at `sent` and took so many tokens.
    pub(super) fn passed(&mut self, tokens: u32, sent: Instant, now: Instant) {
        // The first call that was sent after the stop ends it, and begins a run. A call that was sent before it and is
        // answered late does not.
        if self.strikes > 0 && Some(sent) >= self.resumes {
            (self.held, self.held_at) = (self.passed, self.before);
            self.trusted = false;
            self.count_from(self.resumes);
            self.strikes = 0;
        }
        if self.begun.is_some() {
            self.passed = self.passed.saturating_add(tokens);
            self.calls = self.calls.saturating_add(1);
        }
        if self.strikes == 0 {
            self.grow(now);
        }
        // The whole rate is accepted again: forget the stop, and stop counting.
        let steady = self.value >= 1.0 && self.strikes == 0;
        let long = self.counted(now).is_none_or(|run| run > FORGETTING);
        if steady && (long || (self.resumes.is_none() && self.calls > COUNTED)) {
            self.begun = None;
            self.resumes = None;
            self.held = 0;
            self.trusted = true;
        }
    }

    /// Lets the share grow: linearly up to the plateau, and as the cube of the time beyond it. The cube is flat at
    /// first, so the share stays near a measured rate, and then reaches 1 after `recovery` seconds. It never shrinks
    /// here.
    fn grow(&mut self, now: Instant) {
        let elapsed = Duration::from(now.since(self.since)).as_secs_f64() / self.recovery;
        let evenly = (self.floor + elapsed).min(self.plateau);
        let beyond = self.floor + (1.0 - self.floor) * elapsed.powi(3);
        self.value = evenly.max(beyond).clamp(self.value, 1.0);
    }
}

/// Returns the factor that lowers `count` by one, at least 0.5.
fn one_less(count: u32) -> f64 {
    let count = f64::from(count);
    ((count - 1.0) / count).max(0.5)
}
