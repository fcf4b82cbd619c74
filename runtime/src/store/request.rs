//! What a limiter asks of a store.

use super::Limits;
use super::State;

/// What a limiter asks of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// What is to be done.
    pub action: Action,
    /// The limits that hold; they travel with every request, so that a changed rate needs no
    /// migration.
    pub limits: Limits,
    /// The last state that the asker saw: it mends one that was lost.
    pub floor: Option<State>,
    /// Nothing is to be done after this instant, in ticks of the store's clock: a store that hung
    /// must not serve those who have left. More than ten minutes after it, the clock was set forward: then
    /// the state moves along with it.
    pub not_after: Option<u64>,
    /// The store's time at which the request was sent, as the asker reckons. A clock that was set forward
    /// is taken to have moved by the time since then; without it, by the time since `not_after`.
    pub sent_at: Option<u64>,
}

impl Request {
    /// A request without a floor, at whatever time.
    pub const fn new(action: Action, limits: Limits) -> Self {
        Self {
            action,
            limits,
            floor: None,
            not_after: None,
            sent_at: None,
        }
    }

    /// The same, with the last state that the asker saw.
    #[must_use]
    pub const fn with_floor(self, floor: State) -> Self {
        Self {
            floor: Some(floor),
            ..self
        }
    }

    /// The same, void after `instant`.
    #[must_use]
    pub const fn not_after(self, instant: u64) -> Self {
        Self {
            not_after: Some(instant),
            ..self
        }
    }

    /// The same, sent at `instant`.
    #[must_use]
    pub const fn sent_at(self, instant: u64) -> Self {
        Self {
            sent_at: Some(instant),
            ..self
        }
    }
}

/// What is to be done. All durations are in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Draws tokens, each with the instant from which on it may be used.
    Draw {
        /// How many at most.
        tokens: u32,
        /// How far ahead they may lie. The first one may lie further ahead.
        horizon: u64,
        /// How far ahead the first one may lie.
        longest: u64,
        /// The bucket counts as empty: what was sent while the store was away is not known to it.
        drain: bool,
    },
    /// Only asks how things are.
    Peek,
    /// Draws nothing for this long. Extends a pause that ends earlier; never shortens one.
    Pause {
        /// How long from now.
        duration: u64,
    },
    /// Ends a pause at once, for everybody: also for those who saw it and send it as their floor. The first
    /// bucket is empty then. Where there is no pause, nothing is ended.
    Resume {
        /// What was learnt ends as well.
        forget: bool,
    },
    /// Slows the first limit: a token every `interval` ticks and nothing saved up, for `duration`.
    /// Only ever tightens what the limits say. A later one replaces it; a duration of 0 ends it.
    Learn {
        /// Ticks from one token to the next.
        interval: u64,
        /// How long from now.
        duration: u64,
    },
}
