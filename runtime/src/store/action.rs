//! Actions on a state, and lists of them.

use core::ops::Deref;
use core::ops::DerefMut;

use super::Calls;
use super::Limits;
use super::MAX_LIMITS;
use super::RetryBudget;
use super::Ticks;
use super::few::Few;

/// Action on a state.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, PauseKind, Request, State, Ticks, step};
///
/// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
/// let now = Ticks::from_secs(1_000);
/// let mut state = State::default();
/// let mut act = |action| step(&mut state, now, &Request::new(action, limits));
///
/// let draw = Action::Draw { tokens: 2, horizon: Ticks::ZERO, longest: Ticks::ZERO, drain: false };
/// assert_eq!(act(draw.clone()).granted(), 2);
/// act(Action::Pause { duration: Ticks::from_secs(60), kind: PauseKind::Wait });
/// assert_eq!(act(draw).granted(), 0);
/// act(Action::Resume { forget: false });
/// assert_eq!(act(Action::Peek).state.paused_until, now);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Draws tokens, each with the instant from which on it may be used.
    ///
    /// Where there are several limits, it is a [`DrawCalls`](Self::DrawCalls) of calls that take a token of each limit.
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
    /// Draws what calls take of each limit, all or nothing for each call, in the order of their queue: no call is
    /// served before one that is ahead of it.
    ///
    /// [`Answer::granted`](super::Answer::granted) is the number of calls that were served, and
    /// [`Reply::calls`](super::Reply::calls) has the instant of each. A call that takes more than a bucket holds is served
    /// when that bucket is full, and overdraws it.
    DrawCalls {
        /// The calls.
        calls: Calls,
        /// Longest time ahead at which they may be due. The first one may be due later.
        horizon: Ticks,
        /// Longest time ahead at which the first one may be due.
        longest: Ticks,
        /// Treats all buckets as empty: what was used while the store was away is not known to it.
        drain: bool,
    },
    /// Corrects what calls have drawn by what they have used, where [`DrawCalls`](Self::DrawCalls) drew it.
    ///
    /// More is a debt, and is always charged; up to one [period](super::Limit::period) beyond an empty bucket, and what
    /// is more is forgiven. Less is given back, unless the bucket was full since the draw: it had no room for it then.
    /// [`Answer::granted`](super::Answer::granted) is the number of tokens, of all limits together, that were forgiven.
    Settle {
        /// Tokens that were used beyond what was drawn, for each limit; negative where it was less.
        deltas: [i64; MAX_LIMITS],
        /// Tokens that the calls have drawn of each limit from which they give something back; 0: not known, and less may be given back. Of several calls: what they give back together, and
        /// the least that one of them has used.
        drawn: [u32; MAX_LIMITS],
        /// Instant at which the calls were due, by the store's clock. Of several calls: of the first.
        drawn_at: Ticks,
    },
    /// Reads the state, and changes nothing.
    Peek,
    /// Draws nothing for this long. Extends a pause that ends earlier; never shortens one.
    Pause {
        /// Time from now.
        duration: Ticks,
        /// Treatment of callers meanwhile. Of two pauses, the kind of the one that ends last holds.
        kind: PauseKind,
    },
    /// Ends a pause at once, in all processes: also in those that saw it and send it as their floor. The
    /// first bucket is empty then. Where there is no pause, nothing is ended.
    Resume {
        /// Forgets what was learnt, too.
        forget: bool,
    },
    /// Slows a limit: a token every `interval` and nothing saved up, for `duration`.
    /// Only ever tightens what the limits say. A later one replaces it; a duration of 0 ends it.
    ///
    /// An interval of 2^48 ticks or more says that nothing is left: nothing is drawn of the limit until the end, and then
    /// it is as if it had not been learnt.
    Learn {
        /// Number of the limit, from 0 on. Nothing is learnt of one that does not exist.
        row: u8,
        /// Time from one token to the next.
        interval: Ticks,
        /// Time from now.
        duration: Ticks,
    },
    /// Sets limits instead of those that processes declare, tighter or looser: an operator's decision. What is learnt
    /// slows them all the same. A later one replaces it; a duration of 0 ends it.
    ///
    /// Where tokens come at a longer interval afterwards, nothing is given back of what was drawn before: it was cheaper.
    Override {
        /// The limits, in the same order as those of the requests. Further limits are as they are declared.
        limits: Limits,
        /// Time from now, 30 days at most.
        duration: Ticks,
    },
    /// Takes, gives back and renews slots of a limited concurrency.
    ///
    /// [`Answer::granted`](super::Answer::granted) is the number of slots that the process holds from now on. That is less
    /// than `held` where its lease has ended meanwhile: a lease that was given up is not renewed, and what it was for has
    /// to be taken again.
    Slots {
        /// Number of the process, chosen at random.
        process: u64,
        /// Number of slots of all processes together. Numbers above 1,048,576 count as that, here and below.
        most: u32,
        /// Slots to be taken.
        want: u32,
        /// Slots that the process uses. Others that it holds are given back.
        held: u32,
        /// Callers of this process that wait for a slot. While callers of other processes wait too, each process holds
        /// its fair part at most.
        waiting: u32,
    },
    /// Pays into the budget of retries. [`Answer::granted`](super::Answer::granted) is 1.
    Deposit {
        /// Units; [a retry](RetryBudget::RETRY) is 1,000,000 of them.
        units: u64,
        /// Settings of the budget.
        budget: RetryBudget,
    },
    /// Takes from the budget of retries, all or nothing. [`Answer::granted`](super::Answer::granted) is 1 where there was
    /// enough, else 0.
    Withdraw {
        /// Units; [a retry](RetryBudget::RETRY) is 1,000,000 of them.
        units: u64,
        /// Settings of the budget.
        budget: RetryBudget,
    },
}

/// Treatment of callers during a pause.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, PauseKind, Request, State, Ticks, step};
///
/// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
/// let open = Action::Pause { duration: Ticks::from_secs(30), kind: PauseKind::Refuse };
/// let reply = step(&mut State::default(), Ticks::from_secs(1_000), &Request::new(open, limits));
/// assert_eq!(reply.state.pause_kind, PauseKind::Refuse);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PauseKind {
    /// Callers wait for its end.
    #[default]
    Wait,
    /// Callers are refused.
    Refuse,
}

/// Actions of a request, one or more, in the order in which they are done. One or two need no allocation. The list can
/// be used as a slice.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Actions, PauseKind, Ticks};
///
/// let pause = Action::Pause { duration: Ticks::SECOND, kind: PauseKind::Wait };
/// let actions = Actions::one(pause.clone()).and(Action::Peek);
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
