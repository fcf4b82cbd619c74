//! What hints tell of a server's windows: how much is left until when.

use crate::hint::Hint;
use crate::hint::Policy;

use super::nanos;
use core::time::Duration;

/// What is known of a server's windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Windows {
    pace: Option<Pace>,
    /// The window of which the last hint told.
    current: Option<Current>,
    /// The server gives back bit by bit: at a reset that it told, there was little more than before.
    slides: bool,
}

/// What is left of a window, spread until its reset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    pub(super) interval: u64,
    pub(super) until: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Current {
    limit: f64,
    resets: u64,
    /// How much was used when the server told it, and how long it said that the reset was away.
    used: f64,
    reset: u64,
}

impl Current {
    /// Whether one and the same time for each that was used fits this and what was told before.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a second more or less matters here"
    )]
    fn fills_alike(&self, used: f64, reset: u64) -> bool {
        let at_least = |reset: u64, used: f64| reset.saturating_sub(ROUNDING) as f64 / used;
        let at_most = |reset: u64, used: f64| reset as f64 / used;
        let least = at_least(reset, used).max(at_least(self.reset, self.used));
        self.used >= 1.0
            && used > self.used
            && least < at_most(reset, used).min(at_most(self.reset, self.used))
    }
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

/// The bucket that was declared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own {
    pub(crate) burst: u32,
    /// Whole tokens in it.
    pub(crate) left: u64,
}

impl Own {
    /// Whether what a server says is what this bucket says itself: the server's limit is this burst,
    /// as little is left here, and the reset is within the second that a bucket's next token can
    /// be told in. Then the server may give back bit by bit, as this bucket does, and to wait until its
    /// reset would cost the whole bucket. If it does not, its first refusal ends this.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn explains(self, window: &Window) -> bool {
        let (Some(limit), Some(remaining), Some(reset)) =
            (window.limit, window.remaining, window.reset)
        else {
            return false;
        };
        same(limit, f64::from(self.burst))
            && (self.left as f64) < remaining + 1.0
            && nanos(reset) <= ROUNDING
    }
}

/// By how much a reset may be late that is told in whole seconds.
const ROUNDING: u64 = 1_000_000_000;

/// A window no longer than this counts as new after its length where its end is not told. A day, say,
/// may be over at any moment.
const SHORT: Duration = Duration::from_secs(60);

impl Windows {
    pub(super) const UNKNOWN: Self = Self {
        pace: None,
        current: None,
        slides: false,
    };

    pub(super) const fn pace(&self) -> Option<Pace> {
        self.pace
    }

    pub(super) fn age(&mut self, now: u64) -> bool {
        self.pace.take_if(|pace| pace.until <= now).is_some()
    }

    pub(super) fn hear(
        &mut self,
        hint: &Hint,
        below: f64,
        longest: u64,
        (sent, now): (u64, u64),
        own: Option<Own>,
    ) -> Outlook {
        let mut outlook = Outlook::Clear;
        let mut pace: Option<Pace> = None;
        let single = hint.policies().is_empty();
        for mut window in windows(hint) {
            let told = window.reset;
            let slides = single && self.slides(&mut window, longest, (sent, now));
            let seen = if single && own.is_some_and(|own| own.explains(&window)) {
                (Outlook::Clear, None)
            } else if slides {
                window.reset = told;
                window.refill(below, longest, now)
            } else {
                window.outlook(below, longest, now)
            };
            match seen {
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

    /// Whether the window gives back bit by bit. Also corrects its reset by what was heard before.
    fn slides(&mut self, window: &mut Window, longest: u64, (sent, now): (u64, u64)) -> bool {
        let (Some(limit), Some(remaining), Some(reset)) =
            (window.limit, window.remaining, window.reset)
        else {
            return false;
        };
        let reset = nanos(reset).min(longest);
        let (earliest, resets) = (sent.saturating_add(reset), now.saturating_add(reset));
        let resets = match self.current.filter(|current| same(current.limit, limit)) {
            Some(current) if current.resets <= sent => {
                self.slides = remaining < limit / 2.0;
                resets
            }
            // No window's end moves, but a bucket is full the later the more is taken.
            Some(current)
                if current.resets + ROUNDING < earliest
                    && current.fills_alike(limit - remaining, reset) =>
            {
                self.slides = true;
                resets
            }
            // Told in whole seconds, it seems to be later the later it is told. One that has passed
            // while the call was on its way is judged by the calls that are sent after it.
            Some(current) if earliest <= current.resets + ROUNDING => resets.min(current.resets),
            _ => resets,
        };
        let used = limit - remaining;
        self.current = Some(Current {
            limit,
            resets,
            used,
            reset,
        });
        window.reset = Some(Duration::from_nanos(resets.saturating_sub(now)));
        self.slides
    }
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.5
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
            reset: policy.reset_after().or_else(|| short(policy)),
        }))
}

/// The length of a window of which no end is told, if it will be over soon.
fn short(policy: &Policy) -> Option<Duration> {
    policy.window().filter(|length| *length <= SHORT)
}

impl Window {
    /// Of a window that gives back bit by bit: what was used comes back until the reset.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float that is too large saturates"
    )]
    fn refill(&self, below: f64, longest: u64, now: u64) -> (Outlook, Option<Pace>) {
        let (Some(limit), Some(remaining), Some(reset)) = (self.limit, self.remaining, self.reset)
        else {
            return (Outlook::Clear, None);
        };
        let reset = nanos(reset).min(longest);
        if remaining >= limit * below || reset == 0 {
            return (Outlook::Clear, None);
        }
        let interval = (reset as f64 / (limit - remaining)).ceil() as u64;
        let pace = Pace {
            interval: interval.clamp(1, reset),
            until: now.saturating_add(reset),
        };
        (Outlook::Scarce, Some(pace))
    }

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
