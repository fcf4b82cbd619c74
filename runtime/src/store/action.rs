//! Actions on a state, and lists of them.

use core::ops::Deref;
use core::ops::DerefMut;

use super::Ticks;
use super::few::Few;

/// Action on a state.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, Request, State, Ticks, step};
///
/// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
/// let now = Ticks::from_secs(1_000);
/// let mut state = State::default();
/// let mut act = |action| step(&mut state, now, &Request::new(action, limits));
///
/// let draw = Action::Draw { tokens: 2, horizon: Ticks::ZERO, longest: Ticks::ZERO, drain: false };
/// assert_eq!(act(draw).granted(), 2);
/// act(Action::Pause { duration: Ticks::from_secs(60) });
/// assert_eq!(act(draw).granted(), 0);
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
        horizon: Ticks,
        /// Longest time ahead at which the first one may be due.
        longest: Ticks,
        /// Treats the bucket as empty: tokens that were used while the store was away are not known to it.
        drain: bool,
    },
    /// Reads the state, and changes nothing.
    Peek,
    /// Draws nothing for this long. Extends a pause that ends earlier; never shortens one.
    Pause {
        /// Time from now.
        duration: Ticks,
    },
    /// Ends a pause at once, in all processes: also in those that saw it and send it as their floor. The
    /// first bucket is empty then. Where there is no pause, nothing is ended.
    Resume {
        /// Forgets what was learnt, too.
        forget: bool,
    },
    /// Slows the first limit: a token every `interval` and nothing saved up, for `duration`.
    /// Only ever tightens what the limits say. A later one replaces it; a duration of 0 ends it.
    Learn {
        /// Time from one token to the next.
        interval: Ticks,
        /// Time from now.
        duration: Ticks,
    },
}

/// Actions of a request, one or more, in the order in which they are done. One or two need no allocation. The list can
/// be used as a slice.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Actions, Ticks};
///
/// let pause = Action::Pause { duration: Ticks::SECOND };
/// let actions = Actions::one(pause).and(Action::Peek);
/// assert_eq!(actions[..], [pause, Action::Peek]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actions(Few<Action>);

impl Actions {
    /// Creates a list of one action.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Actions};
    ///
    /// assert_eq!(Actions::one(Action::Peek)[..], [Action::Peek]);
    /// ```
    pub const fn one(action: Action) -> Self {
        Self(Few::one(action))
    }

    /// Adds an action.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Actions};
    ///
    /// let mut actions = Actions::one(Action::Resume { forget: true });
    /// actions.push(Action::Peek);
    /// assert_eq!(actions.len(), 2);
    /// ```
    pub fn push(&mut self, action: Action) {
        self.0.push(action);
    }

    /// Returns these actions and `action` after them.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Actions};
    ///
    /// let resume = Action::Resume { forget: true };
    /// assert_eq!(Actions::one(resume).and(Action::Peek)[1], Action::Peek);
    /// ```
    #[must_use]
    pub fn and(mut self, action: Action) -> Self {
        self.0.push(action);
        self
    }

    pub(super) const fn few(&self) -> &Few<Action> {
        &self.0
    }
}

impl From<Action> for Actions {
    fn from(action: Action) -> Self {
        Self::one(action)
    }
}

impl Deref for Actions {
    type Target = [Action];

    fn deref(&self) -> &[Action] {
        self.0.as_slice()
    }
}

impl DerefMut for Actions {
    fn deref_mut(&mut self) -> &mut [Action] {
        self.0.as_mut_slice()
    }
}
