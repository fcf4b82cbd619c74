//! Draws of calls from several limits, or from one that is settled: what was asked for, what is held, and what has to be
//! corrected.

use crate::costs::Costs;
use crate::costs::MAX_ROWS;
use crate::costs::Spent;
use crate::learning::Pace;
use crate::store::State;
use crate::store::Ticks;
use crate::time::Instant;
use crate::time::Span;

use super::corrections::Corrections;
use super::corrections::Drawn;
use super::corrections::QuantaByRow;
use super::grant_log::GrantLog;
use super::held_calls::HeldCall;
use super::held_calls::HeldCalls;
use super::store_limits::StoreLimits;
use super::usage::Usage;

/// Result of asking for the permit of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::limiter) enum CallPayment {
    /// It is granted and may be used until this instant. The call has waited for the limit at `row`.
    Until { until: Instant, row: usize },
    /// It is not granted before this instant. `row`: the limit that it waits for, if that is known.
    At { due: Instant, row: Option<usize> },
    /// The limiter's own buckets decide, at this process's share of the rates.
    Own,
}

impl CallPayment {
    /// Returns that of a call which the store has to be asked for. `row`: the limit that it waits for, if that is known.
    pub(super) const fn unknown(row: Option<usize>) -> Self {
        Self::At {
            due: Instant::FAR,
            row,
        }
    }
}

/// Request that is under way.
#[derive(Debug, Default)]
pub(super) struct AskedCalls {
    pub(super) id: u64,
    /// Costs of the calls that it draws.
    pub(super) calls: Vec<Costs>,
    /// Quanta that it charges, of each limit.
    pub(super) charges: QuantaByRow,
    /// It restores a state that the store has lost.
    pub(super) heals: bool,
    /// The limits have changed since.
    pub(super) is_repriced: bool,
}

/// State of a limiter that draws calls.
#[derive(Debug)]
pub(super) struct CallDraws {
    pub(super) limits: StoreLimits,
    pub(super) held: HeldCalls,
    pub(super) asked: Vec<AskedCalls>,
    pub(super) grants: GrantLog,
    pub(super) corrections: Corrections,
    /// Instant, by the store's clock, of the last call that may have been drawn at a lower price than today's.
    pub(super) repriced_at: Ticks,
    /// The shortest time per token of each limit until then.
    cheapest: [Span; MAX_ROWS],
    /// Share of each limit that this process uses.
    pub(super) usage: [Usage; MAX_ROWS],
    /// Costs of a call that does not wait.
    pub(super) wanted: Option<Costs>,
    /// Paces that the store was told.
    pub(super) told: [Option<Pace>; MAX_ROWS],
    /// State that the store has lost, until it is restored.
    pub(super) lost: Option<State>,
    /// Instant at which the limiter is going to be visited although no caller waits.
    pub(super) visit_at: Option<Instant>,
}

impl CallDraws {
    pub(super) fn new(limits: &StoreLimits, usage: Usage) -> Self {
        Self {
            limits: *limits,
            held: HeldCalls::new(),
            asked: Vec::new(),
            grants: GrantLog::new(),
            corrections: Corrections::new(),
            repriced_at: Ticks::ZERO,
            cheapest: core::array::from_fn(|row| limits.time_per_token(row)),
            usage: [usage; MAX_ROWS],
            wanted: None,
            told: [None; MAX_ROWS],
            lost: None,
            visit_at: None,
        }
    }

    /// Gives back what calls have drawn that are not made.
    pub(super) fn give_back(&mut self, calls: &[HeldCall], now: Instant) {
        for call in calls {
            self.correct(Some(call.at), &call.costs, &Spent::NOTHING, now);
        }
    }

    /// Corrects what a call that was due at `at` has drawn. `None`: that is not known.
    pub(super) fn correct(
        &mut self,
        at: Option<Ticks>,
        costs: &Costs,
        spent: &Spent,
        now: Instant,
    ) {
        let mut deltas = self.limits.deltas(costs, spent);
        if at.is_some_and(|at| at <= self.repriced_at) {
            self.reprice(&mut deltas);
        }
        let drawn = at.map(|at| Drawn {
            at,
            quanta: (at > self.repriced_at).then(|| self.limits.quanta_of(costs)),
        });
        self.corrections.add(drawn, &deltas, now);
    }

    /// Gives back no more than was drawn by a call that was drawn when tokens took less time to flow in.
    fn reprice(&self, deltas: &mut [i64; MAX_ROWS]) {
        for (row, delta) in deltas.iter_mut().enumerate() {
            let (was, now) = (self.cheapest[row], self.limits.time_per_token(row));
            if *delta < 0 && was < now {
                let unused = u128::from(delta.unsigned_abs()) * u128::from(was.nanos());
                let unused = i64::try_from(unused / u128::from(now.nanos()));
                *delta = -unused.unwrap_or(0);
            }
        }
    }

    /// Changes the limits. Calls that were drawn before had other prices.
    pub(super) fn set_limits(&mut self, limits: &StoreLimits) {
        if self.limits == *limits {
            return;
        }
        for (row, cheapest) in self.cheapest.iter_mut().enumerate() {
            *cheapest = self.limits.time_per_token(row).min(*cheapest);
        }
        self.limits = *limits;
        let held = self.held.iter().map(|call| call.at);
        self.repriced_at = held.fold(self.repriced_at.max(self.grants.latest()), Ticks::max);
        for asked in &mut self.asked {
            asked.is_repriced = true;
        }
    }

    /// Returns the quanta of the limit at `row` that the store does not know of yet, with those of the requests that
    /// `counts`.
    pub(super) fn untold(&self, row: usize, counts: impl Fn(u64) -> bool) -> u64 {
        let asked = self.asked.iter().filter(|asked| counts(asked.id));
        let sent = asked.map(|asked| asked.charges[row]);
        sent.fold(self.corrections.charged(row), u64::saturating_add)
    }

    /// Returns the record of a request, which is made if it is new.
    pub(super) fn asked_mut(&mut self, id: u64) -> &mut AskedCalls {
        let known = self.asked.iter().position(|asked| asked.id == id);
        let at = known.unwrap_or_else(|| {
            self.asked.push(AskedCalls {
                id,
                ..AskedCalls::default()
            });
            self.asked.len() - 1
        });
        &mut self.asked[at]
    }

    /// Removes the record of a request.
    pub(super) fn take_asked(&mut self, id: u64) -> AskedCalls {
        let known = self.asked.iter().position(|asked| asked.id == id);
        known.map_or_else(AskedCalls::default, |at| self.asked.swap_remove(at))
    }

    /// Returns when something is to be done although no caller waits.
    pub(super) fn due_at(&self) -> Option<Instant> {
        let spare = self.held.iter().map(|call| {
            let kept = call.spare_until.unwrap_or(call.until);
            kept.min(call.until)
        });
        spare.chain(self.corrections.due_at()).min()
    }
}
