//! Collects the changes of a limiter that events report once its lock is released.

use core::mem;

use crate::limiter::request::Priority;
use crate::quota::Rate;

use super::LimiterState;
use super::news::EVERY;
use super::news::LongWait;
use super::news::News;
use super::news::why;
use super::waiter::Waiter;

/// An extension of a pause by less is a rounding error, and not announced.
const ROUNDING: u64 = 10_000_000;

impl LimiterState {
    /// Records the wait of a caller that joins the queue, if it has to be announced.
    pub(super) fn expect_wait(&mut self, waiter: &Waiter, slow: u64, until: u64, now: u64) {
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

    /// Records a backoff, if it has to be announced.
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

    /// Returns the changes since the last call.
    pub(in crate::limiter) fn news(&mut self, now: u64) -> News {
        let (until, declared) = (self.cooldown.until(), self.declared);
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
