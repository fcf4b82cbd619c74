//! Requests for calls: which, and when.

use crate::bucket::Shape;
use crate::costs::Costs;
use crate::costs::MAX_ROWS;
use crate::costs::TotalCosts;
use crate::learning::Pace;
use crate::store::Action;
use crate::store::Actions;
use crate::store::Calls;
use crate::store::NOTHING_LEFT;
use crate::store::State;
use crate::store::Ticks;
use crate::time::Instant;
use crate::time::Span;

use super::AFTER_EMPTY_DRAW;
use super::Demand;
use super::InFlight;
use super::Mode;
use super::Remote;
use super::StoreView;
use super::requests::DRAWS;
use super::requests::FAR;
use super::requests::MOST;
use super::requests::is_close;
use super::resuming::LOOK;

/// Time for which a call is kept that no caller waits for.
const SPARE: Span = Span::from_millis(50);

/// Time for which a store draws ahead of any limit.
const DRAWN_AHEAD: Span = Span::from_secs(50);

/// Number of callers for which calls are drawn at once.
pub(in crate::limiter) const FRONT: usize = Calls::MAX as usize;

impl Remote {
    /// Collects the requests that have to be sent now. `front`: the costs of the first waiters, in their order. Returns
    /// when to come back for the next.
    pub(in crate::limiter) fn plan_calls(
        &mut self,
        front: &[Costs],
        demand: Demand,
        shape: Shape,
        now: Instant,
    ) -> Instant {
        self.give_up(now);
        self.drop_void_calls(now);
        let wanted = self.calls.as_ref().and_then(|draws| draws.wanted);
        let wanted: Vec<Costs> = wanted.into_iter().collect();
        // A caller that does not wait comes after those that do, and has no use for a call that is due later.
        let (front, demand) = if front.is_empty() {
            let latest = now.after(self.horizon());
            (wanted.as_slice(), Demand { latest, ..demand })
        } else {
            (front, demand)
        };
        if let Some(draws) = &mut self.calls {
            let left = draws.held.left_over(front, now.after(SPARE), now);
            draws.give_back(&left, now);
        }
        match self.mode {
            Mode::Away { probe_at, .. } => {
                if now >= probe_at.max(self.not_before) && !self.is_asking() {
                    self.push(Action::Peek, shape, now);
                }
            }
            Mode::Broken { again_at, .. } if now < again_at => {}
            Mode::Broken { .. } | Mode::Up => self.ask_for_calls(front, demand, shape, now),
        }
        self.next_call_due(front, demand, now)
    }

    fn ask_for_calls(&mut self, front: &[Costs], demand: Demand, shape: Shape, now: Instant) {
        if now < self.not_before {
            return;
        }
        let lacking = if demand.waits_elsewhere {
            Vec::new()
        } else {
            self.calls_to_draw(front, demand, now)
        };
        if !lacking.is_empty() {
            self.push_calls(lacking, demand, shape, now);
        } else if self
            .asks_for_head_at(front, demand, now)
            .is_some_and(|at| at <= now)
            || self.looks(now)
            || self.corrections_due().is_some_and(|at| at <= now)
        {
            self.push(Action::Peek, shape, now);
        }
    }

    /// Sends the corrections that wait for another request, at once.
    pub(in crate::limiter) fn flush_corrections(&mut self, shape: Shape, now: Instant) {
        if self.corrections_due().is_some() && matches!(self.mode, Mode::Up) {
            self.push(Action::Peek, shape, now);
        }
    }

    fn corrections_due(&self) -> Option<Instant> {
        let draws = self.calls.as_ref()?;
        draws.corrections.due_at()
    }

    /// Returns the costs of the callers for which calls are to be drawn now.
    fn calls_to_draw(&self, front: &[Costs], demand: Demand, now: Instant) -> Vec<Costs> {
        let lacking = self.lacking_calls(front);
        let under_way = self.in_time().map(|flight| flight.tokens as usize);
        let (flights, calls) = under_way.fold((0, 0), |(n, sum), calls| {
            (n + usize::from(calls > 0), sum + calls)
        });
        let is_full = flights >= DRAWS || self.in_flight.len() >= MOST;
        // Draws that follow each other closely are larger each time, so that not each caller makes one.
        if is_full || lacking.len() < calls || self.draws_calls_at(front, now) > now {
            return Vec::new();
        }
        let first = lacking.first().map(|costs| {
            let total = TotalCosts::default().and(costs);
            self.forecast(&total, now).0
        });
        // The first waiter has no use for a call as late as that.
        if first.is_some_and(|due| due > demand.latest) {
            return Vec::new();
        }
        lacking
    }

