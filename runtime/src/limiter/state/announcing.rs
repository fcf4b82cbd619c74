//! Collects the changes of a limiter that events report once its lock is released.

use core::mem;

use crate::costs::Costs;
use crate::events::LongWait;
use crate::quota::Rate;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::news::News;
use super::waiter::Waiter;
use super::why;

/// An extension of a pause by less is a rounding error, and not announced.
const ROUNDING: Span = Span::from_millis(10);

impl LimiterState {
    /// Records the wait of a caller that joins the queue, if it has to be announced.
    pub(super) fn expect_wait(
        &mut self,
        waiter: &Waiter,
        costs: &Costs,
        slow: Span,
        until: Instant,
        now: Instant,
    ) {
        let ahead = self.queue.cost_ahead(waiter.priority);
        let closed = self.cooldown.until() > now;
        let why = if closed {
            self.announced.why
        } else {
            why::QUEUE
        };
        let wait = until.since(now);
        if wait > slow {
            let unit = self.rows.as_ref().map(|rows| {
                let total = self.queue.costs_ahead(waiter.priority).and(costs);
                rows.unit(self.due_and_row(&total, now).1)
            });
            self.announced.wait = Some(LongWait {
                wait: wait.into(),
                ahead,
                why,
                unit: unit.filter(|_| !closed),
                refusable: waiter.refusable,
            });
        }
    }

    /// Returns the changes since the last call.
    pub(in crate::limiter) fn news(&mut self, now: Instant) -> News {
        let (until, declared) = (self.cooldown.until(), self.declared_shape);
        let mut news = News {
            wait: self.announced.wait.take(),
            held_back: self.announced.held_back.take(),
            by_hand: self.announced.by_hand.take(),
            odd: mem::take(&mut self.announced.odd),
            stuck: mem::take(&mut self.announced.stuck),
            lost: mem::take(&mut self.announced.lost),
            shares: self.share_news(),
            ..News::default()
        };
        let told = &mut self.announced;
        if let Some(ended) = told.closed_until.take_if(|ends| *ends <= now) {
            news.resumed = until <= now || until > ended;
        }
        let extends = told.closed_until.is_some();
        if until > now && told.closed_until.is_none_or(|ends| until > ends + ROUNDING) {
            news.paused = Some((until - now, told.why, extends));
            told.closed_until = Some(until);
        }
        let pace = self.learnt.pace();
        let plain = self.share_of(0, declared);
        let spread = pace.filter(|pace| pace.interval > plain.interval);
        let told = &mut self.announced;
        if let (Some(pace), false) = (spread, told.spread) {
            news.spread = Some((Rate::of_interval(pace.interval), pace.until.since(now)));
        }
        news.unspread = told.spread && pace.is_none();
        told.spread = spread.is_some() || (told.spread && pace.is_some());
        news
    }
}
