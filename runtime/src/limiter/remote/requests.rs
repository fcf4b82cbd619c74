//! Requests to the store: which, and when.

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::learning::Pace;
use crate::store::Action;
use crate::store::Limit;
use crate::store::Limits;
use crate::store::PauseKind;
use crate::store::Request;
use crate::store::State;
use crate::store::Ticks;
use crate::time::Instant;
use crate::time::Span;

use super::Demand;
use super::InFlight;
use super::LONGEST_WAIT;
use super::Mode;
use super::Outgoing;
use super::Remote;
use super::StoreEvent;
use super::StoreView;

/// Maximum number of draws in flight.
pub(super) const DRAWS: usize = 4;

/// Time ahead for which tokens are drawn, unless three round trips are longer.
const HORIZON: Span = Span::from_millis(20);

/// Most by which the ends of two paces differ that are taken to be the same.
const CLOSE: Span = Span::from_millis(100);

/// Maximum number of requests in flight, late ones included.
pub(super) const MOST: usize = 16;

/// Further ahead than any token: 8.9 years.
pub(super) const FAR: Ticks = Ticks::new(1 << 50);

impl Remote {
    /// Collects the requests that have to be sent now. Returns when to come back for the next.
    pub(in crate::limiter) fn plan(
        &mut self,
        demand: Demand,
        shape: Shape,
        now: Instant,
    ) -> Instant {
        self.give_up(now);
        match self.mode {
            Mode::Away { probe_at, late } => {
                // For callers that came after the late requests were sent.
                let draws = late && now >= self.not_before;
                if let Some(draw_size) = self.draw_size(demand, shape, now).filter(|_| draws) {
                    self.push_draw(draw_size, demand, shape, now);
                }
                if now >= probe_at.max(self.not_before) && !self.is_asking() {
                    self.push(Action::Peek, shape, now);
                }
            }
            Mode::Broken { again_at, .. } if now < again_at => {}
            Mode::Broken { .. } | Mode::Up => self.draw(demand, shape, now),
        }
        self.plan_charges(shape, now);
        self.next_due(demand, now)
    }

    /// Returns the requests to send.
    pub(in crate::limiter) fn outgoing(&mut self) -> Vec<Outgoing> {
        core::mem::take(&mut self.outgoing)
    }

    /// Returns the event to report.
    pub(in crate::limiter) fn event(&mut self) -> Option<StoreEvent> {
        let tighter = || {
            self.held_quota
                .news()
                .map(|news| StoreEvent::Tighter(news.into()))
        };
        self.event.take().or_else(tighter)
    }

    /// Tells all processes that a server wants no calls before `until`.
    pub(in crate::limiter) fn pause(&mut self, until: Instant, shape: Shape, now: Instant) {
        self.told_until = self.told_until.max(until);
        self.resumed_at = None;
        self.slots.clear();
        self.void_calls(now);
        self.tell_pause(shape, now);
    }

    /// Tells all processes the pace that a server's answers ask for, and until when; or that there is none
    /// any more.
    pub(in crate::limiter) fn learn(&mut self, pace: Option<Pace>, shape: Shape, now: Instant) {
        if is_close(self.told_pace, pace) {
            return;
        }
        self.told_pace = pace;
        let (interval, duration) = match pace {
            Some(Pace { interval, until }) => (interval, until.since(now)),
            None => (Span::ZERO, Span::ZERO),
        };
        let action = Action::Learn {
            row: 0,
            interval: Ticks::from_span_up(interval),
            duration: Ticks::from_span_up(duration),
        };
        self.push(action, shape, now);
    }

    pub(super) fn tell_pause(&mut self, shape: Shape, now: Instant) {
        let duration = Ticks::from_span_up(self.told_until.since(now));
        let kind = PauseKind::Wait;
        self.push(Action::Pause { duration, kind }, shape, now);
    }

    fn draw(&mut self, demand: Demand, shape: Shape, now: Instant) {
        if now < self.not_before {
            return;
        }
        if let Some(draw_size) = self.draw_size(demand, shape, now) {
            self.push_draw(draw_size, demand, shape, now);
        } else if self.asks_at(demand, now).is_some_and(|at| at <= now)
            || self.looks(now)
            || self.asks_for_try(now)
        {
            self.push(Action::Peek, shape, now);
        }
    }

