//! Corrections of what attempts have taken, and their events.

use core::fmt;
use std::sync::Arc;

use crate::context::Amounts;
use crate::costs::MAX_ROWS;
use crate::costs::Settlement;
use crate::events;
use crate::events::CallSpan;
use crate::limiter::Shared;

use super::origin::Origin;

impl Settlement {
    /// Returns whether anything else was taken than the costs.
    #[inline]
    pub(super) fn changes(&self) -> bool {
        self.spent.differs(&self.costs)
    }
}

/// A further limiter of a call, and the correction of what an attempt took of it.
pub(super) type FurtherSettlement = (Arc<Shared>, Settlement);

/// Attempt that is settled.
#[derive(Clone, Copy, Debug)]
pub(super) struct By {
    pub(super) origin: Origin,
    pub(super) attempt: u32,
}

impl By {
    /// Sets what was taken of each unit. Tells of a unit that none of the limiters counts.
    pub(super) fn take_all(
        self,
        limiter: Option<&Shared>,
        settlement: &mut Settlement,
        further: &mut [FurtherSettlement],
        amounts: &Amounts,
    ) {
        for (unit, amount) in amounts.iter() {
            let mut is_known = limiter.is_none_or(|it| settlement.take(it, unit, amount));
            for (limiter, settlement) in &mut *further {
                is_known |= settlement.take(limiter, unit, amount);
            }
            if let (Some(limiter), false) = (limiter, is_known) {
                self.origin.unread().tell_unit(limiter, unit);
            }
        }
    }

    /// Corrects what an attempt took of the further limiters of its call.
    pub(super) fn settle_further(self, further: &[FurtherSettlement]) {
        for (limiter, settlement) in further {
            self.tell(limiter, settlement);
            if settlement.changes() {
                limiter.settle_later(settlement);
            }
        }
    }

    /// Tells of the costs and of what was taken, if a subscriber may listen.
    pub(super) fn tell(self, limiter: &Shared, settlement: &Settlement) {
        if CallSpan::may_be_heard() {
            self.tell_listener(limiter, settlement);
        }
    }

    #[cold]
    fn tell_listener(self, limiter: &Shared, settlement: &Settlement) {
        let cost = |row| Some(u64::from(settlement.costs.of(row)));
        let costs = core::array::from_fn(|row| {
            cost(row).filter(|&cost| cost > 0 || settlement.spent.of(row).is_some())
        });
        let list = |amounts| AmountList { limiter, amounts };
        let spent = core::array::from_fn(|row| settlement.spent.of(row));
        let (costs, spent) = (list(costs), list(spent));
        let function = self.origin.name();
        events::settled(limiter.label(), function, self.attempt, &costs, &spent);
    }
}

/// List of amounts as text: `requests 1, tokens 300`.
struct AmountList<'a> {
    limiter: &'a Shared,
    amounts: [Option<u64>; MAX_ROWS],
}

impl fmt::Display for AmountList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = None;
        for (row, amount) in self.amounts.iter().enumerate() {
            let (Some(unit), Some(amount)) = (self.limiter.unit_of(row), amount) else {
                continue;
            };
            // Of several limits of one unit each has the same amount.
            if last != Some(unit) {
                let separator = if last.is_some() { ", " } else { "" };
                write!(f, "{separator}{unit} {amount}")?;
                last = Some(unit);
            }
        }
        if last.is_none() {
            f.write_str("as estimated")?;
        }
        Ok(())
    }
}
