//! One who waits.

use core::task::Waker;

use tokio::runtime::Id;

use super::request::Request;

/// Where a waiter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// In a line.
    Waiting,
    /// Holds a permit that may be used until this instant, since `since`.
    Granted { until: u64 },
    /// Cannot be served in time; a permit would come at this instant.
    Late { until: u64 },
    /// Asks for more than the bucket holds since the quota changed.
    TooLarge,
    /// The store that the limiter shares its limit through refuses.
    NoStore,
}

/// The line a waiter belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Calls that had an attempt before: they came first.
    Retries,
    /// Calls that wait for their first attempt.
    First,
}

/// One who waits. There can be very many: its instants share no words with smaller things, so that
/// nothing is lost to alignment.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) waker: Option<Waker>,
    stands: Stands,
    /// What belongs to where it stands.
    until: u64,
    pub(super) line: Line,
    pub(super) cost: u32,
    /// No use for a permit after this instant.
    pub(super) latest: u64,
    /// It can be refused because of the store.
    pub(super) refusable: bool,
    /// When the wait began, or when it was granted a permit.
    pub(super) since: u64,
    /// The runtime whose timer this waiter can count on.
    pub(super) runtime: Id,
}

/// [`State`] without its instant.
#[derive(Clone, Copy, Debug)]
enum Stands {
    Waiting,
    Granted,
    Late,
    TooLarge,
    NoStore,
}

impl Waiter {
    /// Waits since `since`.
    pub(super) const fn new(waker: Waker, request: Request, since: u64, runtime: Id) -> Self {
        Self {
            waker: Some(waker),
            stands: Stands::Waiting,
            until: 0,
            line: request.line(),
            cost: request.cost,
            latest: request.latest,
            refusable: request.refusable,
            since,
            runtime,
        }
    }

    pub(super) const fn state(&self) -> State {
        let until = self.until;
        match self.stands {
            Stands::Waiting => State::Waiting,
            Stands::Granted => State::Granted { until },
            Stands::Late => State::Late { until },
            Stands::TooLarge => State::TooLarge,
            Stands::NoStore => State::NoStore,
        }
    }

    pub(super) const fn stand(&mut self, state: State) {
        (self.stands, self.until) = match state {
            State::Waiting => (Stands::Waiting, 0),
            State::Granted { until } => (Stands::Granted, until),
            State::Late { until } => (Stands::Late, until),
            State::TooLarge => (Stands::TooLarge, 0),
            State::NoStore => (Stands::NoStore, 0),
        };
    }
}
