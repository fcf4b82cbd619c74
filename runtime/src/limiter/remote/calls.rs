//! Permits of calls that a store serves, each with what it takes of all limits.

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::costs::Costs;
use crate::costs::Settlement;
use crate::costs::Spent;
use crate::costs::TotalCosts;
use crate::store::Limits;
use crate::store::OnStoreError;
use crate::store::Ticks;
use crate::time::Instant;
use crate::time::Span;

use super::CAUTION;
use super::InFlight;
use super::Mode;
use super::Offer;
use super::Remote;
use super::StoreView;
use super::call_draws::CallDraws;
use super::call_draws::CallPayment;
use super::held_calls::HeldCall;
use super::store_limits::StoreLimits;

impl Remote {
    /// Draws calls from now on, from these limits, and no single tokens. Tokens that are held are lost.
    pub(in crate::limiter) fn count_calls(&mut self, limits: &StoreLimits) {
        if let Some(draws) = &mut self.calls {
            draws.set_limits(limits);
        } else {
            self.slots.clear();
            self.calls = Some(Box::new(CallDraws::new(limits, self.usage)));
        }
    }

    /// Returns whether it draws calls.
    #[inline]
    pub(in crate::limiter) const fn draws_calls(&self) -> bool {
        self.calls.is_some()
    }

    /// Asks for the permit of a call at `now`.
    pub(in crate::limiter) fn pay_for_call(&mut self, costs: &Costs, now: Instant) -> CallPayment {
        let (offer, row) = self.offer_call(costs, now);
        match offer {
            Offer::Held => self.take_held_call(costs, now),
            Offer::At(due) => CallPayment::At { due, row },
            Offer::Unknown => CallPayment::unknown(row),
            Offer::Own => CallPayment::Own,
            Offer::Open => {
                self.note_own(now);
                CallPayment::Until {
                    until: Instant::FAR,
                    row: 0,
                }
            }
        }
    }

    /// Returns what there is for the permit of a call at `now`, and the limit that it waits for, if that is known.
    pub(in crate::limiter) fn offer_call(
        &mut self,
        costs: &Costs,
        now: Instant,
    ) -> (Offer, Option<usize>) {
        self.give_up(now);
        let is_known = self.is_fresh(now) || !self.can_be_asked(now);
        let Some(draws) = &mut self.calls else {
            return (Offer::Unknown, None);
        };
        let expired = draws.held.expired(now);
        draws.give_back(&expired, now);
        match draws.held.find(costs).copied() {
            // There may have been a pause since the last reply: the store is asked first.
            Some(call) if call.due <= now && !is_known => (Offer::Unknown, Some(call.row)),
            Some(call) if call.due <= now => (Offer::Held, Some(call.row)),
            Some(call) => (Offer::At(call.due), Some(call.row)),
            None => (self.offer_without_store(now), None),
        }
    }

    /// Takes the first call with these costs that the store has handed out.
    fn take_held_call(&mut self, costs: &Costs, now: Instant) -> CallPayment {
        let draws = self.calls.as_mut();
        let taken = draws.and_then(|draws| {
            let call = draws.held.take(costs)?;
            draws.grants.note(now, call.at);
            Some(CallPayment::Until {
                until: call.until,
                row: call.row,
            })
        });
        taken.unwrap_or(CallPayment::unknown(None))
    }

    /// Records a call that is made without the store: all buckets are to be empty when it is back.
    pub(in crate::limiter) fn note_own(&mut self, now: Instant) {
        self.spent = 1;
        if let Some(draws) = &mut self.calls {
            draws.grants.note(now, Ticks::ZERO);
        }
    }

    /// Puts back a call whose permit was granted at `since` and is not used.
    pub(in crate::limiter) fn put_back_call(
        &mut self,
        costs: &Costs,
        until: Instant,
        since: Instant,
        now: Instant,
    ) {
        let Some(draws) = &mut self.calls else { return };
        let Some(at) = draws.grants.find(since) else {
            return;
        };
        let call = HeldCall {
            costs: *costs,
            due: now,
            until,
            at,
            row: 0,
            spare_until: None,
        };
        if until > now {
            draws.held.push(call);
        } else {
            draws.give_back(&[call], now);
        }
    }

    /// Gives back what a call has drawn whose permit was granted at `since` and is void.
    pub(in crate::limiter) fn void_call(&mut self, costs: &Costs, since: Instant, now: Instant) {
        if let Some(draws) = &mut self.calls {
            let at = draws.grants.find(since);
            draws.correct(at, costs, &Spent::NOTHING, now);
        }
    }

    /// Makes void all calls that are held.
    pub(in crate::limiter) fn void_calls(&mut self, now: Instant) {
        if let Some(draws) = &mut self.calls {
            let held = draws.held.clear();
            draws.give_back(&held, now);
        }
    }

    /// Records that a permit which was granted at `since` is picked up at `now`.
    pub(in crate::limiter) fn call_picked_up(&mut self, since: Instant, now: Instant) {
        if let Some(draws) = &mut self.calls {
            draws.grants.picked_up(since, now);
        }
    }

