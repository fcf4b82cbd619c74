//! Reply of a store to a request.

use core::ops::Deref;
use core::ops::DerefMut;

use super::Actions;
use super::State;
use super::Ticks;
use super::Wait;
use super::few::Few;

/// Reply of a store to a request: an [`Answer`] to each action, and the state after all of them.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, Request, State, Ticks, step};
///
/// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
/// let draw = Action::Draw { tokens: 3, horizon: Ticks::ZERO, longest: Ticks::ZERO, drain: false };
/// let request = Request::new(draw.clone(), limits).then(draw);
/// let now = Ticks::from_secs(1_000);
/// let reply = step(&mut State::default(), now, &request);
/// assert_eq!((reply.answers[0].granted, reply.answers[1].granted), (3, 2));
/// assert_eq!(reply.state.rows[0].full_at, now + Ticks::SECOND);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The store's time.
    pub now: Ticks,
    /// The request came too late, and nothing was done.
    pub stale: bool,
    /// Answers to the actions, in their order.
    pub answers: Answers,
    /// Calls that were served, of all actions one after the other: [`Answer::granted`] of a
    /// [`DrawCalls`](super::Action::DrawCalls) is how many of them are its own.
    pub calls: Vec<ServedCall>,
    /// State after the request.
    pub state: State,
}

impl Reply {
    /// Creates the reply of a store that has a script of its own instead of [`step`](super::step).
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Answer, Answers, Reply, State, Ticks, Wait};
    ///
    /// let peeked = Answer::new(0, Wait::NONE, Ticks::ZERO);
    /// let reply = Reply::new(Ticks::from_secs(1_000), Answers::one(peeked), State::default());
    /// assert!(!reply.stale);
    /// ```
    pub const fn new(now: Ticks, answers: Answers, state: State) -> Self {
        Self {
            now,
            stale: false,
            answers,
            calls: Vec::new(),
            state,
        }
    }

    /// Returns the reply with the calls that were served.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Answer, Answers, Reply, ServedCall, State, Ticks, Wait};
    ///
    /// let drawn = Answer::new(1, Wait::NONE, Ticks::ZERO);
    /// let call = ServedCall { wait: Wait::NONE, row: 0 };
    /// let reply = Reply::new(Ticks::from_secs(1_000), Answers::one(drawn), State::default());
    /// assert_eq!(reply.with_calls(vec![call]).calls, [call]);
    /// ```
    #[must_use]
    pub fn with_calls(self, calls: Vec<ServedCall>) -> Self {
        Self { calls, ..self }
    }

    /// Creates the reply to a request with these actions that came too late.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Actions, Reply, State, Ticks};
    ///
    /// let reply = Reply::stale(Ticks::from_secs(1_000), &Actions::one(Action::Peek), State::default());
    /// assert!(reply.stale);
    /// assert_eq!(reply.last().granted, 0);
    /// ```
    pub fn stale(now: Ticks, actions: &Actions, state: State) -> Self {
        Self {
            now,
            stale: true,
            answers: Answers::to(actions, |_| Answer::default()),
            calls: Vec::new(),
            state,
        }
    }

    /// Returns the answer to the last action.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Limit, Limits, PauseKind, Request, State, Ticks, step};
    ///
    /// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
    /// let pause = Action::Pause { duration: Ticks::SECOND, kind: PauseKind::Wait };
    /// let request = Request::new(pause, limits).then(Action::Peek);
    /// let reply = step(&mut State::default(), Ticks::from_secs(1_000), &request);
    /// assert_eq!(reply.last().wait.to_come(), Ticks::from_millis(1_200));
    /// ```
    pub fn last(&self) -> Answer {
        self.answers.last().copied().unwrap_or_default()
    }

    /// Returns the sum of what all actions [granted](Answer::granted): where all are draws, the number of tokens.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Limit, Limits, Request, State, Ticks, step};
    ///
    /// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
    /// let draw = Action::Draw { tokens: 2, horizon: Ticks::ZERO, longest: Ticks::ZERO, drain: false };
    /// let request = Request::new(draw.clone(), limits).then(draw);
    /// assert_eq!(step(&mut State::default(), Ticks::from_secs(1_000), &request).granted(), 4);
    /// ```
    pub fn granted(&self) -> u32 {
        let granted = self.answers.iter().map(|answer| answer.granted);
        granted.fold(0, u32::saturating_add)
    }
}

