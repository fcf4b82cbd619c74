//! Permits of several limiters at the same time: of a key, and of limits that all keys share.
//!
//! The limiters have an order, and the one that all keys share is the last. A call waits in the queue of the first; when its
//! permit is due there, it enters the queue of the next without taking anything, and so on. At the grant of the last it takes
//! all permits in one poll, or gives back what it has. So at most one call of a key waits for the limits that all keys share,
//! and these are not used up by calls that still wait for their own.

mod place;
mod wait;

use core::task::Context;
use core::time::Duration;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::costs::Costs;
use crate::mode::Mode;
use crate::time::Instant;

use super::Limiter;
use super::counts::Counts;
use super::reports::attempt_report::AttemptReport;
use super::reports::attempt_report::Forecast;
use super::request::Denial;
use super::request::Grant;
use super::request::Priority;
use super::request::Refusal;
use super::request::Request;
use super::resources::Function;
use super::shared;
use super::shared::Shared;
use super::state::joint::JointTake;
use super::state::waiter::WaiterState;
use super::wake_list::WakeList;

use self::place::QueuePlace;
pub(crate) use self::wait::JointWait;
pub(crate) use self::wait::Wanted;

/// Permit of one of several limiters, taken without a wait. Dropping it before it is used gives it back.
#[derive(Debug)]
pub(crate) struct TakenPermit<'a> {
    limiter: &'a Shared,
    costs: &'a Costs,
    at: Instant,
    /// Instant until which it may be used.
    until: Instant,
    slot: bool,
    is_used: bool,
}

impl TakenPermit<'_> {
    /// Returns whether it is a permit of this limiter.
    pub(crate) fn is_of(&self, limiter: &Shared) -> bool {
        core::ptr::eq(self.limiter, limiter)
    }

    /// Uses the permit. Returns whether it holds a slot.
    pub(crate) fn use_up(mut self) -> bool {
        self.is_used = true;
        self.slot
    }

    /// Uses the permit without an attempt. Returns whether it holds a slot.
    pub(crate) fn use_up_by_hand(mut self) -> bool {
        self.is_used = true;
        self.limiter.count(Counts::unbegin);
        self.limiter.fast_path.count_permit();
        self.slot
    }
}

impl Drop for TakenPermit<'_> {
    fn drop(&mut self) {
        if !self.is_used {
            self.limiter.count(Counts::unbegin);
            self.limiter.put_back(self.costs, self.at, self.until);
        }
    }
}

