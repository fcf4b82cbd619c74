//! Stores that are late, away or broken: when a store counts as such, and which callers wait for it
//! nevertheless.

use core::fmt;
use core::mem;
use core::time::Duration;
use std::sync::Arc;

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::lasting::Lasting;
use crate::store::OnStoreError;
use crate::store::StoreError;
use crate::time::Instant;
use crate::time::Span;

use super::InFlight;
use super::LOST;
use super::Mode;
use super::REJECTED;
use super::Remote;

/// Condition of a store that a request met.
#[derive(Clone, Debug)]
pub(in crate::limiter) enum StoreEvent {
    /// A request has taken longer than the timeout.
    Late(Duration),
    /// A request has failed.
    Away(Arc<str>),
    /// A request was answered again.
    Back,
    /// A request was rejected.
    Rejected(Arc<str>),
    /// Another process has declared a tighter quota, which holds for all: tokens, and the time in which they come.
    Tighter(Arc<str>),
}

impl fmt::Display for StoreEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late(timeout) => {
                write!(f, "the store has not answered within {}", Lasting(*timeout))
            }
            Self::Away(why) => write!(f, "the store is away: {why}"),
            Self::Back => f.write_str("the store is back"),
            Self::Rejected(why) => write!(f, "the store refuses: {why}"),
            Self::Tighter(what) => f.write_str(what),
        }
    }
}

impl Remote {
    /// Returns how many of `most` slots this process uses while the store is away, if it has leased fewer.
    pub(in crate::limiter) fn slots_alone(&self, most: u32) -> u32 {
        match self.config.on_error {
            OnStoreError::Local => (most / self.config.processes.max(1)).max(1),
            OnStoreError::Open => most,
            OnStoreError::Closed => 0,
        }
    }

    /// Returns the interval of the tokens that this process uses of the first limit at most, beside others, whose interval is
    /// `declared`. A limit that is full is not used up by others, whatever their share was before.
    pub(in crate::limiter) fn own_interval(&self, declared: Span, now: Instant) -> Span {
        let is_full = self.full_at(0).is_none_or(|full_at| full_at <= now);
        let usage = self.calls.as_ref().map_or(&self.usage, |it| &it.usage[0]);
        let share = usage.measured().filter(|_| !is_full).unwrap_or(1.0);
        Span::from_f64((declared.to_f64() / share).ceil())
    }

    /// Records a request that failed. A late one tells nothing if a later one was answered.
    pub(in crate::limiter) fn failed(&mut self, id: u64, why: &StoreError, now: Instant) {
        let heard = self.heard_at();
        let failed = self.take_in_flight(id);
        let Some(flight) = failed.filter(|flight| !flight.late || flight.sent_since(heard)) else {
            return;
        };
        if why.is_rejected() {
            self.reject(why, now);
        } else {
            // One that was sent before, on another connection perhaps, may still be answered.
            let earlier = |other: &InFlight| !other.spare && other.sent < flight.sent;
            let late = self.in_flight.iter().any(earlier);
            self.not_before = now.after(self.config.probe_every);
            self.leave(late, StoreEvent::Away(why.to_string().into()), now);
        }
    }

    /// Records a request that was dropped in this process: with its runtime, or at its end.
    pub(in crate::limiter) fn lost(&mut self, id: u64, now: Instant) {
        self.give_up(now);
        if self.take_in_flight(id).is_some() {
            self.not_before = now.after(LOST);
            self.unsettled = true;
        }
    }

    /// Returns whether waiters may have to be refused, once after each change.
    pub(in crate::limiter) fn is_unsettled(&mut self, now: Instant) -> bool {
        self.give_up(now);
        mem::take(&mut self.unsettled)
    }

