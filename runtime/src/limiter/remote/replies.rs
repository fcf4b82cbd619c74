//! Effects of a store's replies.

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::bucket::TIMER_SLACK;
use crate::store::Answer;
use crate::store::Reply;
use crate::store::Ticks;
use crate::time::Instant;
use crate::time::Span;

use super::AFTER_EMPTY_DRAW;
use super::COMPARABLE;
use super::InFlight;
use super::Mode;
use super::Remote;
use super::StoreView;
use super::outage::StoreEvent;

/// Effect of a reply on the limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::limiter) struct StoreEffect {
    /// Instant at which the bucket is full.
    pub(in crate::limiter) full_at: Instant,
    /// Instant until which no process may send anything.
    pub(in crate::limiter) paused_until: Instant,
    /// A person has ended a pause in another process.
    pub(in crate::limiter) lifted: bool,
    /// Unused permits and tokens are void.
    pub(in crate::limiter) void: bool,
}

impl Remote {
    /// Handles the reply to a request.
    pub(in crate::limiter) fn answered(
        &mut self,
        id: u64,
        reply: &Reply,
        shape: Shape,
        now: Instant,
    ) -> StoreEffect {
        let flight = self.take_in_flight(id);
        self.time(flight, now);
        self.wanted = 0;
        self.put_off_draws(flight, reply, now);
        if !matches!(self.mode, Mode::Up) {
            self.mode = Mode::Up;
            self.event = Some(StoreEvent::Back);
        }
        self.note_drain(flight, reply);
        let heard = self.heard(flight, reply, now);
        let before = self.known.as_ref();
        let generation = before.map_or(reply.state.generation, |it| it.state.generation);
        let newer = before.filter(|it| it.overtook(flight, reply)).cloned();
        let void = newer.is_none() && reply.state.generation > generation;
        if void {
            self.slots.clear();
            self.void_calls(now);
        }
        if self.draws_calls() {
            self.hold_calls(id, reply, &heard, shape, now);
        } else if !self.charges.are_in(id) {
            // The answer to a charge is no draw.
            self.hold_all(reply, &heard, generation, shape, now);
        }
        if newer.is_none() {
            self.measure(reply, shape);
        }
        let known = newer.unwrap_or(heard);
        let before = self.keep(&known, shape);
        let lifted = self.was_lifted(before.as_ref(), &known, now);
        let paused_until = self.paused_until(&known, flight, reply, shape, now);
        let full_at = known.local(known.state.rows[0].full_at);
        StoreEffect {
            full_at: match known.next_token_at {
                None => full_at,
                Some(next) => reopened(full_at, shape, next),
            },
            paused_until,
            lifted,
            void,
        }
    }

    /// Forgets the tokens that were used without the store, once it knows of them.
    fn note_drain(&mut self, flight: Option<InFlight>, reply: &Reply) {
        if flight.is_some_and(|flight| flight.drains) && !reply.stale {
            self.spent = 0;
        }
    }

    /// Keeps what the store has said. Returns what it said before.
    fn keep(&mut self, known: &StoreView, shape: Shape) -> Option<StoreView> {
        let limits = self.limits(shape);
        self.held_quota.note(&known.state, &limits, known.now);
        self.known.replace(known.clone())
    }

    /// Adds the tokens that a reply has brought, unless they are void.
    fn hold_all(
        &mut self,
        reply: &Reply,
        heard: &StoreView,
        generation: u64,
        shape: Shape,
        now: Instant,
    ) {
        if reply.state.generation >= generation {
            for answer in reply.answers.iter().filter(|it| it.granted > 0) {
                self.hold(*answer, heard, shape, now);
            }
        }
    }

    /// Returns until when no process may send anything. A pause that the store has lost is told again.
    fn paused_until(
        &mut self,
        known: &StoreView,
        flight: Option<InFlight>,
        reply: &Reply,
        shape: Shape,
        now: Instant,
    ) -> Instant {
        if self.is_resuming(flight, reply, shape, now) {
            return Instant::EPOCH;
        }
        let paused_until = known.local(known.state.paused_until);
        if self.told_until > now && paused_until < self.told_until && !self.is_asking() {
            self.tell_pause(shape, now);
        }
        paused_until
    }

    /// Puts off the next draw after one that brought nothing, lest the store be asked in a loop.
    fn put_off_draws(&mut self, flight: Option<InFlight>, reply: &Reply, now: Instant) {
        let drew = flight.is_some_and(|flight| flight.tokens > 0);
        let is_empty = if self.draws_calls() {
            reply.calls.is_empty()
        } else {
            reply.granted() == 0
        };
        if drew && is_empty {
            self.not_before = now.after(AFTER_EMPTY_DRAW);
        } else if drew || !matches!(self.mode, Mode::Up) {
            self.not_before = Instant::EPOCH;
        }
    }

    /// Records the duration of a request. A late one tells nothing about the next.
    fn time(&mut self, flight: Option<InFlight>, now: Instant) {
        if let Some(flight) = flight {
            let took = now.since(flight.sent);
            self.fastest = took.min(self.fastest.plus(self.fastest / 8));
            let took = took.min(self.config.timeout);
            self.round_trip = smoothed(self.round_trip, took);
            self.slowest = took.max(self.slowest - self.slowest / 8);
        }
    }

