//! What a limiter says of itself: pauses, rates that are learnt, and long waits before they begin.

use core::mem;
use core::time::Duration;

use crate::bucket::Shape;
use crate::events;
use crate::quota::Rate;

use super::LimiterState;
use super::waiter::Waiter;
use crate::limiter::request::Priority;

/// A wait is long from here on, unless a function's attribute says so of another.
pub(crate) const SLOW: u64 = 5_000_000_000;

/// A limiter announces no more than one long wait in so many nanoseconds.
const EVERY: u64 = 10_000_000_000;

/// An extension of a pause by less is rounding, and not told.
const ROUNDING: u64 = 10_000_000;

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
    closed_until: u64,
    /// The part of the declared rate in force.
    share: f64,
    cut: bool,
    spread: bool,
    /// When a long wait was last told of.
    waited: Option<u64>,
    /// A long wait that is to be told of.
    wait: Option<LongWait>,
    /// What was done by hand and is to be told of.
    pub(in crate::limiter) by_hand: Option<ByHand>,
    /// When calls that cannot be refused were last told of.
    stuck_at: Option<u64>,
    /// How many of them are to be told of.
    stuck: usize,
}

#[derive(Clone, Copy, Debug)]
struct LongWait {
    wait: u64,
    ahead: u64,
    why: &'static str,
    refusable: bool,
}

/// Changes, in the order in which they are told.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::limiter) struct News {
    resumed: bool,
    /// The wait, why, and whether there is a pause already.
    paused: Option<(u64, &'static str, bool)>,
    cut: Option<(Rate, Rate)>,
    whole: Option<Rate>,
    spread: Option<(Rate, u64)>,
    unspread: bool,
    wait: Option<LongWait>,
    by_hand: Option<ByHand>,
    stuck: usize,
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

impl LimiterState {
    /// Takes note of the wait of a caller that joins the queue, if it has to be told of.
    pub(in crate::limiter) fn expect_wait(
        &mut self,
        waiter: &Waiter,
        slow: u64,
        until: u64,
        now: u64,
    ) {
        let ahead = self.queue.cost_ahead(waiter.priority);
        let closed = self.cooldown.until() > now;
        let why = if closed {
            self.announced.why
        } else {
            why::QUEUE
        };
        if until.saturating_sub(now) > slow {
            self.expect(until, ahead, why, waiter.refusable, now);
        }
    }

    /// Takes note of a backoff, if it has to be told of.
    pub(in crate::limiter) fn expect_backoff(&mut self, nanos: u64, slow: u64, now: u64) {
        let ahead = self.queue.cost_ahead(Priority::Retries);
        if nanos > slow {
            self.expect(now.saturating_add(nanos), ahead, why::BACKOFF, true, now);
        }
    }

    fn expect(&mut self, until: u64, ahead: u64, why: &'static str, refusable: bool, now: u64) {
        let wait = until.saturating_sub(now);
        let last = self.announced.waited;
        if last.is_some_and(|last| now < last + EVERY) {
            return;
        }
        self.announced.waited = Some(now);
        self.announced.wait = Some(LongWait {
            wait,
            ahead,
            why,
            refusable,
        });
    }

    /// Returns what has changed since it was last asked.
    pub(in crate::limiter) fn news(&mut self, now: u64) -> News {
        let (until, declared) = (self.cooldown.until(), Shape::of(self.quota()));
        let mut news = News {
            wait: self.announced.wait.take(),
            by_hand: self.announced.by_hand.take(),
            stuck: mem::take(&mut self.announced.stuck),
            ..News::default()
        };
        let told = &mut self.announced;
        if told.closed_until > 0 && told.closed_until <= now {
            news.resumed = until <= now || until > told.closed_until;
            told.closed_until = 0;
        }
        let by = if told.closed_until > 0 { ROUNDING } else { 0 };
        if until > now && until > told.closed_until + by {
            news.paused = Some((until - now, told.why, told.closed_until > 0));
            told.closed_until = until;
        }
        let share = self.learnt.share();
        if share < told.share {
            let rate = Rate::of_interval(self.learnt.share_of(declared).interval);
            news.cut = Some((rate, Rate::of_interval(declared.interval)));
            told.cut = true;
        }
        told.share = share;
        if told.cut && share >= 1.0 {
            news.whole = Some(Rate::of_interval(declared.interval));
            told.cut = false;
        }
        let pace = self.learnt.pace();
        let spread = pace.filter(|pace| pace.0 > self.learnt.share_of(declared).interval);
        if let (Some((interval, until)), false) = (spread, told.spread) {
            news.spread = Some((Rate::of_interval(interval), until.saturating_sub(now)));
        }
        news.unspread = told.spread && pace.is_none();
        told.spread = spread.is_some() || (told.spread && pace.is_some());
        news
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
