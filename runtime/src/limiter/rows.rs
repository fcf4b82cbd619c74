//! Limiters with several limits: their units, and the costs of calls in them.

use core::fmt::Write as _;
use std::sync::Arc;
use std::sync::MutexGuard;

use crate::clock;
use crate::costs::Costs;
use crate::costs::Settlement;
use crate::costs::bits;
use crate::error::Context;
use crate::error::Error;
use crate::quota::Quota;
use crate::row::REQUESTS;
use crate::row::Rows;
use crate::time::Instant;

use super::counts::Counts;
use super::fast_path::FastPath;
use super::fast_path::TryTake;
use super::request::Denial;
use super::request::Refusal;
use super::shared::Shared;
use super::shared::locked::Locked;
use super::state::why;
use super::units::KnownUnits;
use super::units::Units;
use super::wake_list::WakeList;

impl Shared {
    /// Creates a limiter with these limits.
    pub(super) fn with_rows(rows: &Rows) -> Arc<Self> {
        let shared = Self::new(rows.first.quota);
        shared.add_rows(rows);
        shared
    }

    /// Gives the limiter the limits beside its first, unless it has them.
    pub(super) fn add_rows(&self, rows: &Rows) {
        self.bound(rows.concurrency);
        if rows.is_plain() || self.units.set(Box::new(Units::of(rows))).is_err() {
            return;
        }
        // The fast path stays shut: permits are taken from all limits under the lock.
        self.with_state(|state, now, _| {
            state.add_rows(rows);
            state.follow_store();
            state.drain_rows(&rows.others, now);
        });
    }

    /// Returns whether there are several limits, or one of another unit than requests.
    #[inline]
    pub(crate) fn has_rows(&self) -> bool {
        self.units.get().is_some()
    }

    /// Returns the costs of a call that names none: 1 in each limit of requests.
    #[inline]
    pub(crate) fn usual_costs(&self) -> Costs {
        self.units.get().map_or(Costs::ONE, |units| units.usual)
    }

    /// Looks the units of a function up. None of them is known where the limiter may get its limits later.
    pub(crate) fn known_units(&self, units: &[&str]) -> KnownUnits {
        let own = self.units.get();
        own.map_or(KnownUnits::NONE, |own| own.known(units))
    }

    /// Returns the units of which a call that names no cost takes nothing.
    #[cold]
    pub(crate) fn unpaid_units(&self) -> Option<String> {
        let units = self.units.get()?;
        let unpaid = units.units().filter(|&(row, _)| units.usual.of(row) == 0);
        let unpaid: Vec<_> = unpaid.map(|(_, unit)| unit).collect();
        (!unpaid.is_empty()).then(|| unpaid.join(", "))
    }

    /// Returns the costs of a call that takes `cost` in each limit of requests.
    pub(crate) fn costs_of_requests(&self, cost: u32) -> Costs {
        let Some(units) = self.units.get() else {
            return Costs::first(cost);
        };
        let mut costs = units.usual;
        for (row, _) in units.units().filter(|&(row, _)| units.usual.of(row) > 0) {
            costs.set(row, u64::from(cost));
        }
        costs
    }

    /// Returns the costs of a call that takes these amounts of these units, and of the others what is usual. An empty
    /// unit: all requests.
    ///
    /// # Errors
    ///
    /// The limiter has no limit of one of the units.
    pub(crate) fn costs_of<'u>(
        &self,
        amounts: impl IntoIterator<Item = (&'u str, u64)>,
    ) -> Result<Costs, Error> {
        let mut costs = self.usual_costs();
        self.set_costs(&mut costs, amounts).map(|()| costs)
    }

