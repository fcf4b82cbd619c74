//! Slots that this process has leased from a store, which shares them among all processes.

use crate::limiter::callback::LeaseClaim;
use crate::limiter::callback::LeasedSlots;
use crate::limiter::callback::NextClaim;

/// Slots that this process has leased.
#[derive(Debug)]
pub(in crate::limiter) struct Leases {
    /// Number of this process in the store.
    process: u64,
    leased: u32,
    /// The fair part of them, while callers of other processes wait.
    part: u32,
    /// Most slots in use since the last claim.
    busiest: u32,
    /// Slots that callers want, also by calls that do not wait.
    wanted: u32,
    /// Slots that the last claim said were wanted.
    claimed: u32,
    task: LeaseTask,
    /// More slots are wanted than at the last claim.
    asks: bool,
    /// The task was woken to give slots back.
    returns: bool,
}

/// Task that asks for slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LeaseTask {
    Ended,
    Runs,
    /// It waits for the next renewal.
    Rests,
}

/// Terms by which a limiter keeps slots.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeaseTerms {
    /// Calls are held back, and none begins without a slot.
    pub(super) binds: bool,
    /// No call begins any more.
    pub(super) ends: bool,
}

/// Order to the task that asks for slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::limiter) enum LeaseOrder {
    /// Start it for this process.
    Start(u64),
    /// Wake it.
    Wake,
}

impl Leases {
    pub(super) fn new() -> Self {
        Self {
            process: rand::random(),
            leased: 0,
            part: u32::MAX,
            busiest: 0,
            wanted: 0,
            claimed: 0,
            task: LeaseTask::Ended,
            asks: false,
            returns: false,
        }
    }

    /// Returns how many slots this process may use.
    pub(super) fn usable(&self) -> u32 {
        self.leased.min(self.part)
    }

    /// Returns how many slots this process has leased.
    pub(super) const fn leased(&self) -> u32 {
        self.leased
    }

    /// Goes on with at least so many slots while the store is away.
    pub(super) fn go_on_with(&mut self, slots: u32) {
        self.leased = self.leased.max(slots);
        self.part = u32::MAX;
        self.task = LeaseTask::Runs;
    }

    /// Records that `held` slots are in use.
    pub(super) fn used(&mut self, held: u32) {
        self.busiest = self.busiest.max(held);
    }

    /// Asks for slots for calls in flight that have begun without.
    pub(super) fn cover(&mut self, held: u32) {
        self.asks |= held > self.leased && self.task != LeaseTask::Runs;
    }

    /// Records that a caller waits for a slot, or wants one without waiting.
    pub(super) fn want(&mut self, slots: u32) {
        self.wanted = self.wanted.max(slots);
        // Otherwise the task asks for them by itself.
        self.asks |= self.task == LeaseTask::Ended || slots > self.claimed;
    }

    /// Returns what the task is to do, if more slots are wanted, or others than the `held` ones in use can be given back.
    pub(super) fn order(&mut self, held: u32, terms: LeaseTerms) -> Option<LeaseOrder> {
        let rests = self.task == LeaseTask::Rests;
        let is_awaited = self.part < u32::MAX && (rests || self.part < self.leased);
        let runs = self.task != LeaseTask::Ended;
        if runs && (is_awaited || terms.ends) && held < self.leased {
            // Not again before the next claim.
            self.asks |= !core::mem::replace(&mut self.returns, true);
        }
        if !core::mem::take(&mut self.asks) {
            return None;
        }
        if runs {
            return Some(LeaseOrder::Wake);
        }
        self.task = LeaseTask::Runs;
        Some(LeaseOrder::Start(self.process))
    }

    /// Returns whether this process holds no slot, and asks for none.
    pub(super) fn is_idle(&self) -> bool {
        self.leased == 0 && self.task == LeaseTask::Ended && !self.asks
    }

    pub(super) const fn task_ended(&mut self) {
        self.task = LeaseTask::Ended;
    }

    /// Records that the task was lost. Another one is needed while slots are held or callers wait for some; leases of slots that
    /// are idle end by themselves.
    pub(super) const fn task_lost(&mut self, held: u32, waiting: u32) {
        self.task_ended();
        self.asks = held > 0 || waiting > 0;
        if held == 0 {
            self.leased = 0;
        }
    }

    /// Returns the next claim. Slots that were idle since the last one are given back. `None`: nothing is needed, and the
    /// task ends.
    pub(super) fn claim(
        &mut self,
        most: u32,
        held: u32,
        waiting: u32,
        terms: LeaseTerms,
    ) -> Option<LeaseClaim> {
        let waiting = waiting.max(core::mem::take(&mut self.wanted));
        self.claimed = waiting;
        self.returns = false;
        self.task = LeaseTask::Runs;
        if held == 0 && waiting == 0 && self.leased == 0 {
            self.task = LeaseTask::Ended;
            return None;
        }
        // Not used before the reply: other processes may have them.
        let used = if self.part < self.leased {
            // A call that is not held back leaves its slot to one that is.
            let bound = if terms.binds { held } else { 0 };
            self.part.max(bound)
        } else if terms.ends {
            held
        } else {
            self.busiest.max(held)
        };
        self.leased = self.leased.min(used);
        self.busiest = held;
        // Calls go on whose lease has ended: their slots are taken again. Calls that were not held back take no slot for which
        // another process waits.
        let missing = held.saturating_sub(self.leased);
        let is_free = terms.binds || self.part == u32::MAX;
        let want = waiting.saturating_add(if is_free { missing } else { 0 });
        Some(LeaseClaim {
            most,
            want: want.min(most.saturating_sub(self.leased)),
            held: self.leased,
            waiting: waiting.saturating_add(if terms.binds { missing } else { 0 }),
        })
    }

    /// Records the reply to a claim. Returns the number of calls in flight whose lease has ended, and when to ask again.
    pub(super) fn hold(
        &mut self,
        slots: LeasedSlots,
        most: u32,
        held: u32,
        waiting: u32,
    ) -> (u32, NextClaim) {
        let lost = self.leased.min(held).saturating_sub(slots.held);
        self.leased = slots.held;
        self.part = slots.part.unwrap_or(u32::MAX);
        let next = self.next(most, held, waiting);
        if next == NextClaim::Renewal {
            self.task = LeaseTask::Rests;
        }
        (lost, next)
    }

    /// Returns when to ask again.
    pub(super) const fn next(&self, most: u32, held: u32, waiting: u32) -> NextClaim {
        let lacks = waiting > 0 && self.leased < most;
        if lacks || held > self.leased || self.part < self.leased {
            NextClaim::Soon
        } else if held < self.leased {
            NextClaim::Idle
        } else {
            NextClaim::Renewal
        }
    }
}
