//! What follows from a store's answers, and from their absence.

use core::fmt;
use std::sync::Arc;

use crate::bucket::Shape;
use crate::bucket::TIMER_SLACK;
use crate::store::Answer;
use crate::store::StoreError;
use crate::store::TICK;

use super::Flight;
use super::Known;
use super::LOST;
use super::Mode;
use super::Supply;

/// What somebody should be told of a store, once each time that it changes.
#[derive(Clone, Debug)]
pub(in crate::limiter) enum News {
    /// It does not answer any more.
    Away(Arc<str>),
    /// It answers again.
    Back,
    /// It will not do what it is asked.
    Rejected(Arc<str>),
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(why) => write!(f, "the store is away: {why}"),
            Self::Back => f.write_str("the store is back"),
            Self::Rejected(why) => write!(f, "the store refuses: {why}"),
        }
    }
}

/// What an answer means for the limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::limiter) struct Tidings {
    /// When the bucket is full.
    pub(in crate::limiter) full_at: u64,
    /// Until when no process may send anything.
    pub(in crate::limiter) paused_until: u64,
    /// What was granted and is not used yet is void.
    pub(in crate::limiter) void: bool,
}

impl Supply {
    /// The store answered a request.
    pub(in crate::limiter) fn answered(
        &mut self,
        id: u64,
        answer: &Answer,
        shape: Shape,
        now: u64,
    ) -> Tidings {
        let flight = self.land(id);
        self.time(flight, now);
        self.wanted = 0;
        if !matches!(self.mode, Mode::Up) {
            self.drain = matches!(self.mode, Mode::Away { .. });
            self.mode = Mode::Up;
            self.news = Some(News::Back);
        }
        let generation = self
            .known
            .map_or(answer.state.generation, |known| known.state.generation);
        let newer = self.known.filter(|known| known.overtook(flight, answer));
        let void = newer.is_none() && answer.state.generation > generation;
        if void {
            self.slots.clear();
        }
        if answer.state.generation >= generation {
            self.hold(answer, shape, now);
        }
        if newer.is_none() {
            self.measure(answer, shape);
        }
        let known = newer.unwrap_or(Known {
            state: answer.state,
            now: answer.now,
            received: now,
        });
        self.known = Some(known);
        let paused_until = known.local(known.state.paused_until);
        // The store has lost what it was told.
        if self.told_until > now && paused_until < self.told_until && self.flights.is_empty() {
            self.tell_pause(shape, now);
        }
        Tidings {
            full_at: known.local(known.state.full_at[0]),
            paused_until,
            void,
        }
    }

    /// The store did not do what it was asked.
    pub(in crate::limiter) fn failed(&mut self, id: u64, why: &StoreError, now: u64) {
        if self.land(id).is_some() {
            self.fail(why, now);
        }
    }

    /// A request was lost on this side, with the runtime that was to send it.
    pub(in crate::limiter) fn lost(&mut self, id: u64, now: u64) {
        self.land(id);
        self.not_before = now.saturating_add(LOST);
    }

    /// Gives up the requests that should have been answered long ago.
    pub(super) fn give_up(&mut self, now: u64) {
        let before = self.flights.len();
        self.flights.retain(|flight| flight.ends > now);
        if self.flights.len() < before {
            self.fail(&StoreError::unavailable("it does not answer"), now);
        }
    }

    /// Takes note of how long a request took.
    fn time(&mut self, flight: Option<Flight>, now: u64) {
        if let Some(flight) = flight {
            let took = now.saturating_sub(flight.sent);
            self.round_trip = smoothed(self.round_trip, took);
            self.slowest = took.max(self.slowest - self.slowest / 8);
            self.drain &= flight.tokens == 0;
        }
    }

    /// Takes a request out of those that are on their way.
    fn land(&mut self, id: u64) -> Option<Flight> {
        let at = self.flights.iter().position(|flight| flight.id == id)?;
        Some(self.flights.swap_remove(at))
    }

    /// Keeps the tokens of an answer.
    fn hold(&mut self, answer: &Answer, shape: Shape, now: u64) {
        let wait = answer.wait.unsigned_abs().saturating_mul(TICK);
        let due = if answer.wait < 0 {
            now.saturating_sub(wait)
        } else {
            now.saturating_add(wait)
        };
        let every = answer.every.saturating_mul(TICK);
        let lasts = shape.capacity.saturating_add(TIMER_SLACK);
        self.slots.push(due, every, answer.granted, lasts);
    }

    /// Reads from the growth of the bucket's debt between two answers how much all processes drew.
    #[expect(clippy::cast_precision_loss, reason = "ticks stay below 2^53")]
    fn measure(&mut self, answer: &Answer, shape: Shape) {
        let Some(known) = self.known else {
            return;
        };
        let (before, after) = (known.state.full_at[0], answer.state.full_at[0]);
        // Where it was full in between, the growth says nothing.
        if before > answer.now && after > before {
            let interval = shape.interval.div_ceil(TICK).max(1);
            let all = (after - before) as f64 / interval as f64;
            self.share.count(f64::from(answer.granted), all);
        }
    }
}

impl Known {
    /// An instant of the store's clock on this process's, late by the answer's way; 0 if it was over.
    fn local(&self, instant: u64) -> u64 {
        match instant.saturating_sub(self.now) {
            0 => 0,
            ahead => self.received.saturating_add(ahead.saturating_mul(TICK)),
        }
    }

    /// Whether it is newer than the answer to this request. Of two that were under way at the same
    /// time the store's clock tells; otherwise the order in which they were sent, as that clock may
    /// have been set back.
    fn overtook(&self, flight: Option<Flight>, answer: &Answer) -> bool {
        let after = flight.is_some_and(|flight| flight.sent >= self.received);
        !after && answer.now < self.now
    }
}

fn smoothed(old: u64, new: u64) -> u64 {
    if old == 0 {
        new
    } else {
        old - old / 8 + new / 8
    }
}
