//! Forecasts when waiters are served, and refuses those whose permit would come too late.

use crate::bucket::Bucket;
use crate::bucket::TIMER_SLACK;
use crate::costs::Costs;
use crate::costs::TotalCosts;
use crate::limiter::remote::Due;
use crate::limiter::request::Priority;
use crate::limiter::wake_list::WakeList;
use crate::schedule::Change;
use crate::schedule::Schedule;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::cooldown::Probe;
use super::waiter::WaiterState;
use super::waiter::expiry;

/// Rounding error of a forecast: with nothing changed, the forecast of a waiter that was let in may move by
/// this much. The waiter is not refused for that.
const ROUNDING: Span = Span::from_nanos(TIMER_SLACK.nanos() / 16);

impl LimiterState {
    /// Returns the instant at which a caller that joins with this priority now gets its permit. `reports`: it
    /// can be the probe after a cooldown.
    pub(in crate::limiter) fn expected(
        &self,
        priority: Priority,
        reports: bool,
        costs: &Costs,
        now: Instant,
    ) -> Instant {
        let total = self.costs_served_before(priority, reports).and(costs);
        self.due_in_all(&total, now)
    }

    /// Returns the costs of callers that are served before one that joins with this priority now.
    fn costs_served_before(&self, priority: Priority, reports: bool) -> TotalCosts {
        let ahead = self.queue.costs_ahead(priority);
        if !matches!(self.cooldown.probe(), Probe::Armed { .. }) {
            return ahead;
        }
        let probe = self.queue.probe();
        let rank = probe.map(|index| self.queue.waiter(index).priority);
        let goes_first = reports && rank.is_none_or(|rank| priority.probes_before(rank));
        match probe {
            _ if goes_first => TotalCosts::default(),
            // The probe is served first, whatever its priority.
            Some(probe) if rank > Some(priority) => ahead.and(&self.queue.costs(probe)),
            _ => ahead,
        }
    }

    /// Returns all waiters, in the order in which they are served.
    pub(super) fn serving_order(&self) -> Vec<u32> {
        let mut order = self.queue.in_order();
        let armed = matches!(self.cooldown.probe(), Probe::Armed { .. });
        let probe = self.queue.probe().filter(|_| armed);
        let place = probe.and_then(|probe| order.iter().position(|&index| index == probe));
        if let Some(place) = place {
            order[..=place].rotate_right(1);
        }
        order
    }

    /// Returns the instant at which the last of `cost` tokens from now on is granted.
    pub(in crate::limiter) fn due(&self, cost: u64, now: Instant) -> Instant {
        let Some(remote) = &self.remote else {
            let schedule = self.schedule(now);
            let (due, start) = (schedule.when(cost), schedule.opens.max(now));
            let strict = self.strict.as_ref();
            let logged = strict.and_then(|it| it.due(cost, start, now, |cost| schedule.when(cost)));
            return logged.map_or(due, |logged| logged.max(due));
        };
        let schedule = self.schedule(now);
        match remote.due(cost, now) {
            Due::At(due) => due.max(schedule.opens),
            Due::Drawn(cost) => schedule.when(cost),
            Due::Late { cost, full_at } => schedule.with_tat(full_at).when(cost),
            Due::Alone(cost) => schedule.map(|shape| remote.own(shape)).when(cost),
        }
    }

    /// Refuses all waiters that cannot be served in time any more, if there may be any.
    pub(super) fn expel_if_late(&mut self, now: Instant, wakes: &mut WakeList) {
        let latest = self.soonest.after(ROUNDING);
        if self.due_in_all(&self.queue.costs_ahead(Priority::First), now) > latest {
            self.expel(now, wakes);
        }
    }

    /// Refuses all waiters that cannot be served in time any more.
    pub(in crate::limiter) fn expel(&mut self, now: Instant, wakes: &mut WakeList) {
        if !self.enforces() {
            return;
        }
        let closed = self.cooldown.closed_in_all();
        let mut ahead = TotalCosts::default();
        self.soonest = Instant::FAR;
        for index in self.serving_order() {
            let waiter = self.queue.waiter(index);
            let (latest, max_closed) = (waiter.latest, waiter.max_closed);
            let costs = self.queue.costs(index);
            let with_it = ahead.and(&costs);
            let until = self.due_in_all(&with_it, now);
            let state = match () {
                () if self.too_large(&costs).is_some() => WaiterState::TooLarge,
                () if closed > max_closed => WaiterState::Closed { until },
                // A permit that is due already is left to `grant`.
                () if until > latest.after(ROUNDING).max(now) => WaiterState::Late { until },
                () => {
                    ahead = with_it;
                    self.soonest = self.soonest.min(latest);
                    continue;
                }
            };
            wakes.add(self.queue.decide(index, state));
        }
    }

    /// Returns the schedule of the bucket in force, of this process or of the store.
    pub(super) fn schedule(&self, now: Instant) -> Schedule {
        let round_trip = self.round_trip.max(Span::SHORTEST);
        let (opens, probe) = match self.cooldown.probe() {
            Probe::Off => (self.cooldown.until(), None),
            Probe::Armed { hold } => (self.cooldown.until(), held_for(round_trip.min(hold))),
            Probe::Out { sent, until } => (until.min(now.max(sent + round_trip)), None),
        };
        let plain = self.share_of(0, self.declared_shape);
        let change = self.learnt.ages_at().map(|at| Change {
            at,
            bucket: Bucket::new(self.declared.map_or(Instant::EPOCH, |it| it.tat), plain),
            probe: held_for(round_trip.min(self.probing())),
        });
        Schedule {
            now,
            opens,
            probe,
            bucket: self.bucket,
            change,
        }
    }

    /// Refuses the waiters whose time is over: something that was unknown when they joined may have held them
    /// up. The waiters of a store are checked with its replies.
    pub(in crate::limiter) fn expire(&mut self, now: Instant, wakes: &mut WakeList) {
        if self.remote.is_some() || now < expiry(self.soonest) {
            return;
        }
        self.soonest = Instant::FAR;
        for index in self.queue.in_order() {
            let latest = self.queue.waiter(index).latest;
            if now < expiry(latest) {
                self.soonest = self.soonest.min(latest);
                continue;
            }
            let until = self.cooldown.held_until().max(now);
            wakes.add(self.queue.decide(index, WaiterState::Late { until }));
        }
    }
}

/// Returns the time for which other calls are held for a probe. `None`: they are not.
fn held_for(span: Span) -> Option<Span> {
    (!span.is_zero()).then_some(span)
}
