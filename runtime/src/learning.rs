//! What a limiter learns from its server beyond what was declared, as a function of values.
//!
//! Two things are learnt. A *pace* spreads what is left of a window over the time to its reset, and
//! ages out there. A *share* of the declared rate is what the server turns out to let through: cut at
//! a refusal to what got through before it, and grown slowly afterwards, as congestion control does
//! (additive increase, multiplicative decrease: Chiu and Jain, 1989). Both only ever tighten.

use core::time::Duration;

use crate::bucket::Shape;
use crate::hint::Hint;
use crate::hint::Policy;

/// What a limiter has learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Learnt {
    /// The part of the declared rate that is used: 1 for all of it.
    share: f64,
    /// Until when the share has grown.
    grown: u64,
    /// When the last refusal came. What was sent before and refused later tells nothing new.
    refused: u64,
    /// When calls were sent again after it.
    resumed: u64,
    /// Calls let through of those sent since.
    passed: u32,
    /// Refusals since the last call that was let through.
    strikes: u32,
    pace: Option<Pace>,
}

/// What is left of a window, spread until its reset.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pace {
    interval: u64,
    until: u64,
}

/// What a hint about a window asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// Nothing, or not enough to go by.
    Clear,
    /// Nothing is left for so many nanoseconds.
    Exhausted(u64),
    /// So little is left that it is spread.
    Scarce,
}

/// The share is never cut to less than this at once: one bad moment is no measurement.
const DEEPEST_CUT: f64 = 0.3;

/// A refusal without a hint cuts the share to at most this.
const SHALLOWEST_CUT: f64 = 0.9;

/// The first refusal without a hint, when nothing has been measured yet, cuts it to this.
const BLIND_CUT: f64 = 0.7;

/// No share is less than this, so that no limiter stops for good.
const LEAST_SHARE: f64 = 0.001;

/// What the share grows by in a second: all that was cut is back after 100 s at most.
const GROWTH: f64 = 0.01;

/// How long a share of 1 has to hold for the refusal before it to be forgotten, in nanoseconds.
const FORGETTING: u64 = 60_000_000_000;

impl Learnt {
    /// Nothing.
    pub(crate) const NOTHING: Self = Self {
        share: 1.0,
        grown: 0,
        refused: 0,
        resumed: 0,
        passed: 0,
        strikes: 0,
        pace: None,
    };

    /// Whether what was declared holds as it is.
    pub(crate) fn is_nothing(&self) -> bool {
        self.share >= 1.0 && self.strikes == 0 && self.pace.is_none() && self.resumed == 0
    }

