//! Request of a limiter to a store.

use super::Limits;
use super::State;

/// Request of a limiter to a store.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, Request, State, TICKS_PER_SECOND, step};
///
/// let limits = Limits::one(Limit::new(TICKS_PER_SECOND / 5, 5));
/// let now = 1_000 * TICKS_PER_SECOND;
/// let draw = Action::Draw { tokens: 1, horizon: 0, longest: 0, drain: false };
/// let request = Request::new(draw, limits).not_after(now + TICKS_PER_SECOND);
/// assert_eq!(step(&mut State::default(), now, &request).granted, 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// Action to be done.
    pub action: Action,
    /// The limits that hold; they travel with every request, so that a changed rate needs no
    /// migration.
    pub limits: Limits,
    /// Last state that this process saw: it restores one that was lost.
    pub floor: Option<State>,
    /// Instant of the store's clock after which nothing is to be done, in ticks: a store that hung must not
    /// serve callers that have left. More than ten minutes after it, the clock was set forward, and the state
    /// moves along with it.
    pub not_after: Option<u64>,
    /// Time of the store at which the request was sent, as this process estimates it. A clock that was set
    /// forward is taken to have moved by the time since then; without it, by the time since `not_after`.
    pub sent_at: Option<u64>,
}

impl Request {
    /// Creates a request without a floor, valid at any time.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Limit, Limits, Request};
    ///
    /// let request = Request::new(Action::Peek, Limits::one(Limit::new(800_000, 5)));
    /// assert_eq!(request.action, Action::Peek);
    /// assert_eq!((request.floor, request.not_after, request.sent_at), (None, None, None));
    /// ```
    pub const fn new(action: Action, limits: Limits) -> Self {
        Self {
            action,
            limits,
            floor: None,
            not_after: None,
            sent_at: None,
        }
    }

    /// Returns the request with the last state that this process saw.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Limit, Limits, Request, State, TICKS_PER_SECOND, step};
    ///
    /// let limits = Limits::one(Limit::new(TICKS_PER_SECOND / 5, 5));
    /// let now = 1_000 * TICKS_PER_SECOND;
    /// let pause = Request::new(Action::Pause { duration: 60 * TICKS_PER_SECOND }, limits);
    /// let seen = step(&mut State::default(), now, &pause).state;
    ///
    /// // The store has lost the state, and restores the pause.
    /// let mut lost = State::default();
    /// step(&mut lost, now, &Request::new(Action::Peek, limits).with_floor(seen));
    /// assert_eq!(lost.paused_until, seen.paused_until);
    /// ```
    #[must_use]
    pub const fn with_floor(self, floor: State) -> Self {
        Self {
            floor: Some(floor),
            ..self
        }
    }

    /// Returns the request, void after `instant`: a time of the store's clock, in ticks. Without one it never is.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Limit, Limits, Request, State, TICKS_PER_SECOND, step};
    ///
    /// let limits = Limits::one(Limit::new(TICKS_PER_SECOND / 5, 5));
    /// let now = 1_000 * TICKS_PER_SECOND;
    /// let request = Request::new(Action::Pause { duration: 60 * TICKS_PER_SECOND }, limits).not_after(now);
    /// let mut state = State::default();
    /// assert!(step(&mut state, now + 1, &request).stale);
    /// assert_eq!(state, State::default());
    /// ```
    #[must_use]
    pub const fn not_after(self, instant: u64) -> Self {
        Self {
            not_after: Some(instant),
            ..self
        }
    }

    /// Returns the request, sent at `instant`: a time of the store's clock, in ticks. By it the store tells how far a
    /// clock was set forward.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Limit, Limits, Request, State, TICKS_PER_SECOND, step};
    ///
    /// let limits = Limits::one(Limit::new(TICKS_PER_SECOND / 5, 5));
    /// let now = 1_000 * TICKS_PER_SECOND;
    /// let mut state = State::default();
    /// step(&mut state, now, &Request::new(Action::Pause { duration: 60 * TICKS_PER_SECOND }, limits));
    ///
    /// // The clock is set forward by an hour while a request is under way: the pause moves along.
    /// let request = Request::new(Action::Peek, limits).not_after(now + TICKS_PER_SECOND).sent_at(now);
    /// let later = now + 3600 * TICKS_PER_SECOND;
    /// step(&mut state, later, &request);
    /// assert_eq!(state.paused_until, later + 60 * TICKS_PER_SECOND);
    /// ```
    #[must_use]
    pub const fn sent_at(self, instant: u64) -> Self {
        Self {
            sent_at: Some(instant),
            ..self
        }
    }
}

/// Action on a state. All durations are in ticks.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, Request, State, TICKS_PER_SECOND, step};
///
/// let limits = Limits::one(Limit::new(TICKS_PER_SECOND / 5, 5));
/// let now = 1_000 * TICKS_PER_SECOND;
/// let mut state = State::default();
/// let mut act = |action| step(&mut state, now, &Request::new(action, limits));
///
/// let draw = Action::Draw { tokens: 2, horizon: 0, longest: 0, drain: false };
/// assert_eq!(act(draw).granted, 2);
/// act(Action::Pause { duration: 60 * TICKS_PER_SECOND });
/// assert_eq!(act(draw).granted, 0);
/// act(Action::Resume { forget: false });
/// assert_eq!(act(Action::Peek).state.paused_until, now);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Draws tokens, each with the instant from which on it may be used.
    Draw {
        /// Maximum number of tokens.
        tokens: u32,
        /// Longest time ahead at which they may be due. The first one may be due later.
        horizon: u64,
        /// Longest time ahead at which the first one may be due.
        longest: u64,
        /// Treats the bucket as empty: tokens that were used while the store was away are not known to it.
        drain: bool,
    },
    /// Reads the state, and changes nothing.
    Peek,
    /// Draws nothing for this long. Extends a pause that ends earlier; never shortens one.
    Pause {
        /// Time from now.
        duration: u64,
    },
    /// Ends a pause at once, in all processes: also in those that saw it and send it as their floor. The
    /// first bucket is empty then. Where there is no pause, nothing is ended.
    Resume {
        /// Forgets what was learnt, too.
        forget: bool,
    },
    /// Slows the first limit: a token every `interval` ticks and nothing saved up, for `duration`.
    /// Only ever tightens what the limits say. A later one replaces it; a duration of 0 ends it.
    Learn {
        /// Ticks from one token to the next.
        interval: u64,
        /// Time from now.
        duration: u64,
    },
}
