//! Costs of the waiters of a limiter with several limits.

use crate::costs::Costs;
use crate::costs::TotalCosts;
use crate::limiter::request::Priority;

use super::waiter::Waiter;
use super::waiter::WaiterState;

/// Costs of the waiters in all limits.
#[derive(Debug)]
pub(super) struct QueueCosts {
    /// By the places of the waiters.
    by_place: Vec<Costs>,
    /// Of the waiters without a permit, by their priority.
    by_priority: [TotalCosts; Priority::ALL.len()],
}

impl QueueCosts {
    /// Returns the costs of these waiters, which are in the first limit alone. `None`: the place is free.
    pub(super) fn new<'w>(waiters: impl Iterator<Item = Option<&'w Waiter>>) -> Self {
        let mut costs = Self {
            by_place: Vec::new(),
            by_priority: [TotalCosts::default(); Priority::ALL.len()],
        };
        for waiter in waiters {
            let cost = Costs::first(waiter.map_or(0, |waiter| waiter.cost));
            costs.by_place.push(cost);
            if let Some(waiter) = waiter.filter(|it| it.state() == WaiterState::Waiting) {
                let total = &mut costs.by_priority[waiter.priority as usize];
                *total = total.and(&cost);
            }
        }
        costs
    }

    pub(super) fn of(&self, index: u32) -> Costs {
        let costs = self.by_place.get(index as usize);
        costs.copied().unwrap_or(Costs::NONE)
    }

    pub(super) fn set(&mut self, index: u32, costs: &Costs) {
        let index = index as usize;
        if index >= self.by_place.len() {
            self.by_place.resize(index + 1, Costs::NONE);
        }
        self.by_place[index] = *costs;
    }

    pub(super) fn ahead(&self, priority: Priority) -> TotalCosts {
        let ahead = &self.by_priority[..=priority as usize];
        ahead.iter().fold(TotalCosts::default(), TotalCosts::plus)
    }

    pub(super) fn enter(&mut self, priority: Priority, index: u32) {
        let total = &mut self.by_priority[priority as usize];
        *total = total.and(&self.by_place[index as usize]);
    }

    pub(super) fn leave(&mut self, priority: Priority, index: u32) {
        let total = &mut self.by_priority[priority as usize];
        *total = total.without(&self.by_place[index as usize]);
    }

    /// Frees the memory of waiters that have left.
    pub(super) fn free(&mut self) {
        self.by_place = Vec::new();
    }
}