    /// Returns the requests in flight whose calls are counted on.
    fn in_time(&self) -> impl Iterator<Item = &InFlight> {
        self.in_flight.iter().filter(|flight| !flight.late)
    }

    /// Returns the costs of the callers for which no call is held or under way, in their order.
    fn lacking_calls(&self, front: &[Costs]) -> Vec<Costs> {
        let Some(draws) = &self.calls else {
            return Vec::new();
        };
        let mut lacking = draws.held.lacking(front);
        for flight in self.in_time() {
            let asked = draws.asked.iter().find(|asked| asked.id == flight.id);
            for costs in asked.into_iter().flat_map(|asked| &asked.calls) {
                if let Some(at) = lacking.iter().position(|it| it == costs) {
                    lacking.remove(at);
                }
            }
        }
        lacking
    }

    /// Returns when to draw the next calls: when those that are held are used up within half the horizon, so that many
    /// are drawn at once.
    fn draws_calls_at(&self, front: &[Costs], now: Instant) -> Instant {
        let held = self.calls.as_ref().map(|draws| &draws.held);
        let has_first = front
            .first()
            .zip(held)
            .is_some_and(|(first, held)| held.find(first).is_some());
        let last = held.and_then(super::held_calls::HeldCalls::last);
        match last {
            Some(last) if has_first => last.before(self.horizon() / 2),
            _ => self.asks_for_closed_at(front, now),
        }
    }

    /// Returns when to draw a call for which nothing is held: now, or later while one of its limits is closed for longer than
    /// a store draws ahead. Another process may hear that it is open again.
    fn asks_for_closed_at(&self, front: &[Costs], now: Instant) -> Instant {
        let Some((known, costs)) = self.known.as_ref().zip(front.first()) else {
            return now;
        };
        let paid = (0..MAX_ROWS).filter(|row| costs.of(*row) > 0);
        let opens = paid.filter_map(|row| known.closed_until(row)).max();
        match opens.filter(|opens| *opens > now.after(DRAWN_AHEAD)) {
            Some(_) => known.received.after(LOOK).max(now),
            None => now,
        }
    }

    /// Returns when to ask whether there has been a pause, so that the answer is there when the first call is due.
    fn asks_for_head_at(&self, front: &[Costs], demand: Demand, now: Instant) -> Option<Instant> {
        if demand.waits_elsewhere {
            return None;
        }
        let held = &self.calls.as_ref()?.held;
        let due = held.find(front.first()?)?.due.max(now);
        let asks = !self.is_asking() && !self.is_fresh(due);
        asks.then(|| due.before(self.slowest).max(self.not_before))
    }

    fn push_calls(&mut self, lacking: Vec<Costs>, demand: Demand, shape: Shape, now: Instant) {
        let Some(draws) = &self.calls else { return };
        let action = Action::DrawCalls {
            calls: draws.limits.calls(&lacking),
            horizon: Ticks::from_span(self.horizon()).min(FAR),
            longest: Ticks::from_span(demand.latest.since(now)).min(FAR),
            drain: matches!(self.mode, Mode::Up) && self.spent > 0,
        };
        self.push(action, shape, now);
        let id = self.outgoing.last().map_or(0, |outgoing| outgoing.id);
        if let Some(draws) = &mut self.calls {
            draws.asked_mut(id).calls = lacking;
        }
    }

    /// Returns the actions of a new request, with the corrections that wait for one ahead.
    pub(super) fn with_corrections(&mut self, id: u64, action: Action) -> Actions {
        let Some(draws) = &mut self.calls else {
            return action.into();
        };
        let (corrections, charges) = draws.corrections.take();
        let heals = draws.lost.is_some();
        let asked = draws.asked_mut(id);
        (asked.charges, asked.heals) = (charges, heals);
        let mut all = corrections.into_iter().chain([action]);
        let first = all.next().unwrap_or(Action::Peek);
        all.fold(Actions::one(first), Actions::and)
    }

    /// Returns the last state that this process saw, by which the store restores what it has lost.
    ///
    /// Another process may have given something back since. So it does not say how much was drawn, unless the store has
    /// lost that for certain.
    pub(super) fn floor(&self, known: &StoreView, sent: Ticks) -> Option<State> {
        let Some(draws) = &self.calls else {
            return Some(known.state.clone());
        };
        if let Some(lost) = &draws.lost {
            return Some(lost.clone());
        }
        // All stores may have forgotten it by now.
        if known.state.expires_at() <= sent {
            return None;
        }
        let mut floor = known.state.clone();
        for row in &mut floor.rows {
            row.full_at = Ticks::ZERO;
        }
        Some(floor)
    }