    /// Returns what the store said, and between which instants.
    ///
    /// These are the sending of the request and the receipt of its answer: either direction may have taken
    /// most of the time. For a late answer the store's clock narrows them down, as the previous answer
    /// relates it to this process's clock.
    fn heard(&self, flight: Option<InFlight>, reply: &Reply, now: Instant) -> StoreView {
        let sent = flight.map_or(Instant::EPOCH, |flight| flight.sent.min(now));
        let mut heard = StoreView {
            state: reply.state.clone(),
            now: reply.now,
            received: now,
            earliest: sent,
            latest: now,
            next_token_at: None,
        };
        let in_time = flight.is_some_and(|flight| now <= flight.late_at);
        let comparable = |known: &StoreView| {
            let overtaken = sent < known.received;
            let recent = now.since(known.received) <= COMPARABLE;
            recent && (overtaken || reply.now >= known.now)
        };
        let known = self.known.as_ref();
        if let Some(known) = known.filter(|it| comparable(it)).filter(|_| !in_time) {
            heard.earliest = known.shifted(known.earliest, reply.now).clamp(sent, now);
            let latest = known.shifted(known.latest, reply.now);
            heard.latest = latest.clamp(heard.earliest, now);
        }
        if !self.draws_calls() {
            heard.next_token_at = heard.next_token(reply);
        }
        heard
    }

    /// Removes a request from those in flight.
    pub(super) fn take_in_flight(&mut self, id: u64) -> Option<InFlight> {
        let at = self.in_flight.iter().position(|flight| flight.id == id)?;
        Some(self.in_flight.swap_remove(at))
    }

    /// Adds the tokens of an answer, except those that make up for tokens used without the store.
    fn hold(&mut self, answer: Answer, heard: &StoreView, shape: Shape, now: Instant) {
        let due = heard
            .latest
            .before(answer.wait.gone().span())
            .after(answer.wait.to_come().span());
        let every = answer.every.span();
        // Another process may have declared a smaller bucket, which holds for all.
        let burst = heard.state.rows[0].quota.burst;
        let is_smaller = burst > 0 && burst < shape.capacity / shape.interval;
        let capacity = if is_smaller {
            shape.capacity.min(every.times(burst))
        } else {
            shape.capacity
        };
        let lasts = capacity.plus(TIMER_SLACK);
        // They may have been drawn earlier than they are taken to be due, and expire earlier by as much.
        // The usual round trip is ignored, or a store that is always slow would be of no use.
        let earlier = heard.latest.since(heard.earliest);
        let usual = self.config.timeout.max(self.fastest);
        let excess = earlier.minus(usual);
        if excess <= lasts {
            self.slots.push(due, every, answer.granted, lasts - excess);
        }
        // Only tokens that have not expired for certain make up for others: in exchange for an expired one
        // the bucket has another.
        let late = now.after(earlier).before(lasts).since(due);
        let old = if late.is_zero() {
            0
        } else {
            late.checked_div(every)
                .map_or(u64::MAX, |n| n.saturating_add(1))
        };
        let good = u64::from(answer.granted).saturating_sub(old);
        self.spent -= self.slots.drop_oldest(self.spent.min(good), now);
    }

    /// Reads from the growth of the bucket's debt between two answers how much all processes drew.
    #[expect(clippy::cast_precision_loss, reason = "ticks stay below 2^53")]
    fn measure(&mut self, reply: &Reply, shape: Shape) {
        let known = self.known.as_ref();
        // Draws of calls are measured for each limit.
        let Some(known) = known.filter(|_| !self.draws_calls()) else {
            return;
        };
        let (before, after) = (known.state.rows[0].full_at, reply.state.rows[0].full_at);
        // Where it was full in between, the growth says nothing.
        if before > reply.now && after > before {
            let interval = Ticks::from_span_up(shape.interval).get().max(1);
            let all = (after - before).get() as f64 / interval as f64;
            self.usage.count(f64::from(reply.granted()), all);
        }
    }
}

impl StoreView {
    /// Converts an instant of the store's clock to this process's clock, later by the time that the answer
    /// took; the epoch if it is past.
    pub(super) fn local(&self, instant: Ticks) -> Instant {
        match instant - self.now {
            Ticks::ZERO => Instant::EPOCH,
            ahead => self.latest.after(ahead.span()),
        }
    }

    /// Returns the instant of the first token that is left after a reply; `None` where there is one at once.
    fn next_token(&self, reply: &Reply) -> Option<Instant> {
        let last = reply.last();
        let granted = last.every * u64::from(last.granted);
        let wait = last.wait.later(granted).to_come();
        // Tokens that a server's pace holds back can come as soon as that pace is over.
        let wait = match self.state.rows[0].learnt_until - reply.now {
            Ticks::ZERO => wait,
            paced_for => wait.min(paced_for),
        };
        let waits = !reply.stale && wait > Ticks::ZERO;
        waits.then(|| self.latest.after(wait.span()))
    }

    /// Moves an instant by the time that the store's clock needs to get to `now`.
    fn shifted(&self, instant: Instant, now: Ticks) -> Instant {
        instant
            .after((now - self.now).span())
            .before((self.now - now).span())
    }

    /// Returns whether it is newer than the answer to this request. If both requests were in flight at the
    /// same time, the store's clock decides; otherwise the order in which they were sent, as that clock may
    /// have been set back.
    fn overtook(&self, flight: Option<InFlight>, reply: &Reply) -> bool {
        let after = flight.is_some_and(|flight| flight.sent >= self.received);
        !after && reply.now < self.now
    }
}

fn smoothed(old: Span, new: Span) -> Span {
    if old.is_zero() {
        new
    } else {
        old - old / 8 + new / 8
    }
}

/// Returns when a bucket that is full at `full_at` is full, if its next token is free at `next`.
fn reopened(full_at: Instant, shape: Shape, next: Instant) -> Instant {
    let mut bucket = Bucket::new(full_at, shape);
    bucket.reopen(next);
    bucket.tat
}
