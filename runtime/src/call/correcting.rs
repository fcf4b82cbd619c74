//! Corrects the costs of an attempt that has ended by what it really took.

use core::mem;
use std::sync::Arc;

use crate::clock;
use crate::context::Scope;
use crate::context::SettleLater;
use crate::context::Spending;
use crate::costs::Costs;
use crate::costs::MAX_ROWS;
use crate::costs::Settlement;
use crate::costs::Spent;
use crate::events::CallSpan;
use crate::limiter::AttemptReport;
use crate::limiter::AttemptResult;
use crate::limiter::Shared;
use crate::limiter::Spread;
use crate::time::Instant;

use super::correction::By;
use super::correction::FurtherSettlement;
use super::payment::AttemptCosts;
use super::payment::Ending;
use super::payment::Paid;
use super::payment::costs;
use super::phase::Phase;
use super::untyped::Core;

impl Core<'_> {
    /// Reports a success without an observation whose costs are to be corrected. The body has said nothing of them.
    #[inline(never)]
    pub(super) fn report_spent(&self, paid: Paid<'_>) {
        let (Some(limiter), Phase::Running(sent)) = (self.limiter(), &*self.wait) else {
            return self.report_corrected(paid);
        };
        if !self.further(paid.key).is_empty() {
            return self.report_corrected(paid);
        }
        let (Some(own), Ok(setup)) = (paid.own, self.setup) else {
            return self.report_corrected(paid);
        };
        let slot = self.has_slot();
        // The limiters of all keys have the same limits.
        let is_known = self.brought.is_none() || setup.keys.is_some();
        if !is_known || CallSpan::may_be_heard() || limiter.listens_beyond(slot) {
            return self.report_corrected(paid);
        }
        let mut settlement = Settlement::estimated(*own.costs(), *sent);
        let is_known = setup.known.set_spent(&mut settlement.spent, paid.spent);
        if !(is_known && settlement.changes()) {
            return self.report_corrected(paid);
        }
        // A limiter that learns nothing from calls that pass is told of nothing else.
        limiter.settle_passed(&settlement, slot);
    }

    /// Reports such a success in the long way.
    #[cold]
    #[inline(never)]
    fn report_corrected(&self, paid: Paid<'_>) {
        let Some(sent) = self.wait.sent() else { return };
        let Some(limiter) = self.limiter() else {
            if !self.further(paid.key).is_empty() {
                self.attempt_costs(paid, sent, Ending::Sent);
            }
            return;
        };
        let mut settlement = Settlement::estimated(costs(limiter, paid.own), sent);
        let mut slot = self.has_slot();
        let corrected = self.correct(
            Some(limiter),
            paid,
            &mut settlement,
            Ending::Sent,
            &mut slot,
        );
        if !corrected {
            if !limiter.count_pass() {
                self.report_pass(limiter, paid.own);
            }
            return;
        }
        if !limiter.listens_beyond(slot) {
            return limiter.settle_passed(&settlement, slot);
        }
        limiter.report(&AttemptReport {
            function: self.function(),
            sent,
            received: Some(clock::now()),
            retry: self.is_retry(),
            heard: None,
            resource: None,
            spread: Spread::NONE,
            result: AttemptResult::Passed,
            may_retry: false,
            costs: settlement.costs,
            settlement: Some(settlement),
            slot,
        });
    }

    /// Returns the costs of an attempt that was sent at `sent` and has ended. Those in further limiters are corrected now.
    pub(super) fn attempt_costs(
        &self,
        paid: Paid<'_>,
        sent: Instant,
        ending: Ending,
    ) -> AttemptCosts {
        let limiter = self.limiter();
        let mut settlement = Settlement::estimated(
            limiter.map_or(Costs::NONE, |limiter| costs(limiter, paid.own)),
            sent,
        );
        let stands = paid.own.is_none() && self.spending().is_none();
        let mut slot = self.has_slot();
        let is_corrected =
            !stands && self.correct(limiter, paid, &mut settlement, ending, &mut slot);
        AttemptCosts {
            costs: settlement.costs,
            settlement: is_corrected.then_some(settlement),
            slot,
        }
    }

    pub(super) fn spending(&self) -> Option<&Spending> {
        self.scope.as_ref().and_then(Scope::spending)
    }

    /// Corrects a cost. Returns whether there is a correction now: not where the cost stands, or a meter is open. `slot`: the
    /// attempt has a slot to release, which open meters keep. `limiter`: that of the call, if it has one.
    fn correct(
        &self,
        limiter: Option<&Shared>,
        paid: Paid<'_>,
        settlement: &mut Settlement,
        ending: Ending,
        slot: &mut bool,
    ) -> bool {
        let Ok(setup) = self.setup else { return false };
        let spending = self.spending();
        let is_unsent = ending == Ending::NotSent && paid.own.is_some();
        let ending = if self.is_refunded() || is_unsent {
            Ending::NotSent
        } else {
            ending
        };
        if let Some(limiter) = limiter {
            self.take_ending(limiter, paid, settlement, ending);
        }
        let mut further = self.settlements(paid, ending, settlement.drawn_at);
        let by = By {
            origin: setup.origin,
            attempt: self.number(),
        };
        if let Some(spending) = spending {
            let amounts = match &spending.tally {
                None => spending.amounts.clone(),
                Some(tally) => {
                    let later = || self.later(*settlement, mem::take(&mut further), by, slot);
                    let Some(amounts) = tally.end(&spending.amounts, later) else {
                        return false;
                    };
                    amounts
                }
            };
            by.take_all(limiter, settlement, &mut further, &amounts);
        }
        by.settle_further(&further);
        if let Some(limiter) = limiter {
            by.tell(limiter, settlement);
        }
        settlement.changes()
    }

    /// Sets what an attempt took of a limiter by its end, and by the option `settle`.
    fn take_ending(
        &self,
        limiter: &Shared,
        paid: Paid<'_>,
        settlement: &mut Settlement,
        ending: Ending,
    ) {
        match ending {
            Ending::NotSent if paid.own.is_none() && !self.is_refunded() => {}
            Ending::NotSent => settlement.spent = Spent::NOTHING,
            Ending::Refused => settlement.give_back_others(limiter),
            Ending::Sent => self.take_paid(limiter, paid, settlement),
        }
    }

    fn is_refunded(&self) -> bool {
        self.spending().is_some_and(|spending| spending.refunded)
    }

    /// Returns the corrections of an attempt in the further limiters of its call.
    fn settlements(
        &self,
        paid: Paid<'_>,
        ending: Ending,
        drawn_at: Instant,
    ) -> Vec<FurtherSettlement> {
        let known = self.further(paid.key).iter();
        let known = known.filter_map(|part| Some((part, part.limiter()?)));
        let settlements = known.map(|(part, limiter)| {
            let mut settlement = Settlement::estimated(*part.costs(), drawn_at);
            self.take_ending(limiter, paid, &mut settlement, ending);
            (Arc::clone(limiter), settlement)
        });
        settlements.collect()
    }

    /// Sets what the option `settle` has found.
    #[inline]
    fn take_paid(&self, limiter: &Shared, paid: Paid<'_>, settlement: &mut Settlement) {
        let Ok(setup) = self.setup else { return };
        for (unit, amount) in setup.units.iter().zip(paid.spent) {
            if let Some(amount) = *amount {
                settlement.take(limiter, unit, amount);
            }
        }
    }

    /// Returns the function by which the last meter of the attempt settles it.
    #[cold]
    fn later(
        &self,
        mut settlement: Settlement,
        mut further: Vec<FurtherSettlement>,
        by: By,
        slot: &mut bool,
    ) -> SettleLater {
        let Some(limiter) = self.limiter_handle().map(Arc::clone) else {
            return Box::new(move |amounts| {
                by.take_all(None, &mut settlement, &mut further, amounts);
                by.settle_further(&further);
            });
        };
        let has_slots = limiter.has_slots();
        if has_slots && !mem::take(slot) {
            // The attempt used the slot of an outer call, which may end before the stream.
            limiter.take_extra_slot();
        }
        Box::new(move |amounts| {
            by.take_all(Some(&limiter), &mut settlement, &mut further, amounts);
            by.settle_further(&further);
            by.tell(&limiter, &settlement);
            if settlement.changes() {
                limiter.settle_later(&settlement);
            }
            if has_slots {
                limiter.release_slot();
            }
        })
    }

    /// Corrects the costs of an attempt under way whose call is dropped, or whose body has panicked. Returns whether it has a
    /// slot to release.
    #[cold]
    pub(super) fn settle_dropped(&self, paid: Paid<'_>) -> bool {
        let (Some(sent), Some(_)) = (self.wait.sent(), self.spending()) else {
            return self.has_slot();
        };
        let ended = self.attempt_costs(paid, sent, Ending::Sent);
        if let (Some(limiter), Some(settlement)) = (self.limiter(), ended.settlement) {
            limiter.settle_later(&settlement);
        }
        ended.slot
    }
}

impl Settlement {
    /// Gives back the costs in the limits that do not count requests, because the server has refused the request.
    fn give_back_others(&mut self, limiter: &Shared) {
        let usual = limiter.usual_costs();
        for row in (0..MAX_ROWS).filter(|&row| usual.of(row) == 0) {
            self.spent.set(row, 0);
        }
    }
}
