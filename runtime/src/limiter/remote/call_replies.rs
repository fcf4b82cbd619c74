//! Replies to requests for calls.

use crate::bucket::Shape;
use crate::bucket::TIMER_SLACK;
use crate::costs::Costs;
use crate::costs::MAX_ROWS;
use crate::store::Action;
use crate::store::Limit;
use crate::store::Reply;
use crate::store::Ticks;
use crate::time::Instant;
use crate::time::Span;

use super::Remote;
use super::StoreView;
use super::call_draws::AskedCalls;
use super::call_draws::CallDraws;
use super::held_calls::HeldCall;
use super::store_limits::StoreLimits;

impl Remote {
    /// Holds the calls that a reply has served.
    pub(super) fn hold_calls(
        &mut self,
        id: u64,
        reply: &Reply,
        heard: &StoreView,
        shape: Shape,
        now: Instant,
    ) {
        // A state that all stores may have forgotten by now means nothing.
        let known = self.known.as_ref();
        let known = known.filter(|known| known.state.expires_at() > reply.now);
        let generation = known.map_or(reply.state.generation, |known| known.state.generation);
        let lost = known.filter(|known| has_lost(known, reply)).cloned();
        let usual = self.config.timeout.max(self.fastest);
        let Some(draws) = &mut self.calls else { return };
        draws.wanted = None;
        let asked = draws.take_asked(id);
        if reply.stale {
            return draws.corrections.charge_again(&asked.charges, now);
        }
        if asked.heals {
            draws.lost = None;
        }
        if let Some(known) = lost {
            // The calls that it has served now were drawn before all that was lost is known again.
            let mut state = known.state;
            state.generation = reply.state.generation;
            draws.lost = Some(state);
            self.push(Action::Peek, shape, now);
            return;
        }
        draws.note_prices(&asked, reply, heard);
        let excess = heard.latest.since(heard.earliest).minus(usual);
        let is_void = reply.state.generation < generation;
        for call in served(&asked, reply, heard, &draws.limits, excess) {
            if is_void || call.until < now {
                draws.give_back(&[call], now);
            } else {
                draws.held.push(call);
            }
        }
        self.measure_calls(&asked, reply, heard);
    }

    /// Reads from the growth of each bucket's debt between two answers how much all processes drew.
    #[expect(clippy::cast_precision_loss, reason = "ticks stay below 2^53")]
    fn measure_calls(&mut self, asked: &AskedCalls, reply: &Reply, heard: &StoreView) {
        let (Some(known), Some(draws)) = (&self.known, &mut self.calls) else {
            return;
        };
        let (_, limits) = heard.in_force(&draws.limits.limits);
        let mut own = [0_u64; MAX_ROWS];
        for (costs, _) in asked.calls.iter().zip(&reply.calls) {
            let quanta = draws.limits.quanta_of(costs);
            for (own, quanta) in own.iter_mut().zip(quanta) {
                *own += u64::from(quanta);
            }
        }
        for (row, limit) in limits.as_slice().iter().enumerate() {
            let before = known.state.rows[row].full_at;
            let after = reply.state.rows[row].full_at;
            // Where it was full in between, the growth says nothing.
            if before > reply.now && after > before {
                let all = (after - before).get() as f64 / limit.interval().get().max(1) as f64;
                draws.usage[row].count(own[row] as f64, all);
            }
        }
    }
}

impl CallDraws {
    /// Notes calls that were drawn at a lower price than that of the declared limits.
    fn note_prices(&mut self, asked: &AskedCalls, reply: &Reply, heard: &StoreView) {
        let (_, limits) = heard.in_force(&self.limits.limits);
        let pairs = || limits.as_slice().iter().zip(self.limits.limits.as_slice());
        let is_lower = |costs: &Costs| {
            let quanta = self.limits.quanta_of(costs).map(u64::from);
            let mut pairs = pairs().zip(quanta);
            pairs.any(|((limit, declared), quanta)| {
                price(*limit, quanta) < declared.interval() * quanta
            })
        };
        let calls = asked.calls.iter().zip(&reply.calls);
        let repriced = calls.filter(|(costs, _)| asked.is_repriced || is_lower(costs));
        let last = repriced.map(|(_, served)| reply.now + served.wait.to_come());
        self.repriced_at = last.max().unwrap_or_default().max(self.repriced_at);
    }
}

/// Returns what a call takes out of a bucket, as a time.
fn price(limit: Limit, quanta: u64) -> Ticks {
    (limit.interval() * quanta).min(limit.capacity() + limit.period())
}

/// Returns whether the store has lost its state since it was `known`: it has restored what it could, and all that was
/// drawn is void, although there was no pause.
fn has_lost(known: &StoreView, reply: &Reply) -> bool {
    let (before, after) = (&known.state, &reply.state);
    let ends = [before.paused_until, before.lifted_until];
    after.generation > before.generation && [after.paused_until, after.lifted_until] == ends
}

/// Returns the calls that a reply has served. Their instants may be late by `excess` more than usual.
fn served(
    asked: &AskedCalls,
    reply: &Reply,
    heard: &StoreView,
    limits: &StoreLimits,
    excess: Span,
) -> Vec<HeldCall> {
    let ends = ends(asked, reply, heard, limits);
    let calls = asked.calls.iter().zip(&reply.calls).zip(ends);
    let held = calls.map(|((costs, served), end)| {
        let wait = served.wait.to_come();
        let (at, due) = (reply.now + wait, heard.latest.after(wait.span()));
        let lasts = (end - at).span().plus(TIMER_SLACK).minus(excess);
        HeldCall {
            costs: *costs,
            due,
            until: due.after(lasts),
            at,
            row: usize::from(served.row),
            spare_until: None,
        }
    });
    held.collect()
}

/// Returns the instants, by the store's clock, until which the calls of a reply may be made.
///
/// A call may be late until the first of its buckets would be full again after it. Take the time that each call adds to
/// the instant at which a bucket is full, and let the bucket hold `B`: in a span of the length `w` no more is used than
/// flows in within `w + B`, and the first call of it.
fn ends(
    asked: &AskedCalls,
    reply: &Reply,
    heard: &StoreView,
    declared: &StoreLimits,
) -> Vec<Ticks> {
    let (usual, limits) = heard.in_force(&declared.limits);
    // Instants at which the buckets are full again after the call. `None`: it is only known that they are not before
    // the price of the call has flowed in.
    let mut full = [None; MAX_ROWS];
    if usual == limits {
        for (full, row) in full.iter_mut().zip(&reply.state.rows) {
            *full = Some(row.full_at);
        }
    }
    let mut ends = Vec::with_capacity(reply.calls.len());
    let calls: Vec<_> = asked.calls.iter().zip(&reply.calls).collect();
    for (costs, served) in calls.into_iter().rev() {
        let at = reply.now + served.wait.to_come();
        let mut end = Ticks::MAX;
        for (row, (limit, quanta)) in limits
            .as_slice()
            .iter()
            .zip(declared.quanta_of(costs))
            .enumerate()
        {
            if quanta == 0 {
                continue;
            }
            let price = price(*limit, u64::from(quanta));
            end = end.min(full[row].unwrap_or(at + price));
            let before = full[row].map(|full| full - price);
            // A bucket that was full at the call was so earlier than that.
            full[row] = before.filter(|before| *before > at);
        }
        ends.push(if end == Ticks::MAX { at } else { end.max(at) });
    }
    ends.reverse();
    ends
}
