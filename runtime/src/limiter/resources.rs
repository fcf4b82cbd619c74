//! What a server tells of one of its resources, such as GitHub's `core` and `search`.
//!
//! A resource has a limiter of its own behind the one that was declared. It is made when an answer first
//! names the resource, and hears what answers tell of it. The calls of a function wait for the resources
//! that the function's answers have named, and then for the limiter itself. A resource of which nothing
//! is known that would hold a call up is not asked for permits.

use core::ptr;
use core::sync::atomic::Ordering;
use std::sync::Arc;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::bucket::Shape;
use crate::clock;
use crate::hint::Hint;
use crate::learning::Heard;
use crate::quota::Quota;

use super::cooldown::Probe;
use super::desk::Desk;
use super::lessons::Refused;
use super::request::Line;
use super::shared::Shared;
use super::snapshot::Snapshot;
use super::supply::Terms;
use super::waiter::State;

/// Resources that are known at the same time: one bit each in a function's mask.
const MOST: usize = 8;

/// A function, told apart by the address of what its calls have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Function(usize);

impl Function {
    #[inline]
    pub(crate) fn of<T>(common: &'static T) -> Self {
        Self(ptr::from_ref(common).addr())
    }
}

/// The resources of a limiter, and which functions' answers have named which of them.
#[derive(Debug)]
pub(super) struct Table {
    resources: Vec<Resource>,
    functions: Vec<(Function, u8)>,
    /// Answers that named a resource.
    told: u64,
}

#[derive(Debug)]
struct Resource {
    name: Box<str>,
    limiter: Arc<Shared>,
    /// Number of the last answer that named it.
    told: u64,
}

impl Table {
    pub(super) const EMPTY: Self = Self {
        resources: Vec::new(),
        functions: Vec::new(),
        told: 0,
    };

    /// The limiters of the resources that a function's answers have named.
    fn of(&self, function: Function) -> impl Iterator<Item = &Arc<Shared>> {
        let known = self.functions.iter().find(|(known, _)| *known == function);
        let mask = known.map_or(0, |(_, mask)| *mask);
        let resources = self.resources.iter().enumerate();
        resources
            .filter(move |(at, _)| mask & (1 << at) != 0)
            .map(|(_, resource)| &resource.limiter)
    }

    /// Takes note that an answer to a function named a resource. `make` gives a new one its limiter.
    fn tell(
        &mut self,
        name: &str,
        function: Function,
        make: impl FnOnce() -> Arc<Shared>,
    ) -> Arc<Shared> {
        self.told += 1;
        let known = self.resources.iter().position(|it| *it.name == *name);
        let at = known.unwrap_or_else(|| {
            self.add(Resource {
                name: name.into(),
                limiter: make(),
                told: 0,
            })
        });
        self.resources[at].told = self.told;
        let bit = 1 << at;
        match self.functions.iter_mut().find(|it| it.0 == function) {
            Some((_, mask)) => *mask |= bit,
            None => self.functions.push((function, bit)),
        }
        Arc::clone(&self.resources[at].limiter)
    }

    /// Adds a resource, in the place of the one told of least recently where there is no other.
    fn add(&mut self, resource: Resource) -> usize {
        if self.resources.len() < MOST {
            self.resources.push(resource);
            return self.resources.len() - 1;
        }
        let at = (0..MOST).min_by_key(|&at| self.resources[at].told);
        let at = at.unwrap_or_default();
        self.resources[at] = resource;
        for (_, mask) in &mut self.functions {
            *mask &= !(1 << at);
        }
        at
    }
}

impl Desk {
    /// Until when a call may have to wait for a permit: the bucket is not full, or there is more.
    pub(super) fn binds_until(&self) -> u64 {
        let is_plain = self.supply.is_none()
            && self.queue.waiting() == 0
            && self.cooldown.probe() == Probe::Off
            && self.shape == Shape::of(self.quota());
        if is_plain {
            self.tat.max(self.cooldown.until())
        } else {
            u64::MAX
        }
    }