    fn push_draw(&mut self, draw_size: (u32, Span), demand: Demand, shape: Shape, now: Instant) {
        let (tokens, horizon) = draw_size;
        let late = self.in_flight.iter().filter(|flight| flight.late);
        let under_way: u64 = late.map(|flight| u64::from(flight.tokens)).sum();
        let action = Action::Draw {
            tokens,
            horizon: Ticks::from_span(horizon).min(FAR),
            longest: Ticks::from_span(demand.latest.since(now)).min(FAR),
            drain: matches!(self.mode, Mode::Up) && self.spent > under_way,
        };
        self.push(action, shape, now);
    }

    /// Returns how many tokens to draw now, and how far ahead they may be due.
    fn draw_size(&self, demand: Demand, shape: Shape, now: Instant) -> Option<(u32, Span)> {
        let draws = self.draws();
        if draws.clone().count() >= DRAWS || self.in_flight.len() >= MOST {
            return None;
        }
        // The first waiter waits for a token that is in flight, and has no use for the next one.
        let next = |known: &StoreView| {
            let full_at = known.local(known.state.rows[0].full_at);
            let free_at = Bucket::new(full_at, shape).earliest(1, now);
            known.next_token_at.map_or(free_at, |at| at.max(free_at))
        };
        if self
            .known
            .as_ref()
            .map(next)
            .is_some_and(|next| next > demand.latest)
        {
            return None;
        }
        let first = if demand.first > 0 {
            demand.first
        } else {
            self.wanted
        };
        let comes = draws.clone().any(|flight| flight.tokens >= first);
        if first > 1 && !comes && !self.slots.covers(first) {
            // All tokens of one call come in one draw, however far ahead. If they came one by one, between
            // those of other calls, the first could expire before the last is due.
            return Some((first, Span::LONGEST));
        }
        let lacking = self.lacking(demand);
        // Draws that follow each other closely are larger each time, so that not each caller
        // makes one.
        let close = draws.filter(|draw| !draw.late);
        let grows = lacking >= close.map(|draw| u64::from(draw.tokens)).sum();
        let due = lacking > 0 && grows && self.draws_at(demand, now) <= now;
        due.then(|| (u32::try_from(lacking).unwrap_or(u32::MAX), self.horizon()))
    }

    /// Returns when to ask whether there has been a pause, so that the answer is there when the first waiter
    /// can use its tokens: they last little longer than the bucket takes to fill, which may be less than a
    /// round trip.
    fn asks_at(&self, demand: Demand, now: Instant) -> Option<Instant> {
        let due = self.slots.due(u64::from(demand.first))?.max(now);
        let asks = demand.first > 0 && !self.is_asking() && !self.is_fresh(due);
        asks.then(|| due.before(self.slowest).max(self.not_before))
    }

    /// Returns the draws in flight whose tokens are counted on. While the store answers, late ones are not.
    fn draws(&self) -> impl Iterator<Item = &InFlight> + Clone {
        let away = matches!(self.mode, Mode::Away { .. });
        let counts = move |flight: &&InFlight| flight.tokens > 0 && (away || !flight.late);
        self.in_flight.iter().filter(counts)
    }

    /// Counts the tokens that are waited for and neither held nor asked for. Those that arrive late also
    /// make up for what was used without the store in the meantime.
    fn lacking(&self, demand: Demand) -> u64 {
        let asked = self.draws().map(|flight| u64::from(flight.tokens));
        let covered = self.slots.count() + asked.sum::<u64>();
        let wanted = demand.tokens.max(u64::from(self.wanted));
        let spent = match self.mode {
            Mode::Away { .. } => self.spent,
            Mode::Up | Mode::Broken { .. } => 0,
        };
        wanted.saturating_add(spent).saturating_sub(covered)
    }

    /// Returns when to draw the next tokens: when those that are held are used up within half the horizon, so
    /// that many are drawn at once and the last is not used before the next come.
    fn draws_at(&self, demand: Demand, now: Instant) -> Instant {
        match self.slots.last() {
            Some(last) if self.slots.count() >= u64::from(demand.first) => {
                last.before(self.horizon() / 2)
            }
            _ => now,
        }
    }

    pub(super) fn horizon(&self) -> Span {
        HORIZON.max(self.round_trip.times(3))
    }

    /// Returns the limits that requests carry.
    pub(in crate::limiter) fn limits(&self, shape: Shape) -> Limits {
        match &self.calls {
            Some(draws) => draws.limits.limits,
            None => Limits::one(Limit::of(shape).with_period(self.period)),
        }
    }