impl Shared {
    /// Takes the permit of an attempt if no caller waits and nothing holds it back, until it is given back or used.
    pub(crate) fn try_take_joint<'a>(
        &'a self,
        costs: &'a Costs,
        now: Instant,
    ) -> Option<TakenPermit<'a>> {
        let priority = self.bare_priority();
        let mut locked = self.lock();
        let (slot, until) = locked.state.try_take_joint(costs, priority, now)?;
        locked.state.counts.begin();
        drop(locked);
        Some(TakenPermit {
            limiter: self,
            costs,
            at: now,
            until,
            slot,
            is_used: false,
        })
    }

    /// Lets a caller that makes no attempt pass a limiter that does not hold calls back. Returns whether it takes a slot.
    pub(crate) fn pass_by_hand(&self, costs: &Costs) -> Result<bool, Denial> {
        let request = Request {
            costs: *costs,
            ..Request::ONE
        };
        let slot = self.pass_with(&[], &request)?;
        self.fast_path.count_permit();
        Ok(slot)
    }

    /// Returns when the store is expected to answer what it is asked at `now`. `None`: the limits are in no store.
    pub(crate) fn answered_at(&self, now: Instant) -> Option<Instant> {
        let locked = self.lock();
        let remote = locked.state.remote.as_ref();
        remote.map(|remote| remote.answered_at(now))
    }

    /// Asks the store, if there is one, for what a caller lacks that does not wait, and comes again at `at`.
    pub(crate) fn ask_for_try(&self, costs: &Costs, at: Instant) {
        let priority = self.bare_priority();
        self.with_state(|state, now, _| state.ask_for_try(costs, priority, at, now));
    }

    /// Puts back the permit of an attempt that took it at `at`, and that does not begin. `until`: it may be used until then.
    pub(crate) fn put_back(&self, costs: &Costs, at: Instant, until: Instant) {
        let priority = self.bare_priority();
        self.with_state(|state, now, _| {
            state.take_back((WaiterState::Granted { until }, priority), at, costs, now);
        });
    }

    /// Joins the queue as a caller that needs permits of other limiters at the same time.
    fn enqueue_joint(
        self: &Arc<Self>,
        request: Request,
        cx: &Context<'_>,
    ) -> Result<QueuePlace, Denial> {
        let handle = Handle::try_current().map_err(|_| Denial::NoRuntime)?;
        let (mut locked, now) = self.lock_state();
        let mut wakes = WakeList::new();
        let joined = if let Some((row, burst)) = locked.state.too_large(&request.costs) {
            Err(Denial::Refused(Refusal::TooLarge { row, burst }))
        } else {
            locked.state.waits.backoff += Duration::from(request.backed_off);
            let waiter = shared::waiter(&locked.state, &handle, request, cx, now).joint();
            self.join(&mut locked, &handle, waiter, &request, now, &mut wakes)
        };
        self.finish(locked, now, &mut wakes);
        joined.map(|index| QueuePlace::new(self, index))
    }

    /// Returns whether the permit of a joint waiter is due. Otherwise it is woken when that is so.
    fn is_turn_of(&self, index: u32, cx: &Context<'_>) -> Result<bool, Refusal> {
        let (mut locked, mut now) = self.lock_state();
        while locked.state.is_late(index, now) {
            locked = self.come_back(locked, index);
            now = self.begin(&mut locked);
        }
        let mut wakes = WakeList::new();
        self.follow(&mut locked, index);
        // Not before: a permit that is revoked because it was not picked up in time takes the waker with it.
        let replaced = locked
            .state
            .queue
            .waiter_mut(index)
            .waker
            .replace(cx.waker().clone());
        let turn = match locked.state.queue.waiter(index).state() {
            WaiterState::Granted { .. } => {
                // The mode has changed. However long the other permits take, this one does not lapse.
                locked.state.hold_joint(index);
                Ok(true)
            }
            WaiterState::Held { .. } => Ok(true),
            WaiterState::Waiting => Ok(locked.state.enter_joint(index, now)),
            _ => locked.state.refusal_of(index).map_or(Ok(false), Err),
        };
        let mut gone = None;
        if turn.is_err() {
            let waiter = locked.leave(index);
            locked.state.count_given_up(&waiter, now);
            gone = Some(waiter);
        }
        self.finish(locked, now, &mut wakes);
        drop((replaced, gone));
        turn
    }

    /// Takes the permit of a joint waiter.
    fn take_joint_permit(&self, index: u32) -> (JointTake, Grant) {
        let (mut locked, now) = self.lock_state();
        let taken = locked.state.take_joint(index, now);
        if taken == JointTake::Taken {
            // It may have been granted before, while the store was asked for another one.
            let since = locked.state.queue.waiter(index).since;
            locked.state.picked_up(since, now);
        }
        let closed = locked.state.cooldown.closed_for(now);
        let slots = locked.state.slots.is_some();
        let waiter = locked.state.queue.waiter(index);
        let grant = Grant {
            left: waiter.max_closed.minus(closed),
            slot: slots && waiter.priority != Priority::Nested,
        };
        self.finish(locked, now, &mut WakeList::new());
        (taken, grant)
    }

    /// Records that a joint waiter was woken, because it has a permit of another limiter: if it is not polled soon, the next
    /// one is served.
    fn woken_joint(&self, index: u32) {
        self.with_state(|state, now, _| state.woken_joint(index, now));
    }

    /// Returns a handle.
    pub(crate) fn handle(self: &Arc<Self>) -> Limiter {
        let quota = self.lock().state.quota();
        Limiter::of_key(quota, Arc::clone(self))
    }

    /// Returns the number of callers that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().state.queue.waiting()
    }

    /// Returns why a caller cannot be served in time that joins this queue some time later. `ahead`: the callers of its key
    /// that are served before, of which the first may be in this queue already.
    pub(crate) fn check_further(&self, request: &Request, ahead: usize) -> Result<(), Refusal> {
        let each = self.usual_costs();
        self.with_state(|state, now, _| state.check_further(request, (ahead, &each), now))
    }

    /// Counts the admission of an attempt that had to wait.
    pub(crate) fn count_admission(&self, retry: bool) {
        self.count(|counts| {
            if !retry {
                counts.call();
            }
            counts.admit(retry);
        });
    }

    /// Reports on an attempt whose call reports to another limiter: what it took, and what the response told of these limits.
    pub(crate) fn report_further(&self, report: &AttemptReport<'_>) -> Forecast {
        if self.mode.get() == Mode::Off {
            return self.report_off(report);
        }
        let of_row = report.resource.is_some_and(|name| self.is_row(name));
        self.report_inner(report, of_row)
    }

    /// Counts an attempt that passed and took `costs`, or learns from it.
    pub(crate) fn pass_further(&self, sent: Instant, costs: &Costs, retry: bool) {
        if !self.count_pass() {
            self.learn_from_pass(Function::NONE, (sent, costs), retry);
        }
    }
}

impl Counts {
    /// Takes back the count of an attempt that was admitted at once, and does not begin.
    const fn unbegin(&mut self) {
        self.calls = self.calls.wrapping_sub(1);
        self.attempts = self.attempts.saturating_sub(1);
    }
}
