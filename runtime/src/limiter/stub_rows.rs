//! Limits of a limiter as rows: a single one, until there are several.

use crate::costs::Costs;
use crate::costs::Settlement;
use crate::error::Error;
use crate::row::REQUESTS;
use crate::time::Instant;

use super::shared::Shared;
use super::state::LimiterState;

impl Shared {
    /// Returns whether there are several limits, or one with a unit.
    #[expect(clippy::unused_self, reason = "as if it had rows")]
    pub(crate) const fn has_rows(&self) -> bool {
        false
    }

    /// Returns whether an attempt may take one token of the only limit: there are no other limits, and no resources.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        !self.has_resources() && !self.has_rows()
    }

    /// Returns the costs of a call that names none.
    #[expect(clippy::unused_self, reason = "as if it had rows")]
    pub(crate) const fn usual_costs(&self) -> Costs {
        Costs::ONE
    }

    /// Returns the usual costs, replaced where a unit is named.
    pub(crate) fn costs_of(&self, units: &[&str], amounts: &[u64]) -> Result<Costs, Error> {
        let mut costs = self.usual_costs();
        for (unit, &amount) in units.iter().zip(amounts) {
            let mut rows = self.rows_of(unit).peekable();
            if rows.peek().is_none() {
                let sentence =
                    format!("`{unit}` is no limit of this limiter, which counts `requests`");
                return Err(Error::conflict(sentence));
            }
            rows.for_each(|row| costs.set(row, amount));
        }
        Ok(costs)
    }

    /// Returns the limits that count this unit.
    #[expect(clippy::unused_self, reason = "as if it had rows")]
    pub(crate) fn rows_of(&self, unit: &str) -> impl Iterator<Item = usize> + use<> {
        let counts = unit.is_empty() || unit == REQUESTS;
        counts.then_some(0).into_iter()
    }

    /// Returns the unit of a limit. `None`: there is no such limit.
    #[expect(clippy::unused_self, reason = "as if it had rows")]
    pub(crate) fn unit_of(&self, row: usize) -> Option<&'static str> {
        (row == 0).then_some(REQUESTS)
    }

    /// Takes the costs if no caller waits and all limits have the tokens.
    #[inline]
    pub(crate) fn admit_costs(&self, costs: &Costs, now: Instant) -> bool {
        let passed = self.pass(costs.of(0), now);
        if passed {
            self.fast_path.count_attempt();
        }
        passed
    }

    /// Corrects the costs of an attempt that has ended.
    #[cold]
    pub(crate) fn settle_later(&self, settlement: &Settlement) {
        self.with_state(|state, now, _| state.settle_row(settlement, now));
    }
}

impl LimiterState {
    /// Corrects the cost in the only limit.
    pub(super) fn settle_row(&mut self, settlement: &Settlement, now: Instant) {
        let cost = u64::from(settlement.costs.of(0));
        match settlement.spent[0] {
            Some(spent) if spent > cost => {
                let more = self.bucket.shape.price(spent - cost);
                self.bucket.put_off(more);
            }
            Some(spent) if self.bucket.tat > now => self.give_back(cost - spent),
            _ => {}
        }
    }
}