    /// Forgets draws that are not under way any more, and calls that were not made in time, and corrects them.
    pub(super) fn drop_void_calls(&mut self, now: Instant) {
        self.drop_lost_draws(now);
        if let Some(draws) = &mut self.calls {
            let expired = draws.held.expired(now);
            draws.give_back(&expired, now);
        }
    }

    /// Forgets the draws that are not under way any more. What they were to charge is charged again.
    fn drop_lost_draws(&mut self, now: Instant) {
        let Some(draws) = &mut self.calls else { return };
        let in_flight = &self.in_flight;
        let corrections = &mut draws.corrections;
        draws.asked.retain(|asked| {
            let is_under_way = in_flight.iter().any(|flight| flight.id == asked.id);
            if !is_under_way {
                corrections.charge_again(&asked.charges, now);
            }
            is_under_way
        });
    }

    /// Tells all processes the pace of the limit at `row` that a server's answers ask for, and until when; or that there
    /// is none any more.
    ///
    /// A process ends only what it has told itself. The state in the store does not say when the request was sent from
    /// whose answer a pace was learnt, so a process cannot tell whether its own answer is a later one.
    pub(in crate::limiter) fn learn_row(
        &mut self,
        row: usize,
        pace: Option<Pace>,
        shape: Shape,
        now: Instant,
    ) {
        let Some(draws) = &mut self.calls else { return };
        if is_close(draws.told[row], pace) {
            return;
        }
        draws.told[row] = pace;
        let (interval, duration) = match pace {
            Some(Pace { interval, until }) => (
                draws.limits.interval(row, interval).min(NOTHING_LEFT),
                until.since(now),
            ),
            None => (Ticks::ZERO, Span::ZERO),
        };
        let Ok(row) = u8::try_from(row) else { return };
        let action = Action::Learn {
            row,
            interval,
            duration: Ticks::from_span_up(duration),
        };
        self.push(action, shape, now);
    }

    /// Tells all processes that nothing is left of the limit at `row` until `until`.
    pub(in crate::limiter) fn close_row(
        &mut self,
        row: usize,
        until: Instant,
        shape: Shape,
        now: Instant,
    ) {
        let interval = NOTHING_LEFT.span();
        self.learn_row(row, Some(Pace { interval, until }), shape, now);
    }

    /// Returns when the limiter has to be visited next although no caller waits, if that is not arranged yet.
    pub(in crate::limiter) fn next_visit(&mut self, now: Instant) -> Option<Instant> {
        let due = self.unarranged_visit(now)?;
        // Requests that are due now were sent, or have to wait for something else.
        let at = due.max(now.after(AFTER_EMPTY_DRAW));
        self.calls.as_mut()?.visit_at = Some(at);
        Some(at)
    }

    /// Returns when something is to be done although no caller waits, if no visit is arranged for it yet.
    pub(in crate::limiter) fn unarranged_visit(&self, now: Instant) -> Option<Instant> {
        let draws = self.calls.as_ref()?;
        if !matches!(self.mode, Mode::Up) {
            return None;
        }
        let due = draws.due_at()?;
        let is_arranged = draws.visit_at.is_some_and(|at| at > now && at <= due);
        (!is_arranged).then_some(due)
    }

    /// Returns when there is something to do next, even without an answer.
    fn next_call_due(&self, front: &[Costs], demand: Demand, now: Instant) -> Instant {
        let given_up = self.in_flight.iter().map(|flight| {
            if flight.late {
                flight.ends
            } else {
                flight.late_at
            }
        });
        let over = demand.soonest.max(now + Span::SHORTEST);
        let next = match self.mode {
            Mode::Away { probe_at, .. } if !self.is_asking() => Some(probe_at.max(self.not_before)),
            Mode::Away { .. } => None,
            Mode::Broken { again_at, .. } => {
                Some(again_at.max(self.not_before)).filter(|&at| at > now)
            }
            Mode::Up => {
                let lacks = !demand.waits_elsewhere && !self.lacking_calls(front).is_empty();
                let draws_at = lacks.then(|| self.draws_calls_at(front, now).max(self.not_before));
                let looks_at = self.looks_at(now).filter(|_| !front.is_empty());
                let asks_at = self.asks_for_head_at(front, demand, now);
                let times = draws_at.into_iter().chain(asks_at).chain(looks_at);
                times.filter(|&at| at > now).min()
            }
        };
        given_up
            .chain([over])
            .chain(next)
            .min()
            .unwrap_or(Instant::FAR)
    }
}