    /// Marks the requests that have become late, and drops those whose end has come. They tell something
    /// about the store only if no answer has been received since they were sent.
    pub(super) fn give_up(&mut self, now: Instant) {
        let heard = self.heard_at();
        let mut missed = false;
        for flight in &mut self.in_flight {
            if !flight.late && flight.late_at <= now {
                flight.late = true;
                missed |= flight.sent_since(heard);
            }
        }
        if missed {
            let timeout = self.config.timeout.into();
            self.leave(true, StoreEvent::Late(timeout), now);
        }
        while let Some(at) = self.in_flight.iter().position(|flight| flight.ends <= now) {
            let flight = self.in_flight.swap_remove(at);
            if !flight.spare && flight.sent_since(heard) {
                self.leave(false, StoreEvent::Away("it does not answer".into()), now);
            }
        }
    }

    /// Goes on without the store. Late answers that are no longer waited for are not waited for again.
    fn leave(&mut self, late: bool, event: StoreEvent, now: Instant) {
        self.unsettled = true;
        let late = match self.mode {
            Mode::Broken { again_at, .. } if now < again_at => return,
            Mode::Away { late: before, .. } => late && before,
            Mode::Broken { .. } | Mode::Up => late,
        };
        self.event = Some(event);
        let probe_at = now.after(self.config.probe_every);
        self.mode = Mode::Away { probe_at, late };
    }

    /// Records that the store rejects requests.
    fn reject(&mut self, why: &StoreError, now: Instant) {
        self.unsettled = true;
        let again_at = now.after(REJECTED);
        let why: Arc<str> = why.to_string().into();
        self.event = Some(StoreEvent::Rejected(Arc::clone(&why)));
        self.mode = Mode::Broken { again_at, why };
    }

    /// Returns why a caller that has no use for a permit after `latest` is refused now; `None`: it may wait.
    pub(in crate::limiter) fn refusal(&self, latest: Instant, now: Instant) -> Option<Arc<str>> {
        match &self.mode {
            Mode::Broken { again_at, why } if now < *again_at => Some(Arc::clone(why)),
            Mode::Away { probe_at, .. } if self.config.on_error == OnStoreError::Closed => {
                let asked = self.is_asking() || now >= *probe_at;
                let waits = asked || (latest < Instant::FAR && self.is_awaited());
                (!waits).then(|| Arc::from("the store cannot be reached"))
            }
            _ => None,
        }
    }

    /// Returns when the last of `cost` tokens is free if the store does not answer; `None`: never.
    pub(in crate::limiter) fn due_alone(
        &self,
        cost: u64,
        full_at: Instant,
        shape: Shape,
        now: Instant,
    ) -> Option<Instant> {
        let in_time = self.in_flight.iter().filter(|flight| !flight.late);
        let from = in_time.map(|flight| flight.late_at).max();
        let from = from.unwrap_or(now).max(now + Span::SHORTEST);
        match self.config.on_error {
            OnStoreError::Local => {
                let own = Bucket::new(full_at, self.own(shape));
                Some(own.earliest(cost, from))
            }
            OnStoreError::Open => Some(from),
            OnStoreError::Closed => None,
        }
    }

    /// Returns whether a request is in flight that is not late.
    pub(super) fn is_asking(&self) -> bool {
        self.in_flight.iter().any(|flight| !flight.late)
    }

    /// Returns whether a request was sent at this very instant to a store that answers.
    pub(in crate::limiter) fn has_just_asked(&self, now: Instant) -> bool {
        matches!(self.mode, Mode::Up) && self.in_flight.iter().any(|flight| flight.sent == now)
    }

    /// Returns whether callers that would be refused without the store wait for a late answer.
    pub(super) fn is_awaited(&self) -> bool {
        matches!(self.mode, Mode::Away { late: true, .. }) && !self.in_flight.is_empty()
    }
}

impl InFlight {
    /// Returns whether it was sent after the last reply, which was received at `heard`. If not, its loss tells
    /// nothing about the store.
    fn sent_since(&self, heard: Option<Instant>) -> bool {
        heard.is_none_or(|heard| self.sent >= heard)
    }
}