/// Answer to an action.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Answer, Limit, Limits, Request, State, Ticks, step};
///
/// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
/// let action = Action::Draw { tokens: 8, horizon: Ticks::SECOND, longest: Ticks::ZERO, drain: false };
/// let request = Request::new(action, limits);
/// let reply = step(&mut State::default(), Ticks::from_secs(1_000), &request);
/// let Answer { granted, wait, every, .. } = reply.last();
///
/// // Five tokens may be used at once, and three more within the second of the horizon.
/// let due = (0..granted).filter(|nth| wait.later(every * u64::from(*nth)).to_come() == Ticks::ZERO);
/// assert_eq!((granted, due.count()), (8, 5));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// Number of tokens that were drawn, or of calls that were served. Actions that draw nothing say what it is for
    /// them; else it is 0.
    pub granted: u32,
    /// Time until the first of them may be used. Where none was drawn: time until the next one could be, or the call
    /// that was asked for.
    pub wait: Wait,
    /// Time from each token to the next; 0 where there are several limits.
    pub every: Ticks,
}

/// Call that was served by a [`DrawCalls`](super::Action::DrawCalls).
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Calls, Limit, Limits, Request, State, Ticks, Wait, step};
///
/// // 5 requests a second, and 1,000 tokens a second.
/// let requests = Limit::new(Ticks::SECOND / 5, 5);
/// let tokens = Limit::new(Ticks::SECOND / 1000, 1000);
/// let limits = Limits::new(&[requests, tokens]).unwrap();
/// let calls = Calls::new().and(2, &[1, 800]);
/// let draw = Action::DrawCalls { calls, horizon: Ticks::SECOND, longest: Ticks::MAX, drain: false };
/// let reply = step(&mut State::default(), Ticks::from_secs(1_000), &Request::new(draw, limits));
/// let [first, second] = reply.calls[..] else { panic!() };
/// assert_eq!(first.wait, Wait::NONE);
/// // It has to wait for 600 tokens.
/// assert_eq!((second.wait.to_come(), second.row), (Ticks::from_millis(600), 1));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServedCall {
    /// Time until it may be made.
    pub wait: Wait,
    /// Number of the limit that it waits for, from 0 on; 0 where it need not wait.
    pub row: u8,
}

impl Answer {
    /// Creates an answer, in a store that has a script of its own instead of [`step`](super::step).
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Answer, Ticks, Wait};
    ///
    /// let answer = Answer::new(3, Wait::ahead(Ticks::SECOND), Ticks::from_millis(200));
    /// assert_eq!(answer.granted, 3);
    /// ```
    pub const fn new(granted: u32, wait: Wait, every: Ticks) -> Self {
        Self {
            granted,
            wait,
            every,
        }
    }
}

/// Answers to the actions of a request, one or more, which it can be used as a slice of.
///
/// # Examples
///
/// ```
/// use paced::store::{Answer, Answers, Ticks, Wait};
///
/// let paused = Answer::new(0, Wait::ahead(Ticks::SECOND), Ticks::ZERO);
/// let drawn = Answer::new(1, Wait::ahead(Ticks::SECOND), Ticks::from_millis(200));
/// let answers = Answers::one(paused).and(drawn);
/// assert_eq!(answers[..], [paused, drawn]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers(Few<Answer>);

impl Answers {
    /// Creates the answers to a request with one action.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Answer, Answers};
    ///
    /// assert_eq!(Answers::one(Answer::default()).len(), 1);
    /// ```
    pub const fn one(answer: Answer) -> Self {
        Self(Few::one(answer))
    }

    /// Returns these answers and `answer` after them.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Answer, Answers};
    ///
    /// assert_eq!(Answers::one(Answer::default()).and(Answer::default()).len(), 2);
    /// ```
    #[must_use]
    pub fn and(mut self, answer: Answer) -> Self {
        self.0.push(answer);
        self
    }

    /// Returns the answers to `actions`, in their order.
    pub(super) fn to(actions: &Actions, answer: impl FnMut(&super::Action) -> Answer) -> Self {
        Self(actions.few().map(answer))
    }
}

impl Deref for Answers {
    type Target = [Answer];

    fn deref(&self) -> &[Answer] {
        self.0.as_slice()
    }
}

impl DerefMut for Answers {
    fn deref_mut(&mut self) -> &mut [Answer] {
        self.0.as_mut_slice()
    }
}
