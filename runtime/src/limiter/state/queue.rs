//! Waiters in order: one list for each priority, and one for those that were granted a permit and have not
//! picked it up yet. The lists are doubly linked through one vector, so that joining and leaving anywhere is
//! constant time and allocates nothing once the vector has grown.

use core::mem;
use core::task::Waker;

use crate::costs::Costs;
use crate::costs::TotalCosts;
use crate::limiter::request::Priority;
use crate::limiter::runtime_id::RuntimeId;
use crate::time::Instant;

use super::queue_costs::QueueCosts;
use super::waiter::Waiter;
use super::waiter::WaiterState;

const NIL: u32 = u32::MAX;

/// Vectors with more places than this are freed when the last waiter leaves.
const KEEP: usize = 1024;

#[derive(Debug)]
struct Place {
    waiter: Option<Waiter>,
    previous: u32,
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct List {
    head: u32,
    tail: u32,
    /// Tokens that all waiters in this list ask for together.
    cost: u64,
    len: usize,
    /// Number of waiters that report on their attempts.
    reporting: usize,
}

impl List {
    const EMPTY: Self = Self {
        head: NIL,
        tail: NIL,
        cost: 0,
        len: 0,
        reporting: 0,
    };
}

#[derive(Debug)]
pub(in crate::limiter) struct Queue {
    places: Vec<Place>,
    /// The first of the free places, which are linked by `next`.
    free: u32,
    taken: usize,
    by_priority: [List; Priority::ALL.len()],
    granted: List,
    /// Waiters that hold a permit until they have another limiter's as well.
    held: List,
    /// Costs in limits beside the first, if the limiter has any.
    costs: Option<Box<QueueCosts>>,
}

impl Queue {
    pub(in crate::limiter) const fn new() -> Self {
        Self {
            places: Vec::new(),
            free: NIL,
            taken: 0,
            by_priority: [List::EMPTY; Priority::ALL.len()],
            granted: List::EMPTY,
            held: List::EMPTY,
            costs: None,
        }
    }

    /// Counts the costs in all limits from now on. Those of waiters that are in the queue already are in the first alone.
    pub(super) fn count_all_costs(&mut self) {
        let waiters = self.places.iter().map(|place| place.waiter.as_ref());
        self.costs = Some(Box::new(QueueCosts::new(waiters)));
    }

    /// Returns the costs of a waiter.
    pub(in crate::limiter) fn costs(&self, index: u32) -> Costs {
        let first = Costs::first(self.waiter(index).cost);
        self.costs.as_ref().map_or(first, |costs| costs.of(index))
    }

    /// Returns the number of waiters without a permit.
    pub(in crate::limiter) fn waiting(&self) -> usize {
        self.by_priority.iter().map(|list| list.len).sum()
    }

    /// Returns the costs, in all limits, of the callers ahead of one that joins with this priority now.
    pub(in crate::limiter) fn costs_ahead(&self, priority: Priority) -> TotalCosts {
        let first = self.cost_ahead(priority);
        let costs = self.costs.as_ref();
        costs.map_or(TotalCosts::default().with_first(first), |it| {
            it.ahead(priority)
        })
    }

    /// Returns the tokens of the first limit asked for ahead of a caller that joins with this priority now.
    pub(in crate::limiter) fn cost_ahead(&self, priority: Priority) -> u64 {
        let ahead = &self.by_priority[..=priority as usize];
        ahead.iter().map(|list| list.cost).sum()
    }

    /// Returns the waiter that is served next.
    pub(in crate::limiter) fn head(&self) -> Option<u32> {
        let heads = self.by_priority.iter().map(|list| list.head);
        heads.into_iter().find(|&index| index != NIL)
    }

    /// Returns the waiter that would be the probe after a cooldown: one that reports, and one that was not
    /// just refused if there is any.
    pub(in crate::limiter) fn probe(&self) -> Option<u32> {
        Priority::PROBE_ORDER
            .map(|priority| self.by_priority[priority as usize])
            .into_iter()
            .filter(|list| list.reporting > 0)
            .find_map(|list| self.iter(list).find(|&index| self.waiter(index).reports))
    }

