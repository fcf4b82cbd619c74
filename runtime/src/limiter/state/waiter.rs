//! A waiter: one caller's place in a limiter's queue.

use core::task::Waker;

use crate::bucket::TIMER_SLACK;
use crate::limiter::request::Priority;
use crate::limiter::request::Request;
use crate::limiter::runtime_id::RuntimeId;
use crate::time::Instant;
use crate::time::Span;

/// Time after which a permit that was not picked up goes to other waiters.
pub(super) const LEASE: Span = TIMER_SLACK;

/// State of a waiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::limiter) enum WaiterState {
    /// Waits for a permit.
    Waiting,
    /// Holds a permit, granted at `since`. Its tokens may be used until this instant.
    Granted { until: Instant },
    /// Holds a permit that it uses together with another limiter's, however long that takes.
    Held { until: Instant },
    /// Did not pick up its permit in time, and gets no other before it is polled.
    Absent,
    /// Cannot be served in time; a permit would come at this instant.
    Late { until: Instant },
    /// A permit would come at this instant, after cooldowns that are too long for the caller.
    Closed { until: Instant },
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
    kind: PackedKind,
    pub(in crate::limiter) priority: Priority,
    /// The call can be refused with an error.
    pub(in crate::limiter) refusable: bool,
    /// The outcome of the attempt will be reported to the limiter.
    pub(in crate::limiter) reports: bool,
    /// Number of tokens of the first limit.
    pub(in crate::limiter) cost: u32,
    /// Instant that belongs to the state.
    until: Instant,
    /// Instant after which a permit is of no use.
    pub(in crate::limiter) latest: Instant,
    /// Time for which the limiter may have been closed in all when the permit comes.
    pub(in crate::limiter) max_closed: Span,
    /// Instant at which the wait began, or at which the permit was granted.
    pub(in crate::limiter) since: Instant,
    /// The runtime whose timer this waiter can count on.
    pub(in crate::limiter) runtime: RuntimeId,
}

/// Whether a waiter needs permits of other limiters at the same time, and what it knows of its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::limiter) enum JointTurn {
    /// It takes its permit as soon as that is due.
    None,
    /// Its permit is not due.
    NotDue,
    /// Its permit is due, and it was woken.
    Told,
    /// Its permit is due, and it waits for those of the other limiters.
    Entered,
    /// It has entered, and was woken because it has a permit of another limiter.
    Woken,
    /// It has the permits of the other limiters, and a store is asked whether its own is still due.
    Confirming,
}

impl JointTurn {
    /// Returns whether it waits for permits of the other limiters, or has them.
    pub(in crate::limiter) const fn has_entered(self) -> bool {
        matches!(self, Self::Entered | Self::Woken | Self::Confirming)
    }
}

/// [`WaiterState`] without its instant, and [`JointTurn`], in one byte.
#[derive(Clone, Copy, Debug)]
struct PackedKind(u8);

impl PackedKind {
    const PLAIN: Self = Self::of(WaiterKind::Waiting, JointTurn::None);

    const fn of(kind: WaiterKind, turn: JointTurn) -> Self {
        Self(kind as u8 | (turn as u8) << 4)
    }

    const fn kind(self) -> WaiterKind {
        WaiterKind::ALL[(self.0 & 0xf) as usize]
    }

    const fn joint_turn(self) -> JointTurn {
        match self.0 >> 4 {
            0 => JointTurn::None,
            1 => JointTurn::NotDue,
            2 => JointTurn::Told,
            3 => JointTurn::Entered,
            4 => JointTurn::Woken,
            _ => JointTurn::Confirming,
        }
    }
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

impl WaiterKind {
    /// All kinds, in their order.
    const ALL: [Self; 9] = [
        Self::Waiting,
        Self::Granted,
        Self::Held,
        Self::Absent,
        Self::Late,
        Self::Closed,
        Self::TooLarge,
        Self::NoStore,
        Self::Shut,
    ];
}

impl Waiter {
    /// Creates a waiter that waits since `since`, when the limiter had been closed for `closed` in all.
    pub(in crate::limiter) const fn new(
        waker: Waker,
        request: Request,
        since: Instant,
        closed: Span,
        runtime: RuntimeId,
    ) -> Self {
        Self {
            waker: Some(waker),
            kind: PackedKind::PLAIN,
            priority: request.priority,
            refusable: request.refusable,
            reports: request.reports,
            cost: request.costs.of(0),
            until: Instant::EPOCH,
            latest: request.latest,
            max_closed: request.max_pause.plus(closed),
            since,
            runtime,
        }
    }

    pub(in crate::limiter) const fn state(&self) -> WaiterState {
        let until = self.until;
        match self.kind.kind() {
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
        let none = Instant::EPOCH;
        let kind;
        (kind, self.until) = match state {
            WaiterState::Waiting => (WaiterKind::Waiting, none),
            WaiterState::Granted { until } => (WaiterKind::Granted, until),
            WaiterState::Held { until } => (WaiterKind::Held, until),
            WaiterState::Absent => (WaiterKind::Absent, none),
            WaiterState::Late { until } => (WaiterKind::Late, until),
            WaiterState::Closed { until } => (WaiterKind::Closed, until),
            WaiterState::TooLarge => (WaiterKind::TooLarge, none),
            WaiterState::NoStore => (WaiterKind::NoStore, none),
            WaiterState::Shut => (WaiterKind::Shut, none),
        };
        let turn = match self.kind.joint_turn() {
            JointTurn::None => JointTurn::None,
            _ => JointTurn::NotDue,
        };
        self.kind = PackedKind::of(kind, turn);
    }

    /// Returns the waiter as one that needs permits of other limiters at the same time.
    pub(in crate::limiter) const fn joint(mut self) -> Self {
        self.kind = PackedKind::of(self.kind.kind(), JointTurn::NotDue);
        self
    }

    /// Returns whether it needs permits of other limiters at the same time, and what it knows of its turn.
    pub(in crate::limiter) const fn joint_turn(&self) -> JointTurn {
        self.kind.joint_turn()
    }

    /// Sets what a waiter without a permit knows of its turn, from `now` on.
    pub(in crate::limiter) const fn set_joint_turn(&mut self, turn: JointTurn, now: Instant) {
        self.kind = PackedKind::of(self.kind.kind(), turn);
        self.until = now;
    }

    /// Returns the instant at which it was told of its turn.
    pub(in crate::limiter) const fn told_at(&self) -> Instant {
        self.until
    }
}

/// Returns the instant from which on a waiter that has no use for a permit after `latest` is refused. It is a
/// little later: a timer may be late, and the permit have been due in time.
pub(super) const fn expiry(latest: Instant) -> Instant {
    latest.after(Span::from_nanos(TIMER_SLACK.nanos() + 1))
}
