//! Limits of a limiter as a store counts them: in quanta, where there are more tokens than a store can tell apart.

use crate::bucket::Shape;
use crate::costs::Costs;
use crate::costs::MAX_ROWS;
use crate::costs::Spent;
use crate::costs::TotalCosts;
use crate::quota::Quota;
use crate::store::Calls;
use crate::store::Limit;
use crate::store::Limits;
use crate::store::Quantum;
use crate::store::Ticks;
use crate::time::Span;

/// Limits of a limiter as a store counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::limiter) struct StoreLimits {
    pub(super) limits: Limits,
    quanta: [Quantum; MAX_ROWS],
}

impl StoreLimits {
    /// Returns the limits of these quotas, each with the shape of its bucket in force. `None`: there is none, or there are
    /// too many.
    pub(in crate::limiter) fn of(rows: impl Iterator<Item = (Quota, Shape)>) -> Option<Self> {
        let (quanta, limits): (Vec<_>, Vec<_>) = rows.map(row).unzip();
        let limits = Limits::new(&limits)?;
        let mut all = [*quanta.first()?; MAX_ROWS];
        for (slot, quantum) in all.iter_mut().zip(quanta) {
            *slot = quantum;
        }
        Some(Self {
            limits,
            quanta: all,
        })
    }

    pub(in crate::limiter) const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn rows(&self) -> usize {
        self.limits.as_slice().len()
    }

    /// Returns the calls with these costs, in quanta.
    pub(super) fn calls(&self, costs: &[Costs]) -> Calls {
        let calls = costs.iter().map(|costs| self.quanta_of(costs));
        calls.fold(Calls::new(), |calls, costs| calls.and(1, &costs))
    }

    /// Returns the costs in quanta, for each limit.
    pub(super) fn quanta_of(&self, costs: &Costs) -> [u32; MAX_ROWS] {
        let mut quanta = [0; MAX_ROWS];
        for (row, quantum) in quanta.iter_mut().enumerate().take(self.rows()) {
            let up = self.quanta[row].up(u64::from(costs.of(row)));
            *quantum = u32::try_from(up).unwrap_or(u32::MAX);
        }
        quanta
    }

    /// Returns a total in quanta.
    pub(super) fn total(&self, total: &TotalCosts, row: usize) -> u64 {
        self.quanta[row].up(total.of(row))
    }

    /// Returns the corrections in quanta of a call that drew `costs` and spent what is given.
    pub(super) fn deltas(&self, costs: &Costs, spent: &Spent) -> [i64; MAX_ROWS] {
        let mut deltas = [0; MAX_ROWS];
        for (row, delta) in deltas.iter_mut().enumerate().take(self.rows()) {
            if let Some(spent) = spent.of(row) {
                *delta = self.quanta[row].delta(u64::from(costs.of(row)), spent);
            }
        }
        deltas
    }

    /// Returns the time in which a token flows in.
    pub(super) fn time_per_token(&self, row: usize) -> Span {
        let limit = self.limits.as_slice().get(row);
        limit.map_or(Span::ZERO, |limit| self.token(row, limit.interval()))
    }

    /// Returns the time from one quantum to the next, where tokens come this far apart.
    pub(super) fn interval(&self, row: usize, token: Span) -> Ticks {
        Ticks::from_span_up(token.times(self.quanta[row].tokens()))
    }

    /// Returns the time from one token to the next, where quanta come this far apart.
    pub(in crate::limiter) fn token(&self, row: usize, quantum: Ticks) -> Span {
        quantum.span() / self.quanta[row].tokens()
    }

    /// Returns the number of tokens of so many quanta.
    pub(in crate::limiter) fn tokens(&self, row: usize, quanta: u64) -> u64 {
        quanta.saturating_mul(self.quanta[row].tokens())
    }
}

/// Returns the quantum and the limit of one row.
fn row((quota, shape): (Quota, Shape)) -> (Quantum, Limit) {
    let rate = quota.rate();
    let period = Ticks::from_span_up(rate.period());
    let quantum = Quantum::of(u64::from(rate.count().get()), period);
    let burst = (shape.capacity / shape.interval.max(Span::SHORTEST)).max(1);
    // Slowed down by what was learnt, perhaps.
    let slowed = Ticks::from_span_up(shape.interval.times(quantum.tokens()));
    let interval = quantum.limit(burst).interval().max(slowed);
    let quanta = u32::try_from(burst / quantum.tokens()).unwrap_or(u32::MAX);
    (quantum, Limit::new(interval, quanta).with_period(period))
}
