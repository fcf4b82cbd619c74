//! What follows from a store's answers, and from their absence.

use core::fmt;
use core::time::Duration;
use std::mem;
use std::sync::Arc;

use crate::bucket::Shape;
use crate::store::Answer;
use crate::store::StoreError;
use crate::store::TICK;

use super::COMPARABLE;
use super::CREDIT;
use super::Flight;
use super::Known;
use super::LOST;
use super::Mode;
use super::REJECTED;
use super::Supply;

/// What somebody should be told of a store, once each time that it changes.
#[derive(Clone, Debug)]
pub(in crate::limiter) enum News {
    /// It has not answered in time.
    Late(Duration),
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
            Self::Late(timeout) => write!(f, "the store has not answered within {timeout:?}"),
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
            self.mode = Mode::Up;
            self.news = Some(News::Back);
        }
        if flight.is_some_and(|flight| flight.drains) && !answer.stale {
            self.spent = 0;
        }
        let heard = self.heard(flight, answer, now);
        let generation = self
            .known
            .map_or(answer.state.generation, |known| known.state.generation);
        let newer = self.known.filter(|known| known.overtook(flight, answer));
        let void = newer.is_none() && answer.state.generation > generation;
        if void {
            self.slots.clear();
        }
        if answer.state.generation >= generation {
            self.hold(answer, heard, shape, now);
        }
        if newer.is_none() {
            self.measure(answer, shape);
        }
        let known = newer.unwrap_or(heard);
        self.known = Some(known);
        let paused_until = known.local(known.state.paused_until);
        // The store has lost what it was told.
        if self.told_until > now && paused_until < self.told_until && !self.is_asking() {
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

    /// A request was lost on this side: with the runtime that was to send it, or as its time is over.
    pub(in crate::limiter) fn lost(&mut self, id: u64, now: u64) {
        self.give_up(now);
        if self.land(id).is_some() {
            self.not_before = now.saturating_add(LOST);
            self.unsettled = true;
        }
    }

    /// Whether those who wait may have to be refused since the last time that this was asked.
    pub(in crate::limiter) fn is_unsettled(&mut self, now: u64) -> bool {
        self.give_up(now);
        mem::take(&mut self.unsettled)
    }

    /// Takes note of the requests that are late, and gives up those that are far too late. They tell
    /// something only if the store has not been heard of since they were sent.
    pub(super) fn give_up(&mut self, now: u64) {
        let heard = self.known.map_or(0, |known| known.received);
        let mut missed = false;
        for flight in &mut self.flights {
            if !flight.late && flight.late_at <= now {
                flight.late = true;
                missed |= flight.sent >= heard;
            }
        }
        if missed {
            self.miss(now);
        }
        while let Some(at) = self.flights.iter().position(|flight| flight.ends <= now) {
            let flight = self.flights.swap_remove(at);
            if !flight.spare && flight.sent >= heard {
                self.fail(&StoreError::unavailable("it does not answer"), now);
            }
        }
    }

    /// A request was not answered in time.
    fn miss(&mut self, now: u64) {
        self.unsettled = true;
        let next = now.saturating_add(self.terms.probe_every);
        match &mut self.mode {
            Mode::Away { probe_at, .. } => *probe_at = next,
            Mode::Broken { again_at, .. } if now < *again_at => {}
            Mode::Broken { .. } | Mode::Up => {
                let timeout = Duration::from_nanos(self.terms.timeout);
                self.news = Some(News::Late(timeout));
                self.mode = Mode::Away {
                    probe_at: next,
                    late: true,
                };
            }
        }
    }

    fn fail(&mut self, why: &StoreError, now: u64) {
        self.unsettled = true;
        if why.is_rejected() {
            let again_at = now.saturating_add(REJECTED);
            let why: Arc<str> = why.to_string().into();
            let known = matches!(&self.mode, Mode::Broken { why: known, .. } if *known == why);
            if !known {
                self.news = Some(News::Rejected(Arc::clone(&why)));
            }
            self.mode = Mode::Broken { again_at, why };
            return;
        }
        match self.mode {
            Mode::Broken { again_at, .. } if now < again_at => return,
            Mode::Away { late: false, .. } => {}
            _ => self.news = Some(News::Away(why.to_string().into())),
        }
        self.mode = Mode::Away {
            probe_at: now.saturating_add(self.terms.probe_every),
            late: false,
        };
    }

    /// Takes note of how long a request took. One that was late tells nothing of the next.
    fn time(&mut self, flight: Option<Flight>, now: u64) {
        if let Some(flight) = flight {
            let took = now.saturating_sub(flight.sent);
            self.fastest = took.min(self.fastest.saturating_add(self.fastest / 8));
            let took = took.min(self.terms.timeout);
            self.round_trip = smoothed(self.round_trip, took);
            self.slowest = took.max(self.slowest - self.slowest / 8);
        }
    }

    /// What the store said, and when.
    ///
    /// Between sending a request and receiving its answer, as the way there may be as long as the way
    /// back. Where the answer was late, the store's clock tells more: it is compared to what this process's
    /// said when the last answer came.
    fn heard(&self, flight: Option<Flight>, answer: &Answer, now: u64) -> Known {
        let sent = flight.map_or(0, |flight| flight.sent.min(now));
        let mut heard = Known {
            state: answer.state,
            now: answer.now,
            received: now,
            earliest: sent,
            latest: now,
        };
        let in_time = flight.is_some_and(|flight| now <= flight.late_at);
        let comparable = |known: &Known| {
            let overtaken = sent < known.received;
            let recent = now.saturating_sub(known.received) <= COMPARABLE;
            recent && (overtaken || answer.now >= known.now)
        };
        if let Some(known) = self.known.filter(comparable).filter(|_| !in_time) {
            heard.earliest = known.shifted(known.earliest, answer.now).clamp(sent, now);
            let latest = known.shifted(known.latest, answer.now);
            heard.latest = latest.clamp(heard.earliest, now);
        }
        heard
    }

    /// Takes a request out of those that are on their way.
    fn land(&mut self, id: u64) -> Option<Flight> {
        let at = self.flights.iter().position(|flight| flight.id == id)?;
        Some(self.flights.swap_remove(at))
    }

    /// Keeps the tokens of an answer, but for those that make up for what was used without the store.
    fn hold(&mut self, answer: &Answer, heard: Known, shape: Shape, now: u64) {
        let wait = answer.wait.unsigned_abs().saturating_mul(TICK);
        let due = if answer.wait < 0 {
            heard.latest.saturating_sub(wait)
        } else {
            heard.latest.saturating_add(wait)
        };
        let every = answer.every.saturating_mul(TICK);
        let lasts = shape.capacity.saturating_add(CREDIT);
        // They may have been drawn earlier, and are too old by as much sooner. What is usual on the way is
        // passed over.
        let earlier = heard.latest.saturating_sub(heard.earliest);
        let usual = self.terms.timeout.max(self.fastest);
        if let Some(lasts) = lasts.checked_sub(earlier.saturating_sub(usual)) {
            self.slots.push(due, every, answer.granted, lasts);
        }
        // Only those that are surely not too old make up for others.
        let over = now.saturating_add(earlier).saturating_sub(lasts);
        let old = match over.saturating_sub(due) {
            0 => 0,
            late => late
                .checked_div(every)
                .map_or(u64::MAX, |n| n.saturating_add(1)),
        };
        let good = u64::from(answer.granted).saturating_sub(old);
        self.spent -= self.slots.drop_oldest(self.spent.min(good), now);
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
    pub(super) fn local(&self, instant: u64) -> u64 {
        match instant.saturating_sub(self.now) {
            0 => 0,
            ahead => self.latest.saturating_add(ahead.saturating_mul(TICK)),
        }
    }

    /// An instant at which the store's clock was at what it said here, as one at which it was at `now`.
    fn shifted(&self, instant: u64, now: u64) -> u64 {
        let by = now.abs_diff(self.now).saturating_mul(TICK);
        if now >= self.now {
            instant.saturating_add(by)
        } else {
            instant.saturating_sub(by)
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