    /// Sets these amounts of these units in the usual costs.
    ///
    /// # Errors
    ///
    /// As [`costs_of`](Self::costs_of).
    #[inline]
    pub(crate) fn set_costs<'u>(
        &self,
        costs: &mut Costs,
        amounts: impl IntoIterator<Item = (&'u str, u64)>,
    ) -> Result<(), Error> {
        let units = self.units.get().map(|units| &**units);
        for (at, (unit, amount)) in amounts.into_iter().enumerate() {
            let places = places_of(units, unit, at);
            if places == 0 {
                return Err(self.unknown_unit(unit));
            }
            bits(places).for_each(|row| costs.set(row, amount));
        }
        Ok(())
    }

    /// Returns the costs of a call that takes these amounts of these units, as far as there are limits of them, and of the
    /// others what is usual.
    pub(crate) fn known_costs<'u>(
        &self,
        amounts: impl IntoIterator<Item = (&'u str, u64)>,
    ) -> Costs {
        let mut costs = self.usual_costs();
        for (at, (unit, amount)) in amounts.into_iter().enumerate() {
            bits(self.places_of(unit, at)).for_each(|row| costs.set(row, amount));
        }
        costs
    }

    /// Returns whether there is a limit of this unit.
    pub(crate) fn counts(&self, unit: &str) -> bool {
        self.places_of(unit, 0) != 0
    }

    /// Returns the places of the limits of this unit, a bit for each. `guess`: a place that is likely one of them.
    fn places_of(&self, unit: &str, guess: usize) -> u8 {
        places_of(self.units.get().map(|units| &**units), unit, guess)
    }

    /// Returns whether a resource of the server is one of the limits.
    pub(crate) fn is_row(&self, resource: &str) -> bool {
        let units = self.units.get();
        units.is_some_and(|units| units.has(resource))
    }