    /// Adds an action to the request that is about to be sent, or makes a request for it.
    pub(super) fn push(&mut self, action: Action, shape: Shape, now: Instant) {
        let limits = self.limits(shape);
        let Some(action) = self.join(action, limits) else {
            return;
        };
        let spare = action == Action::Peek && !self.in_flight.is_empty();
        let timeout = self.config.timeout;
        let ends_after = if spare {
            timeout
        } else {
            timeout.max(LONGEST_WAIT)
        };
        self.ids += 1;
        let mut flight = InFlight {
            id: self.ids,
            tokens: 0,
            sent: now,
            late_at: now.after(timeout),
            ends: now.after(ends_after),
            late: false,
            spare,
            pauses: false,
            resumes: false,
            drains: false,
        };
        flight.note(&action);
        self.in_flight.push(flight);
        let mut request = Request::new(self.with_corrections(self.ids, action), limits);
        if let Some(known) = &self.known {
            let sent = known.sent_at(now);
            request.floor = self.floor(known, sent);
            request = request
                .sent_at(sent)
                .not_after(sent + Ticks::from_span_up(ends_after));
        }
        self.outgoing.push(Outgoing {
            id: self.ids,
            request,
            ends_after,
        });
    }

    /// Returns the state by which a request that is sent at `now` restores what the store has lost.
    pub(in crate::limiter) fn floor_at(&self, now: Instant) -> Option<State> {
        let known = self.known.as_ref()?;
        self.floor(known, known.sent_at(now))
    }

    /// Adds an action to the last request that is still to be sent. Returns the action if there is none that it can be
    /// part of.
    fn join(&mut self, action: Action, limits: Limits) -> Option<Action> {
        let last = self.outgoing.last_mut();
        let Some(last) = last.filter(|last| last.request.limits == limits) else {
            return Some(action);
        };
        let flight = self.in_flight.iter_mut().find(|it| it.id == last.id);
        let Some(flight) = flight.filter(|flight| !flight.spare) else {
            return Some(action);
        };
        match action {
            // The reply has the state in any case.
            Action::Peek => return None,
            // It makes void what the same request has drawn.
            Action::Pause { .. } | Action::Resume { .. } | Action::DrawCalls { .. }
                if flight.tokens > 0 =>
            {
                return Some(action);
            }
            _ => {}
        }
        flight.note(&action);
        last.request.actions.push(action);
        None
    }

    /// Returns when there is something to do next, even without an answer.
    fn next_due(&self, demand: Demand, now: Instant) -> Instant {
        let in_flight = self.in_flight.iter();
        let given_up = in_flight.map(|flight| {
            if flight.late {
                flight.ends
            } else {
                flight.late_at
            }
        });
        let over = Some(demand.soonest.max(now + Span::SHORTEST));
        let next = match self.mode {
            Mode::Away { probe_at, .. } if !self.is_asking() => Some(probe_at.max(self.not_before)),
            Mode::Up => {
                let draws = self.lacking(demand) > 0;
                let draws_at = draws.then(|| self.draws_at(demand, now).max(self.not_before));
                let looks_at = self.looks_at(now).filter(|_| demand.tokens > 0);
                let asks_at = self.asks_at(demand, now);
                let times = draws_at.into_iter().chain(asks_at).chain(looks_at);
                times.filter(|&at| at > now).min()
            }
            Mode::Broken { again_at, .. } => {
                Some(again_at.max(self.not_before)).filter(|&at| at > now)
            }
            Mode::Away { .. } => None,
        };
        let all = given_up.chain(over).chain(next);
        all.min().unwrap_or(Instant::FAR)
    }
}

impl InFlight {
    /// Records an action of the request.
    fn note(&mut self, action: &Action) {
        match *action {
            Action::Draw { tokens, drain, .. } => {
                self.tokens = self.tokens.saturating_add(tokens);
                self.drains |= drain;
            }
            Action::DrawCalls {
                ref calls, drain, ..
            } => {
                self.tokens = self.tokens.saturating_add(calls.len());
                self.drains |= drain;
            }
            Action::Pause { .. } => self.pauses = true,
            Action::Resume { .. } => self.resumes = true,
            _ => {}
        }
    }
}

/// Returns whether two paces differ too little to be told.
pub(super) fn is_close(told: Option<Pace>, pace: Option<Pace>) -> bool {
    match (told, pace) {
        (None, None) => true,
        (Some(told), Some(Pace { interval, until })) => {
            told.interval.abs_diff(interval) <= interval / 16 && told.until.abs_diff(until) <= CLOSE
        }
        _ => false,
    }
}
