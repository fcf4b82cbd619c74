//! News of a limiter for its events: pauses, rates that are learnt, and long waits before they begin.

use core::time::Duration;

use crate::events;
use crate::quota::Rate;

/// A wait is long from here on, unless a function's attribute says so of another.
pub(crate) const SLOW: u64 = 5_000_000_000;

/// A limiter announces no more than one long wait in so many nanoseconds.
pub(super) const EVERY: u64 = 10_000_000_000;

/// Why a limiter is closed.
pub(in crate::limiter) mod why {
    pub(in crate::limiter) const ASKED: &str = "the server asked for it";
    pub(in crate::limiter) const REFUSED: &str =
        "the server refuses, and does not say for how long";
    pub(in crate::limiter) const USED_UP: &str = "the server's limit is used up";
    pub(in crate::limiter) const BY_HAND: &str = "the program asked for it";
    pub(in crate::limiter) const STORE: &str = "another process was asked for it";
    pub(in crate::limiter) const BACKOFF: &str = "the call backs off";
    pub(in crate::limiter) const QUEUE: &str = "other calls are ahead";
}

/// What was done by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::limiter) enum ByHand {
    Resumed,
    Reset,
    Closed { refused: usize },
}

/// State that the last events told.
#[derive(Clone, Copy, Debug)]
pub(in crate::limiter) struct Announced {
    /// Why the limiter is closed, or was last.
    pub(in crate::limiter) why: &'static str,
    /// End of the pause that has been told of; 0 if its end has been told as well.
    pub(super) closed_until: u64,
    /// The part of the declared rate in force.
    pub(super) share: f64,
    pub(super) cut: bool,
    pub(super) spread: bool,
    /// When a long wait was last told of.
    pub(super) waited: Option<u64>,
    /// A long wait that is to be told of.
    pub(super) wait: Option<LongWait>,
    /// What was done by hand and is to be told of.
    pub(in crate::limiter) by_hand: Option<ByHand>,
    /// When calls that cannot be refused were last told of.
    pub(super) stuck_at: Option<u64>,
    /// How many of them are to be told of.
    pub(super) stuck: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct LongWait {
    pub(super) wait: u64,
    pub(super) ahead: u64,
    pub(super) why: &'static str,
    pub(super) refusable: bool,
}

/// Changes, in the order in which they are told.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::limiter) struct News {
    pub(super) resumed: bool,
    /// The wait, why, and whether there is a pause already.
    pub(super) paused: Option<(u64, &'static str, bool)>,
    pub(super) cut: Option<(Rate, Rate)>,
    pub(super) whole: Option<Rate>,
    pub(super) spread: Option<(Rate, u64)>,
    pub(super) unspread: bool,
    pub(super) wait: Option<LongWait>,
    pub(super) by_hand: Option<ByHand>,
    pub(super) stuck: usize,
}

impl Announced {
    pub(in crate::limiter) const NOTHING: Self = Self {
        why: why::BY_HAND,
        closed_until: 0,
        share: 1.0,
        cut: false,
        spread: false,
        waited: None,
        wait: None,
        by_hand: None,
        stuck_at: None,
        stuck: 0,
    };

    /// Forgets all but the times at which something was told that is told now and then.
    pub(in crate::limiter) const fn forget(&mut self) {
        *self = Self {
            closed_until: self.closed_until,
            waited: self.waited,
            stuck_at: self.stuck_at,
            ..Self::NOTHING
        };
    }

    /// The pause that has been told of is over.
    pub(in crate::limiter) fn lift(&mut self, now: u64) {
        self.closed_until = self.closed_until.min(now);
    }

    /// Takes note of calls that cannot be refused, if they have to be told of.
    pub(in crate::limiter) fn stuck(&mut self, stuck: usize, now: u64) {
        if self.stuck_at.is_none_or(|last| now >= last + EVERY) {
            (self.stuck_at, self.stuck) = (Some(now), stuck);
        }
    }
}

impl News {
    /// Tells it. Not under the lock: what listens can call back.
    pub(in crate::limiter) fn tell(&self, limiter: &str) {
        match self.by_hand {
            None => {}
            Some(ByHand::Resumed) => events::resumed_by_hand(limiter),
            Some(ByHand::Reset) => events::reset(limiter),
            Some(ByHand::Closed { refused }) => events::closed(limiter, refused),
        }
        if self.stuck > 0 {
            events::stuck(limiter, self.stuck);
        }
        if self.resumed {
            events::resumed(limiter);
        }
        if let Some((wait, why, extends)) = self.paused {
            let wait = Duration::from_nanos(wait);
            if extends {
                events::pause_extended(limiter, wait, why);
            } else {
                events::paused(limiter, wait, why);
            }
        }
        if let Some((rate, declared)) = self.cut {
            events::cut(limiter, &rate, &declared);
        }
        if let Some(rate) = self.whole {
            events::whole(limiter, &rate);
        }
        if self.unspread {
            events::unpaced(limiter);
        }
        if let Some((rate, lasts)) = self.spread {
            events::paced(limiter, &rate, Duration::from_nanos(lasts));
        }
        if let Some(long) = self.wait {
            let wait = Duration::from_nanos(long.wait);
            events::long_wait(limiter, wait, long.ahead, long.why, long.refusable);
        }
    }
}