    /// Returns the unit of the limit at `row`. `None`: there is no such limit.
    pub(crate) fn unit_of(&self, row: usize) -> Option<&'static str> {
        let Some(units) = self.units.get() else {
            return (row == 0).then_some(REQUESTS);
        };
        units.units().nth(row).map(|(_, unit)| unit)
    }

    /// Returns the unit of the limit because of which a caller was denied a permit.
    #[cold]
    pub(super) fn unit_of_denial(&self, denial: Denial, costs: &Costs) -> Option<&'static str> {
        self.row_of_denial(denial, costs)
            .and_then(|row| self.unit_of(row))
    }

    fn row_of_denial(&self, denial: Denial, costs: &Costs) -> Option<usize> {
        self.units.get()?;
        match denial {
            Denial::Refused(Refusal::TooLarge { row, .. }) => Some(row),
            Denial::Refused(Refusal::Late { .. }) => {
                self.with_state(|state, now, _| state.latest_row(costs, now))
            }
            _ => None,
        }
    }

    /// Adds to the context of an error the limit because of which a caller was denied a permit, and for how long the server
    /// has closed it.
    #[cold]
    pub(crate) fn with_denial(&self, denial: Denial, costs: &Costs, context: Context) -> Context {
        let Some(row) = self.row_of_denial(denial, costs) else {
            return context;
        };
        let unit = self.unit_of(row);
        let closed = self.with_state(|state, now, _| state.row_closed_for(row, now));
        if closed <= context.closed.map(|(left, _)| left) {
            return Context { unit, ..context };
        }
        Context {
            unit,
            closed: closed.map(|left| (left, why::USED_UP)),
            resource: unit.map(Into::into),
            ..context
        }
    }

    #[cold]
    pub(super) fn unknown_unit(&self, unit: &str) -> Error {
        let mut known = String::new();
        let units = self.units.get();
        let units = units.into_iter().flat_map(|units| units.units());
        for (at, (_, unit)) in units.enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            // Writing to a `String` does not fail.
            let _ = write!(known, "{comma}\"{unit}\"");
        }
        if known.is_empty() {
            known.push_str("one of requests");
        }
        let label = self.label();
        Error::conflict(format!(
            "limiter \"{label}\" has no limit of \"{unit}\"; its limits: {known}"
        ))
    }

    /// Admits a call's attempt if no caller waits and all limits have its costs.
    #[inline]
    pub(crate) fn admit_costs(&self, costs: &Costs, now: Instant) -> bool {
        self.pass_or(costs, now, FastPath::count_attempt, Counts::begin)
    }

    /// Takes a permit that is no attempt's, if no caller waits and all limits have the costs.
    #[inline]
    pub(super) fn pass_costs(&self, costs: &Costs, now: Instant) -> bool {
        let count = |counts: &mut Counts| counts.granted += 1;
        self.pass_or(costs, now, FastPath::count_permit, count)
    }

    /// Takes and counts a permit if no caller waits and all limits have the costs.
    #[inline]
    fn pass_or(
        &self,
        costs: &Costs,
        now: Instant,
        count: impl FnOnce(&FastPath),
        count_under_lock: impl FnOnce(&mut Counts),
    ) -> bool {
        if !self.has_rows() {
            match self.fast_path.pass(costs.of(0), now) {
                TryTake::Taken => {
                    count(&self.fast_path);
                    return true;
                }
                TryTake::Empty(_) => return false,
                TryTake::Slow => {}
            }
        }
        let mut locked = self.lock();
        let passed = locked.state.take_at_once(costs, now);
        if passed {
            count_under_lock(&mut locked.state.counts);
        }
        passed
    }

    /// Takes a permit now. Returns whether it holds a slot. The refusal carries the instant at which one is free.
    pub(super) fn try_take(&self, costs: &Costs) -> Result<bool, Refusal> {
        let request = self.bare_request(*costs);
        self.with_state(|state, now, _| {
            state.admit_now(&request, now)?;
            Ok(state.takes_slot(request.priority))
        })
    }

    /// Counts an attempt that passed and of which nothing is to be learnt, corrects what it took, and releases its slot.
    #[inline]
    pub(crate) fn settle_passed(&self, settlement: &Settlement, slot: bool) {
        let mut locked = self.lock();
        let state = &mut locked.state;
        state.passed_settled = state.passed_settled.wrapping_add(1);
        if slot {
            state.passed_in_slot();
            state.release_slot();
        }
        if !state.give_back_at_once(settlement) {
            self.correct(locked, settlement);
        }
    }

    /// Corrects what an attempt took, after its end was reported.
    pub(crate) fn settle_later(&self, settlement: &Settlement) {
        self.correct(self.lock(), settlement);
    }

    #[cold]
    #[inline(never)]
    fn correct(&self, mut locked: MutexGuard<'_, Locked>, settlement: &Settlement) {
        if locked.state.is_idle_with_rows() {
            return locked.state.settle(settlement, clock::quick());
        }
        let now = self.begin(&mut locked);
        locked.state.settle(settlement, now);
        self.finish(locked, now, &mut WakeList::new());
    }

    /// Changes the quota of the limits of this unit.
    pub(super) fn set_limit(&self, unit: &str, quota: Quota) -> Result<(), Error> {
        let places = self.places_of(unit, 0);
        if places == 0 {
            return Err(self.unknown_unit(unit));
        }
        for row in bits(places) {
            self.naming.note_by_hand(row);
            if row == 0 {
                self.set_quota(quota);
            } else {
                self.with_state(|state, now, wakes| {
                    state.set_row_quota(row, quota, now);
                    state.expel(now, wakes);
                });
            }
        }
        Ok(())
    }
}

/// Returns the places of the limits of a unit, a bit for each. `None`: there is one limit, of requests.
#[inline]
fn places_of(units: Option<&Units>, unit: &str, guess: usize) -> u8 {
    let wanted = if unit.is_empty() { REQUESTS } else { unit };
    match units {
        Some(units) => units.places_of(wanted, guess),
        None => u8::from(wanted == REQUESTS),
    }
}

impl Settlement {
    /// Sets what was taken of a unit. Returns whether the limiter counts it.
    #[inline]
    pub(crate) fn take(&mut self, limiter: &Shared, unit: &str, amount: u64) -> bool {
        let places = limiter.places_of(unit, 0);
        bits(places).for_each(|row| self.spent.set(row, amount));
        places != 0
    }
}
