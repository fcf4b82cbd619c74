//! Resources of a server, such as GitHub's `core` and `search`: each has a limiter of its own.
//!
//! The limiter of a resource stands beside the declared one. It is made when a response first names the
//! resource, and learns from the responses that name it. The calls of a function wait for the resources that
//! responses to the function have named, and then for the declared limiter. A resource of which nothing is
//! known that would delay a call is not asked for permits.

pub(super) mod table;

use std::sync::Arc;
use std::sync::MutexGuard;
use std::sync::PoisonError;

pub(crate) use self::table::Function;
pub(in crate::limiter) use self::table::Resources;
use crate::costs::Costs;
use crate::error::Context;
use crate::quota::Quota;
use crate::time::Instant;

use super::remote::RemoteConfig;
use super::request::Priority;
use super::shared::Shared;
use super::shared::locked;
use super::state::LimiterState;
use super::state::waiter::WaiterState;
use super::views::snapshot::Snapshot;
use super::wake_list::WakeList;

impl LimiterState {
    /// Applies the pace that the response to a call sent at `sent` has told of: the next call goes an
    /// interval later. Unused permits that were granted at a faster pace are revoked.
    pub(super) fn begin_pace(&mut self, sent: Instant, now: Instant, wakes: &mut WakeList) {
        let unused = self.call_back(now);
        self.give_back(unused);
        self.refill_at(sent.after(self.bucket.shape.interval));
        self.expel(now, wakes);
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Resources<Self>> {
        // No code under the lock panics halfway through a change.
        self.resources
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether the server has named resources.
    #[inline]
    pub(crate) fn has_resources(&self) -> bool {
        self.published.has_resources()
    }

    /// Returns whether a call of `function` may have to wait for a resource.
    #[cold]
    pub(crate) fn is_bound(&self, function: Function, now: Instant) -> bool {
        self.table().of(function).any(|it| it.published.binds(now))
    }

    /// Returns the resources for which a call of `function` may have to wait.
    pub(crate) fn binding(&self, function: Function, now: Instant) -> Vec<Arc<Self>> {
        if !self.has_resources() {
            return Vec::new();
        }
        let table = self.table();
        table
            .of(function)
            .filter(|it| it.published.binds(now))
            .cloned()
            .collect()
    }

    /// Returns the context of an error of a call of `function`, with the longest of the pauses that hold it back: of the
    /// limiter, or of a resource that the server has named. `sent`: the call has made an attempt before.
    #[cold]
    pub(crate) fn context_of(&self, function: Function, sent: bool) -> Context {
        let mut context = self.context(sent);
        for resource in self.resources_of(function) {
            let closed = resource.context(sent).closed;
            if closed.map(|(left, _)| left) > context.closed.map(|(left, _)| left) {
                let name = resource.label();
                let name = name.strip_prefix(self.label()).unwrap_or(name);
                context.closed = closed;
                context.resource = Some(name.trim_start_matches('#').into());
            }
        }
        context
    }

    pub(super) fn resources_of(&self, function: Function) -> Vec<Arc<Self>> {
        if !self.has_resources() {
            return Vec::new();
        }
        self.table().of(function).cloned().collect()
    }

    pub(in crate::limiter) fn all_resources(&self) -> Vec<Arc<Self>> {
        let table = self.table();
        let all = table.all().map(Arc::clone);
        all.collect()
    }

    /// Returns the limiter of a resource that a response to a function names, and creates it if it is new.
    pub(super) fn resource(&self, name: &str, function: Function) -> Arc<Self> {
        let resource = self.table().record(name, function, || {
            // The declared limiter keeps to a strict window for all of them.
            let quota = self.lock().state.quota().without_window();
            let resource = match self.client.get() {
                None => Self::new(quota),
                Some(client) => {
                    let config = RemoteConfig::of(client.policy());
                    Self::linked(quota, client.of_resource(name), config)
                }
            };
            resource.put_mode(self.mode.get());
            resource
        });
        resource.set_name(&format!("{}#{name}", self.label()).into());
        if !self.has_resources() {
            let locked = self.lock();
            self.published.add_resources();
            drop(locked);
        }
        resource
    }

    /// Returns whether something may be learnt from an attempt that passed, beside the end of its slot if it has one.
    #[inline]
    pub(crate) fn listens_beyond(&self, slot: bool) -> bool {
        self.published.listens_beyond(slot)
    }

    /// Counts an attempt that passed, if nothing is to be learnt from it. Returns whether it was counted.
    #[inline]
    pub(crate) fn count_pass(&self) -> bool {
        let listens = self.published.listens();
        if !listens {
            self.fast_path().count_pass();
        }
        !listens
    }

    /// Reports that a function's attempt that was sent at `sent` and takes `costs` passed.
    #[cold]
    pub(crate) fn learn_from_pass(
        &self,
        function: Function,
        (sent, costs): (Instant, &Costs),
        retry: bool,
    ) {
        self.fast_path.count_end();
        self.learn((sent, costs), retry);
        for resource in self.resources_of(function) {
            resource.learn((sent, &Costs::ONE), retry);
        }
    }

    fn learn(&self, (sent, costs): (Instant, &Costs), retry: bool) {
        if self.published.is_attentive() {
            self.with_state(|state, now, _| {
                state.returned(Some(now.since(sent)), &self.fast_path, now);
                state.passed((sent, costs), retry, &self.fast_path, now);
            });
        }
    }

    pub(in crate::limiter) fn set_quota(&self, quota: Quota) {
        self.naming.settle();
        self.change_quota(quota);
        // Resources that are named from now on get the new quota.
        for resource in self.all_resources() {
            resource.change_quota(quota.without_window());
        }
    }

    pub(in crate::limiter) fn change_quota(&self, quota: Quota) {
        self.with_state(|state, now, wakes| state.set_quota(quota, &self.fast_path, now, wakes));
    }

    /// Returns when a caller that joins the queues of the resources, and then this one, now gets its permit,
    /// and until when a cooldown lasts.
    pub(crate) fn forecast_with(
        &self,
        resources: &[Arc<Self>],
        priority: Priority,
        costs: &Costs,
    ) -> (Instant, Instant) {
        let limiters = resources.iter().map(|it| (&**it, &Costs::ONE));
        limiters
            .chain([(self, costs)])
            .map(|(limiter, costs)| {
                limiter.with_state(|state, now, _| {
                    (
                        state.expected(priority, true, costs, now),
                        state.cooldown.until(),
                    )
                })
            })
            .fold((Instant::EPOCH, Instant::EPOCH), |all, one| {
                (all.0.max(one.0), all.1.max(one.1))
            })
    }

    /// Adds the calls that wait, or have waited, for resources.
    pub(in crate::limiter) fn with_resources(&self, mut own: Snapshot) -> Snapshot {
        if !self.has_resources() {
            return own;
        }
        for resource in self.all_resources() {
            let its = resource.snapshot();
            own.waiting += its.waiting;
            own.waits.queue += its.waits.queue;
            own.waits.cooldown += its.waits.cooldown;
            own.waits.given_up += its.waits.given_up;
            own.counts.waits_given_up += its.counts.waits_given_up;
        }
        own
    }

    pub(in crate::limiter) fn is_held(&self, index: u32) -> bool {
        let state = self.lock().state.queue.waiter(index).state();
        matches!(state, WaiterState::Held { .. })
    }

    pub(in crate::limiter) fn latest(&self, index: u32) -> Instant {
        self.lock().state.queue.waiter(index).latest
    }

    /// Removes a waiter that uses its permit. Returns `false` if that was revoked.
    pub(in crate::limiter) fn leave(&self, index: u32) -> bool {
        let locked = self.lock();
        let state = locked.state.queue.waiter(index).state();
        locked::remove(locked, index);
        matches!(state, WaiterState::Held { .. })
    }
}