    /// The declared bucket as far as the server lets it be used.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an interval is below 2^52 ns, and a share at least a thousandth"
    )]
    pub(crate) fn tighten(&self, declared: Shape) -> Shape {
        let shared = (declared.interval as f64 / self.share).ceil() as u64;
        let shared = shared.max(declared.interval);
        match self.pace {
            // Nothing is saved up of what is left.
            Some(pace) if pace.interval > shared => Shape {
                interval: pace.interval,
                capacity: pace.interval,
            },
            _ => Shape {
                interval: shared,
                capacity: declared.capacity.max(shared),
            },
        }
    }

    /// Forgets what has aged out; whether there was something.
    pub(crate) fn age(&mut self, now: u64) -> bool {
        self.pace.take_if(|pace| pace.until <= now).is_some()
    }

    /// When something ages out next.
    pub(crate) fn ages_at(&self) -> Option<u64> {
        self.pace.map(|pace| pace.until)
    }

    /// A call that was sent at `sent` was refused. Whether that is news.
    pub(crate) fn refused(&mut self, sent: u64, now: u64) -> bool {
        let news = sent >= self.refused || self.refused == 0;
        if news {
            self.strikes = self.strikes.saturating_add(1);
            self.refused = now;
        }
        news
    }

    /// Refusals since the last call that was let through, this one included.
    pub(crate) const fn strikes(&self) -> u32 {
        self.strikes
    }

    /// After a refusal that was news: calls are sent again at `resumes`. Where the server said so
    /// itself, the first refusal is taken for an accident.
    #[expect(clippy::cast_precision_loss, reason = "both are far below 2^52")]
    pub(crate) fn cut(&mut self, resumes: u64, told: bool, declared: Shape) {
        let shallowest = if told { 1.0 } else { SHALLOWEST_CUT };
        if self.resumed == 0 {
            self.share *= if told { 1.0 } else { BLIND_CUT };
        } else if self.passed > 0 {
            let span = resumes.saturating_sub(self.resumed).max(1) as f64;
            let measured = f64::from(self.passed) * declared.interval as f64 / span;
            let cut = measured.clamp(self.share * DEEPEST_CUT, self.share * shallowest);
            self.share = cut.max(LEAST_SHARE);
        }
        self.resumed = resumes;
        self.grown = resumes;
        self.passed = 0;
    }

    /// A call that was sent at `sent` was let through.
    pub(crate) fn passed(&mut self, sent: u64, now: u64) {
        if sent < self.resumed {
            return;
        }
        self.passed = self.passed.saturating_add(1);
        self.strikes = 0;
        let seconds = Duration::from_nanos(now.saturating_sub(self.grown)).as_secs_f64();
        self.grown = self.grown.max(now);
        self.share = (self.share + GROWTH * seconds).min(1.0);
        // A whole share that has held for long is forgotten, and costs no more reports.
        if self.share >= 1.0 && now.saturating_sub(self.resumed) > FORGETTING {
            self.resumed = 0;
        }
    }

    /// The server told what is left. `below` is the share of a limit that counts as little, and
    /// nothing is believed for more than `longest` nanoseconds.
    pub(crate) fn hear(&mut self, hint: &Hint, below: f64, longest: u64, now: u64) -> Outlook {
        let mut outlook = Outlook::Clear;
        let mut pace: Option<Pace> = None;
        for window in windows(hint) {
            match window.outlook(below, longest, now) {
                (Outlook::Exhausted(wait), _) => {
                    let longest = match outlook {
                        Outlook::Exhausted(other) => wait.max(other),
                        _ => wait,
                    };
                    outlook = Outlook::Exhausted(longest);
                }
                (_, Some(found)) if pace.is_none_or(|pace| pace.interval < found.interval) => {
                    pace = Some(found);
                }
                _ => {}
            }
        }
        if windows(hint).any(|window| window.remaining.is_some()) {
            self.pace = pace;
        }
        match outlook {
            Outlook::Clear if pace.is_some() => Outlook::Scarce,
            outlook => outlook,
        }
    }
}

/// A window of requests that a hint tells of.
struct Window {
    limit: Option<f64>,
    remaining: Option<f64>,
    reset: Option<Duration>,
}

fn windows(hint: &Hint) -> impl Iterator<Item = Window> {
    let whole = hint.counts_requests().then(|| Window {
        limit: hint.limit(),
        remaining: hint.remaining(),
        reset: hint.reset_after(),
    });
    let policies = hint
        .policies()
        .iter()
        .filter(|policy| policy.unit() == "requests");
    whole
        .into_iter()
        .chain(policies.map(|policy: &Policy| Window {
            limit: policy.limit(),
            remaining: policy.remaining(),
            reset: policy.reset_after(),
        }))
}

impl Window {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float that is too large saturates"
    )]
    fn outlook(&self, below: f64, longest: u64, now: u64) -> (Outlook, Option<Pace>) {
        let (Some(remaining), Some(reset)) = (self.remaining, self.reset) else {
            return (Outlook::Clear, None);
        };
        let reset = nanos(reset).min(longest);
        if reset == 0 {
            return (Outlook::Clear, None);
        }
        if remaining < 1.0 {
            return (Outlook::Exhausted(reset), None);
        }
        if !self.limit.is_some_and(|limit| remaining < limit * below) {
            return (Outlook::Clear, None);
        }
        let interval = ((reset as f64 / remaining).ceil() as u64).max(1);
        (
            Outlook::Scarce,
            Some(Pace {
                interval,
                until: now.saturating_add(reset),
            }),
        )
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