    /// Returns whether other waiters are served before this one.
    pub(in crate::limiter) fn is_behind(&self, index: u32) -> bool {
        self.waiter(index).state() == WaiterState::Waiting && self.head() != Some(index)
    }

    /// Returns all waiters without a permit, in order.
    pub(super) fn in_order(&self) -> Vec<u32> {
        let mut order = Vec::with_capacity(self.waiting());
        for list in self.by_priority {
            order.extend(self.iter(list));
        }
        order
    }

    /// Returns the waiters that missed a permit and wait again, in order.
    pub(in crate::limiter) fn returned(&self) -> Vec<u32> {
        self.iter(self.by_priority[Priority::Returned as usize])
            .collect()
    }

    fn iter(&self, list: List) -> impl Iterator<Item = u32> {
        let existing = |index: u32| (index != NIL).then_some(index);
        core::iter::successors(existing(list.head), move |&index| {
            existing(self.places[index as usize].next)
        })
    }

    pub(in crate::limiter) fn waiter(&self, index: u32) -> &Waiter {
        self.places[index as usize]
            .waiter
            .as_ref()
            .expect("a ticket's place is taken")
    }

    /// Returns the waiter at a place that may have been freed since, if there is one.
    pub(in crate::limiter) fn get_mut(&mut self, index: u32) -> Option<&mut Waiter> {
        self.places.get_mut(index as usize)?.waiter.as_mut()
    }

    pub(in crate::limiter) fn waiter_mut(&mut self, index: u32) -> &mut Waiter {
        self.places[index as usize]
            .waiter
            .as_mut()
            .expect("a ticket's place is taken")
    }

    /// Adds a waiter at the end of the list of its priority.
    pub(in crate::limiter) fn join(&mut self, waiter: Waiter, costs: &Costs) -> u32 {
        let place = Place {
            waiter: Some(waiter),
            previous: NIL,
            next: NIL,
        };
        self.taken += 1;
        let index = if self.free == NIL {
            self.make_room();
            self.places.push(place);
            u32::try_from(self.places.len() - 1).expect("fewer than 2^32 waiters")
        } else {
            let index = self.free;
            self.free = self.places[index as usize].next;
            self.places[index as usize] = place;
            index
        };
        if let Some(table) = &mut self.costs {
            table.set(index, costs);
        }
        self.push_back(index);
        index
    }

    /// Grows in small steps where there are many places: doubling them would leave many unused.
    fn make_room(&mut self) {
        let places = self.places.len();
        if places >= KEEP && places == self.places.capacity() {
            self.places.reserve_exact(places / 16);
        }
    }

    /// Takes a waiter out of its list and frees its place.
    pub(in crate::limiter) fn leave(&mut self, index: u32) -> Waiter {
        self.unlink(index);
        let place = &mut self.places[index as usize];
        place.next = self.free;
        let waiter = place.waiter.take().expect("a ticket's place is taken");
        self.free = index;
        self.taken -= 1;
        if self.taken == 0 && self.places.len() > KEEP {
            self.places = Vec::new();
            self.free = NIL;
            if let Some(costs) = &mut self.costs {
                costs.free();
            }
        }
        waiter
    }

    /// Grants a waiter a permit, and takes its waker.
    pub(in crate::limiter) fn grant(
        &mut self,
        index: u32,
        until: Instant,
        now: Instant,
    ) -> Option<Waker> {
        self.waiter_mut(index).since = now;
        self.decide(index, WaiterState::Granted { until })
    }

    /// Moves a waiter to the list of a new state, and takes its waker.
    pub(super) fn decide(&mut self, index: u32, state: WaiterState) -> Option<Waker> {
        self.unlink(index);
        self.waiter_mut(index).set(state);
        self.push_back(index);
        self.waiter_mut(index).waker.take()
    }

