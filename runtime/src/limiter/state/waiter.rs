//! A waiter: one caller's place in a limiter's queue.

use core::task::Waker;

use crate::bucket::TIMER_SLACK;
use crate::limiter::request::Priority;
use crate::limiter::request::Request;
use crate::limiter::runtime_id::RuntimeId;

/// Time after which a permit that was not picked up goes to other waiters, in nanoseconds.
pub(super) const LEASE: u64 = TIMER_SLACK;

/// State of a waiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::limiter) enum WaiterState {
    /// Waits for a permit.
    Waiting,
    /// Holds a permit, granted at `since`. Its tokens may be used until this instant.
    Granted { until: u64 },
    /// Holds a permit that it uses together with another limiter's, however long that takes.
    Held { until: u64 },
    /// Did not pick up its permit in time, and gets no other before it is polled.
    Absent,
    /// Cannot be served in time; a permit would come at this instant.
    Late { until: u64 },
    /// A permit would come at this instant, after cooldowns that are too long for the caller.
    Closed { until: u64 },
    /// Asks for more than the bucket holds since the quota changed.
    TooLarge,
    /// The store that the limiter shares its limit through refuses.
    NoStore,
    /// The limiter refuses all calls.
    Shut,
}

/// One caller's place in a limiter's queue. There can be very many: instants share no words with smaller
/// fields, so that no padding is needed.
#[derive(Debug)]
pub(in crate::limiter) struct Waiter {
    pub(in crate::limiter) waker: Option<Waker>,
    kind: WaiterKind,
    pub(in crate::limiter) priority: Priority,
    /// The call can be refused with an error.
    pub(in crate::limiter) refusable: bool,
    /// The outcome of the attempt will be reported to the limiter.
    pub(in crate::limiter) reports: bool,
    pub(in crate::limiter) cost: u32,
    /// Instant that belongs to the state.
    until: u64,
    /// Instant after which a permit is of no use.
    pub(in crate::limiter) latest: u64,
    /// Time for which the limiter may have been closed in all when the permit comes.
    pub(in crate::limiter) patience: u64,
    /// Instant at which the wait began, or at which the permit was granted.
    pub(in crate::limiter) since: u64,
    /// The runtime whose timer this waiter can count on.
    pub(in crate::limiter) runtime: RuntimeId,
}

/// [`WaiterState`] without its instant.
#[derive(Clone, Copy, Debug)]
enum WaiterKind {
    Waiting,
    Granted,
    Held,
    Absent,
    Late,
    Closed,
    TooLarge,
    NoStore,
    Shut,
}

impl Waiter {
    /// Creates a waiter that waits since `since`, when the limiter had been closed for `closed` in all.
    pub(in crate::limiter) const fn new(
        waker: Waker,
        request: Request,
        (since, closed): (u64, u64),
        runtime: RuntimeId,
    ) -> Self {
        Self {
            waker: Some(waker),
            kind: WaiterKind::Waiting,
            priority: request.priority,
            refusable: request.refusable,
            reports: request.reports,
            cost: request.cost,
            until: 0,
            latest: request.latest,
            patience: request.patience.saturating_add(closed),
            since,
            runtime,
        }
    }

    pub(in crate::limiter) const fn state(&self) -> WaiterState {
        let until = self.until;
        match self.kind {
            WaiterKind::Waiting => WaiterState::Waiting,
            WaiterKind::Granted => WaiterState::Granted { until },
            WaiterKind::Held => WaiterState::Held { until },
            WaiterKind::Absent => WaiterState::Absent,
            WaiterKind::Late => WaiterState::Late { until },
            WaiterKind::Closed => WaiterState::Closed { until },
            WaiterKind::TooLarge => WaiterState::TooLarge,
            WaiterKind::NoStore => WaiterState::NoStore,
            WaiterKind::Shut => WaiterState::Shut,
        }
    }

    pub(in crate::limiter) const fn set(&mut self, state: WaiterState) {
        (self.kind, self.until) = match state {
            WaiterState::Waiting => (WaiterKind::Waiting, 0),
            WaiterState::Granted { until } => (WaiterKind::Granted, until),
            WaiterState::Held { until } => (WaiterKind::Held, until),
            WaiterState::Absent => (WaiterKind::Absent, 0),
            WaiterState::Late { until } => (WaiterKind::Late, until),
            WaiterState::Closed { until } => (WaiterKind::Closed, until),
            WaiterState::TooLarge => (WaiterKind::TooLarge, 0),
            WaiterState::NoStore => (WaiterKind::NoStore, 0),
            WaiterState::Shut => (WaiterKind::Shut, 0),
        };
    }
}

/// Returns the instant from which on a waiter that has no use for a permit after `latest` is refused. It is a
/// little later: a timer may be late, and the permit have been due in time.
pub(super) const fn expiry(latest: u64) -> u64 {
    latest.saturating_add(TIMER_SLACK + 1)
}
