//! A waiter: one caller's place in a limiter's queue.

use core::task::Waker;

use tokio::runtime::Id;

use super::request::Line;
use super::request::Request;

/// Where a waiter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// In a line.
    Waiting,
    /// Holds a permit since `since`. Its tokens may be used until this instant.
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
}

/// One caller's place in a limiter's queue. There can be very many: its instants share no words with
/// smaller things, so that nothing is lost to alignment.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) waker: Option<Waker>,
    kind: Kind,
    pub(super) line: Line,
    /// An error can be returned instead.
    pub(super) refusable: bool,
    /// The limiter will be told what became of the attempt.
    pub(super) reports: bool,
    pub(super) cost: u32,
    /// Instant that belongs to the state.
    until: u64,
    /// A permit is of no use after this instant.
    pub(super) latest: u64,
    /// Time for which the limiter may have been closed in all when the permit comes.
    pub(super) patience: u64,
    /// Instant at which the wait began, or at which the permit was granted.
    pub(super) since: u64,
    /// The runtime whose timer this waiter can count on.
    pub(super) runtime: Id,
}

/// [`State`] without its instant.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Waiting,
    Granted,
    Held,
    Absent,
    Late,
    Closed,
    TooLarge,
    NoStore,
}

impl Waiter {
    /// Waits since `since`, when the limiter had been closed for `closed` in all.
    pub(super) const fn new(
        waker: Waker,
        request: Request,
        (since, closed): (u64, u64),
        runtime: Id,
    ) -> Self {
        Self {
            waker: Some(waker),
            kind: Kind::Waiting,
            line: request.line,
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

    pub(super) const fn state(&self) -> State {
        let until = self.until;
        match self.kind {
            Kind::Waiting => State::Waiting,
            Kind::Granted => State::Granted { until },
            Kind::Held => State::Held { until },
            Kind::Absent => State::Absent,
            Kind::Late => State::Late { until },
            Kind::Closed => State::Closed { until },
            Kind::TooLarge => State::TooLarge,
            Kind::NoStore => State::NoStore,
        }
    }

    pub(super) const fn set(&mut self, state: State) {
        (self.kind, self.until) = match state {
            State::Waiting => (Kind::Waiting, 0),
            State::Granted { until } => (Kind::Granted, until),
            State::Held { until } => (Kind::Held, until),
            State::Absent => (Kind::Absent, 0),
            State::Late { until } => (Kind::Late, until),
            State::Closed { until } => (Kind::Closed, until),
            State::TooLarge => (Kind::TooLarge, 0),
            State::NoStore => (Kind::NoStore, 0),
        };
    }
}