    /// Returns all waiters with an unused permit to the front of their lists, in their order. Returns the
    /// tokens that they give back.
    pub(in crate::limiter) fn revoke(&mut self) -> u64 {
        // Permits that are held were granted first: their waiters go ahead of the others.
        let lists = [&mut self.granted, &mut self.held];
        let lists = lists.map(|list| mem::replace(list, List::EMPTY));
        for list in lists {
            let mut at = list.tail;
            while at != NIL {
                let previous = self.places[at as usize].previous;
                self.waiter_mut(at).set(WaiterState::Waiting);
                self.push_front(at);
                at = previous;
            }
        }
        lists.iter().map(|list| list.cost).sum()
    }

    /// Returns the waiter with the oldest unused permit.
    pub(super) fn oldest_grant(&self) -> Option<u32> {
        (self.granted.head != NIL).then_some(self.granted.head)
    }

    /// Keeps a waiter's permit until it has another limiter's as well.
    pub(in crate::limiter) fn hold(&mut self, index: u32) {
        if let WaiterState::Granted { until } = self.waiter(index).state() {
            // Its waker was called when the permit was granted.
            drop(self.decide(index, WaiterState::Held { until }));
        }
    }

    /// Returns the waiters of a runtime.
    pub(in crate::limiter) fn of_runtime(
        &self,
        runtime: RuntimeId,
    ) -> impl Iterator<Item = &Waiter> {
        self.places
            .iter()
            .filter_map(|place| place.waiter.as_ref())
            .filter(move |w| w.runtime == runtime)
    }

    fn push_back(&mut self, index: u32) {
        let Some(tail) = self
            .list_of(index)
            .map(|list| mem::replace(&mut list.tail, index))
        else {
            return;
        };
        let place = &mut self.places[index as usize];
        (place.previous, place.next) = (tail, NIL);
        if tail != NIL {
            self.places[tail as usize].next = index;
        }
        self.count_in(index);
    }

    fn push_front(&mut self, index: u32) {
        let Some(head) = self
            .list_of(index)
            .map(|list| mem::replace(&mut list.head, index))
        else {
            return;
        };
        let place = &mut self.places[index as usize];
        (place.previous, place.next) = (NIL, head);
        if head != NIL {
            self.places[head as usize].previous = index;
        }
        self.count_in(index);
    }

    /// Completes either push: the only one in a list is both its ends.
    fn count_in(&mut self, index: u32) {
        let &Waiter { cost, reports, .. } = self.waiter(index);
        if let Some(list) = self.list_of(index) {
            if list.len == 0 {
                (list.head, list.tail) = (index, index);
            }
            list.len += 1;
            list.cost += u64::from(cost);
            list.reporting += usize::from(reports);
        }
        if let Some(priority) = self.waits_in(index) {
            if let Some(costs) = &mut self.costs {
                costs.enter(priority, index);
            }
        }
    }

    fn unlink(&mut self, index: u32) {
        if let Some(priority) = self.waits_in(index) {
            if let Some(costs) = &mut self.costs {
                costs.leave(priority, index);
            }
        }
        let Place { previous, next, .. } = self.places[index as usize];
        let &Waiter { cost, reports, .. } = self.waiter(index);
        let Some(list) = self.list_of(index) else {
            return;
        };
        list.len -= 1;
        list.cost -= u64::from(cost);
        list.reporting -= usize::from(reports);
        if list.head == index {
            list.head = next;
        }
        if list.tail == index {
            list.tail = previous;
        }
        if previous != NIL {
            self.places[previous as usize].next = next;
        }
        if next != NIL {
            self.places[next as usize].previous = previous;
        }
    }

    /// Returns the priority of a waiter without a permit.
    fn waits_in(&self, index: u32) -> Option<Priority> {
        let waiter = self.waiter(index);
        (waiter.state() == WaiterState::Waiting).then_some(waiter.priority)
    }

    /// Returns the list that a waiter is in by its state; some are in none.
    fn list_of(&mut self, index: u32) -> Option<&mut List> {
        let waiter = self.waiter(index);
        match (waiter.state(), waiter.priority) {
            (WaiterState::Waiting, priority) => Some(&mut self.by_priority[priority as usize]),
            (WaiterState::Granted { .. }, _) => Some(&mut self.granted),
            (WaiterState::Held { .. }, _) => Some(&mut self.held),
            _ => None,
        }
    }
}

mod unused;

#[cfg(test)]
mod tests;