    /// Records what an attempt really took, to be sent soon.
    pub(in crate::limiter) fn settle(&mut self, settlement: &Settlement, now: Instant) {
        let Some(draws) = &mut self.calls else { return };
        let Settlement {
            drawn_at,
            costs,
            spent,
        } = settlement;
        let at = draws.grants.find(*drawn_at);
        draws.correct(at, costs, spent, now);
    }

    /// Records the costs of a caller that does not wait.
    pub(in crate::limiter) fn want_call(&mut self, costs: &Costs) {
        if let Some(draws) = &mut self.calls {
            draws.wanted = Some(*costs);
        }
    }

    /// Returns whether a call with these costs is held.
    pub(in crate::limiter) fn holds_call(&self, costs: &Costs) -> bool {
        let draws = self.calls.as_ref();
        draws.is_some_and(|draws| draws.held.find(costs).is_some())
    }

    /// Returns the instant at which the limit at `row` is full, as far as is known.
    pub(in crate::limiter) fn full_at(&self, row: usize) -> Option<Instant> {
        let known = self.known.as_ref()?;
        Some(known.local(known.state.rows.get(row)?.full_at))
    }

    /// Returns the instant until which nothing is left of the limit at `row`, as a server has told any of the processes.
    pub(in crate::limiter) fn row_closed_until(&self, row: usize) -> Option<Instant> {
        self.known.as_ref()?.closed_until(row)
    }

    /// Returns the shape of this process's own bucket for one limit while the store is away: its share of the rate.
    pub(in crate::limiter) fn own_row(&self, row: usize, shape: Shape) -> Shape {
        let used = self.calls.as_ref().map_or(1.0, |it| it.usage[row].value());
        let interval = Span::from_f64((shape.interval.to_f64() / (used * CAUTION)).ceil());
        Shape {
            interval,
            capacity: interval,
        }
    }

    /// Returns whether this process's own buckets decide, as far as is known.
    pub(in crate::limiter) fn is_alone(&self) -> bool {
        let is_away = matches!(self.mode, Mode::Away { .. });
        is_away && self.config.on_error == OnStoreError::Local && !self.is_awaited()
    }

    /// Returns when the last of calls with these costs together can be made, and the limit that has its tokens last.
    pub(in crate::limiter) fn forecast(
        &self,
        total: &TotalCosts,
        now: Instant,
    ) -> (Instant, usize) {
        let mut last = (now, 0);
        let Some(draws) = &self.calls else {
            return last;
        };
        let mut rest = *total;
        let nothing = TotalCosts::default();
        for call in draws.held.iter() {
            if rest == nothing {
                return last;
            }
            last = last.max((call.due, call.row));
            rest = rest.without(&call.costs);
        }
        let Some(known) = &self.known else {
            return last;
        };
        // The known state may already lack what requests in flight draw.
        let counted = |flight: &&InFlight| flight.sent < known.received;
        for flight in self.in_flight.iter().filter(counted) {
            let asked = draws.asked.iter().find(|asked| asked.id == flight.id);
            for costs in asked.into_iter().flat_map(|asked| &asked.calls) {
                rest = rest.without(costs);
            }
        }
        for row in 0..draws.limits.rows() {
            let quanta = draws.limits.total(&rest, row);
            if quanta > 0 {
                let untold = draws.untold(row, |id| {
                    let mut flights = self.in_flight.iter();
                    flights.any(|flight| flight.id == id && flight.sent >= known.received)
                });
                let quanta = quanta.saturating_add(untold);
                let due = known.row_due(&draws.limits.limits, row, quanta, now);
                last = last.max((due, row));
            }
        }
        last
    }
}

impl StoreView {
    /// Returns the time of the store at which a request is sent at `now`, as this process estimates it.
    pub(super) fn sent_at(&self, now: Instant) -> Ticks {
        self.now + Ticks::from_span(now.since(self.latest))
    }

    /// Returns the limits in force, before and with what was learnt.
    pub(super) fn in_force(&self, declared: &Limits) -> (Limits, Limits) {
        let usual = self.state.in_force(declared, self.now);
        (usual, self.state.slowed(&usual, self.now))
    }

    /// Returns the instant until which nothing is left of the limit at `row`, as a server has told any of the processes.
    pub(super) fn closed_until(&self, row: usize) -> Option<Instant> {
        let closed = self.state.rows[row].closed_until(self.now)?;
        Some(self.local(closed))
    }

    /// Returns when so many quanta of the limit at `row` are free.
    fn row_due(&self, declared: &Limits, row: usize, quanta: u64, now: Instant) -> Instant {
        let (usual, slowed) = self.in_force(declared);
        let full_at = self.local(self.state.rows[row].full_at);
        let due = |limits: &Limits| {
            let limit = limits.as_slice()[row];
            let shape = Shape {
                interval: limit.interval().span(),
                capacity: limit.capacity().span(),
            };
            Bucket::new(full_at, shape).earliest(quanta, now)
        };
        if usual == slowed {
            let opens = self.closed_until(row).unwrap_or(now);
            return due(&usual).max(opens);
        }
        // Tokens that a server's pace holds back can come as soon as that pace is over.
        let over = self.local(self.state.rows[row].learnt_until);
        due(&slowed).min(due(&usual).max(over))
    }
}
