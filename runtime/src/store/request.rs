//! Request of a limiter to a store.

use super::Action;
use super::Actions;
use super::Limits;
use super::State;
use super::Ticks;

/// Request of a limiter to a store: a list of actions on one state, of which either all are done or none.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, Request, State, Ticks, step};
///
/// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
/// let now = Ticks::from_secs(1_000);
/// let draw = Action::Draw { tokens: 1, horizon: Ticks::ZERO, longest: Ticks::ZERO, drain: false };
/// let request = Request::new(draw, limits).not_after(now + Ticks::SECOND);
/// assert_eq!(step(&mut State::default(), now, &request).granted(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// Actions to be done, one after the other.
    pub actions: Actions,
    /// The limits that hold; they travel with every request, so that a changed rate needs no
    /// migration.
    pub limits: Limits,
    /// Last state that this process saw: it restores one that was lost.
    ///
    /// Restored are buckets, pauses, what was learnt and what an operator has set. Slots, the budget of retries and
    /// quotas of other processes are not.
    pub floor: Option<State>,
    /// Instant of the store's clock after which nothing is to be done: a store that hung must not
    /// serve callers that have left. A request that is later by ten minutes or more shows that the clock was set
    /// forward: it is carried out, and the state moves along with the clock.
    pub not_after: Option<Ticks>,
    /// Time of the store at which the request was sent, as this process estimates it. A clock that was set
    /// forward is taken to have moved by the time since then; without it, by the time since `not_after`.
    pub sent_at: Option<Ticks>,
}

impl Request {
    /// Creates a request for one action or [several](Actions), without a floor and valid at any time.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Limit, Limits, Request, Ticks};
    ///
    /// let request = Request::new(Action::Peek, Limits::one(Limit::new(Ticks::from_millis(200), 5)));
    /// assert_eq!(request.actions[..], [Action::Peek]);
    /// assert_eq!((request.floor, request.not_after, request.sent_at), (None, None, None));
    /// ```
    pub fn new(actions: impl Into<Actions>, limits: Limits) -> Self {
        Self {
            actions: actions.into(),
            limits,
            floor: None,
            not_after: None,
            sent_at: None,
        }
    }

    /// Returns the request with `action` after the others.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Limit, Limits, PauseKind, Request, State, Ticks, step};
    ///
    /// // One round trip: pause for a minute, slow down for an hour, and draw the first token after that.
    /// let draw = Action::Draw { tokens: 1, horizon: Ticks::ZERO, longest: Ticks::MAX, drain: false };
    /// let learn = Action::Learn { row: 0, interval: Ticks::SECOND, duration: Ticks::from_secs(3_600) };
    /// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
    /// let pause = Action::Pause { duration: Ticks::from_secs(60), kind: PauseKind::Wait };
    /// let pause = Request::new(pause, limits);
    /// let reply = step(&mut State::default(), Ticks::from_secs(1_000), &pause.then(learn).then(draw));
    /// assert_eq!(reply.answers[2].wait.to_come(), Ticks::from_secs(61));
    /// ```
    #[must_use]
    pub fn then(self, action: Action) -> Self {
        Self {
            actions: self.actions.and(action),
            ..self
        }
    }

    /// Returns the request with the last state that this process saw.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Limit, Limits, PauseKind, Request, State, Ticks, step};
    ///
    /// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
    /// let pause = Action::Pause { duration: Ticks::from_secs(60), kind: PauseKind::Wait };
    /// let now = Ticks::from_secs(1_000);
    /// let pause = Request::new(pause, limits);
    /// let seen = step(&mut State::default(), now, &pause).state;
    ///
    /// // The store has lost the state, and restores the pause.
    /// let mut lost = State::default();
    /// step(&mut lost, now, &Request::new(Action::Peek, limits).with_floor(seen.clone()));
    /// assert_eq!(lost.paused_until, seen.paused_until);
    /// ```
    #[must_use]
    pub fn with_floor(self, floor: State) -> Self {
        Self {
            floor: Some(floor),
            ..self
        }
    }

    /// Returns the request, void after `instant`: a time of the store's clock. Without one it never is.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Limit, Limits, PauseKind, Request, State, Ticks, step};
    ///
    /// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
    /// let pause = Action::Pause { duration: Ticks::from_secs(60), kind: PauseKind::Wait };
    /// let now = Ticks::from_secs(1_000);
    /// let request = Request::new(pause, limits).not_after(now);
    /// let mut state = State::default();
    /// assert!(step(&mut state, now + Ticks::new(1), &request).stale);
    /// assert_eq!(state, State::default());
    /// ```
    #[must_use]
    pub fn not_after(self, instant: Ticks) -> Self {
        Self {
            not_after: Some(instant),
            ..self
        }
    }

    /// Returns the request, sent at `instant`: a time of the store's clock. From it [`step`](super::step) computes how
    /// far a clock was set forward.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Limit, Limits, PauseKind, Request, State, Ticks, step};
    ///
    /// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
    /// let pause = Action::Pause { duration: Ticks::from_secs(60), kind: PauseKind::Wait };
    /// let now = Ticks::from_secs(1_000);
    /// let mut state = State::default();
    /// step(&mut state, now, &Request::new(pause, limits));
    ///
    /// // The clock is set forward by an hour while a request is under way: the pause moves along.
    /// let request = Request::new(Action::Peek, limits).not_after(now + Ticks::SECOND).sent_at(now);
    /// let later = now + Ticks::from_secs(3600);
    /// step(&mut state, later, &request);
    /// assert_eq!(state.paused_until, later + Ticks::from_secs(60));
    /// ```
    #[must_use]
    pub fn sent_at(self, instant: Ticks) -> Self {
        Self {
            sent_at: Some(instant),
            ..self
        }
    }
}