    /// A call that was sent at `sent` has told of a pace: the next one goes an interval later. Permits that
    /// were granted at a faster pace and are not used are called back.
    fn begin_pace(&mut self, sent: u64) {
        let unused = self.queue.revoke();
        self.give_back(unused);
        if self.supply.is_none() {
            self.refill_at(sent.saturating_add(self.shape.interval));
        }
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing behind the lock can panic half-way through a change.
        self.resources
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn binds(&self, now: u64) -> bool {
        now < self.binds_until.load(Ordering::Relaxed)
    }

    /// Whether a function's call may have to wait for a resource.
    #[cold]
    pub(crate) fn is_bound(&self, function: Function, now: u64) -> bool {
        self.table().of(function).any(|it| it.binds(now))
    }

    /// The resources for which a function's call may have to wait.
    pub(crate) fn binding(&self, function: Function, now: u64) -> Vec<Arc<Self>> {
        if !self.has_resources() {
            return Vec::new();
        }
        let table = self.table();
        table
            .of(function)
            .filter(|it| it.binds(now))
            .cloned()
            .collect()
    }

    fn resources_of(&self, function: Function) -> Vec<Arc<Self>> {
        if !self.has_resources() {
            return Vec::new();
        }
        self.table().of(function).cloned().collect()
    }

    fn all_resources(&self) -> Vec<Arc<Self>> {
        let table = self.table();
        let all = table.resources.iter().map(|it| Arc::clone(&it.limiter));
        all.collect()
    }

    /// The limiter of a resource that an answer to a function names.
    fn resource(&self, name: &str, function: Function) -> Arc<Self> {
        let resource = self.table().tell(name, function, || {
            let quota = self.lock().desk.quota();
            match &self.link {
                None => Self::new(quota),
                Some(link) => {
                    let terms = Terms::of(link.policy());
                    Self::linked(quota, link.of_resource(name), terms)
                }
            }
        });
        if !self.has_resources() {
            self.at_desk(|desk, _, _| desk.has_resources = true);
        }
        resource
    }

    /// A function's call heard of the server's limits.
    pub(crate) fn hear(&self, function: Function, heard: &Heard<'_>) {
        let own = self.at_desk(|desk, now, wakes| {
            let own = desk.own(now);
            if heard.hint.resource().is_none() {
                desk.hear(heard, own, &self.gate, now, wakes);
            }
            own
        });
        if let Some(name) = heard.hint.resource() {
            let resource = self.resource(name, function);
            resource.at_desk(|desk, now, wakes| {
                let before = desk.shape.interval;
                desk.hear(heard, own, &resource.gate, now, wakes);
                if desk.shape.interval > before && desk.learnt.pace().is_some() {
                    desk.begin_pace(heard.sent);
                }
            });
        }
    }

    /// A function's call was refused. Returns the nanoseconds that it has to wait, where that is not
    /// what the server asked for.
    pub(crate) fn refused(&self, function: Function, refused: &Refused<'_>) -> Option<u64> {
        let hint = refused.heard.map(|heard| heard.hint);
        let resource = hint
            .and_then(Hint::resource)
            .map(|name| self.resource(name, function));
        let exhausted = hint
            .and_then(Hint::remaining)
            .is_some_and(|left| left < 1.0);
        let (limiter, told) = match (&resource, refused.heard) {
            (Some(resource), Some(heard)) if !exhausted => {
                self.hear(function, &heard);
                (
                    self,
                    Refused {
                        heard: None,
                        ..*refused
                    },
                )
            }
            (Some(resource), _) => (&**resource, *refused),
            (None, _) => (self, *refused),
        };
        let understood =
            limiter.at_desk(|desk, now, wakes| desk.refused(&told, &limiter.gate, now, wakes));
        // The call is over for the others as well.
        for other in self.resources_of(function) {
            if !ptr::eq(limiter, &*other) {
                other.ended(refused.sent);
            }
        }
        if !ptr::eq(limiter, self) {
            self.ended(refused.sent);
        }
        understood
    }

    /// A function's attempt that was sent at `sent` was let through, and the answer named this resource.
    pub(crate) fn passed_telling(
        &self,
        function: Function,
        resource: Option<&str>,
        sent: u64,
        retry: bool,
    ) {
        let Some(name) = resource else {
            return self.passed(function, sent, retry);
        };
        let resource = self.resource(name, function);
        for limiter in [self, &resource] {
            if limiter.is_attentive() {
                limiter.at_desk(|desk, now, _| desk.passed(sent, retry, &limiter.gate, now));
            }
        }
        self.failed(function, sent);
    }

    /// A function's attempt that was sent at `sent` was let through.
    pub(super) fn passed_for_resources(&self, function: Function, sent: u64, retry: bool) {
        for resource in self.resources_of(function) {
            resource.passed(function, sent, retry);
        }
    }

    /// A function's attempt that was sent at `sent` failed, and not because it was too much.
    pub(crate) fn failed(&self, function: Function, sent: u64) {
        self.ended(sent);
        for resource in self.resources_of(function) {
            resource.ended(sent);
        }
    }

    fn ended(&self, sent: u64) {
        if self.is_attentive() {
            self.at_desk(|desk, now, _| desk.ended(sent, now));
        }
    }

    pub(super) fn set_quota(&self, quota: Quota) {
        self.change_quota(quota);
        // Those that are made from now on have the new quota.
        for resource in self.all_resources() {
            resource.change_quota(quota);
        }
    }

    fn change_quota(&self, quota: Quota) {
        self.at_desk(|desk, now, wakes| desk.set_quota(quota, &self.gate, now, wakes));
    }

    /// When a function's retry that joins the queue now gets its permit, and until when a cooldown lasts.
    pub(crate) fn forecast(&self, function: Function) -> (u64, u64) {
        let resources = self.binding(function, clock::now());
        self.forecast_with(&resources, Line::Retries)
    }

    /// When a caller that joins this line now, and the resources' before, gets its permit, and until
    /// when a cooldown lasts.
    pub(crate) fn forecast_with(&self, resources: &[Arc<Self>], line: Line) -> (u64, u64) {
        let limiters = resources.iter().map(|it| &**it).chain([self]);
        limiters
            .map(|limiter| {
                limiter.at_desk(|desk, now, _| (desk.expected(line, 1, now), desk.cooldown.until()))
            })
            .fold((0, 0), |all, one| (all.0.max(one.0), all.1.max(one.1)))
    }

    /// Adds the calls that wait for resources, and have waited for them.
    pub(super) fn with_resources(&self, mut own: Snapshot) -> Snapshot {
        if !self.has_resources() {
            return own;
        }
        for resource in self.all_resources() {
            let its = resource.snapshot();
            own.waiting += its.waiting;
            own.waits.queue += its.waits.queue;
            own.waits.cooldown += its.waits.cooldown;
        }
        own
    }

    pub(super) fn is_held(&self, index: u32) -> bool {
        let state = self.lock().desk.queue.waiter(index).state();
        matches!(state, State::Held { .. })
    }

    pub(super) fn latest(&self, index: u32) -> u64 {
        self.lock().desk.queue.waiter(index).latest
    }

    /// Takes a waiter out of the queue that uses its permit.
    pub(super) fn leave(&self, index: u32) {
        super::behind::part(self.lock(), index);
    }
}
