//! The arithmetic of all stores: the generic cell rate algorithm with reservations and pauses, on
//! integers.
//!
//! The script of the Redis store is the only other place that holds it.

use super::Action;
use super::Answer;
use super::Answers;
use super::Calls;
use super::Headroom;
use super::Limits;
use super::MAX_LIMITS;
use super::PauseKind;
use super::Reply;
use super::Request;
use super::ServedCall;
use super::State;
use super::Ticks;
use super::draw::Buckets;
use super::draw::Reach;
use super::headroom::MAX_HEADROOM;
use super::limit::MAX_CAPACITY;
use super::slots::Claim;
use super::state::LONGEST_PAUSE;

/// Delay from which on a request is not late: the clock was changed instead.
const CLOCK_CHANGED: Ticks = Ticks::from_secs(600);

/// Shortest extension of a pause.
const SHORTEST_EXTENSION: Ticks = Ticks::from_millis(50);

/// Applies a request to a state at the time `now` of the store's clock: its actions in their order.
///
/// The state is unchanged where nothing needs to be written. Never panics, and no value of any
/// field makes it overflow.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, Request, State, Ticks, step};
///
/// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
/// let now = Ticks::from_secs(1_000);
/// let draw = Action::Draw { tokens: 5, horizon: Ticks::ZERO, longest: Ticks::ZERO, drain: false };
/// let mut state = State::default();
/// let reply = step(&mut state, now, &Request::new(draw, limits).then(Action::Peek));
/// assert_eq!(reply.answers[0].granted, 5);
/// assert_eq!(reply.answers[1].wait.to_come(), Ticks::from_millis(200));
/// assert_eq!(state.rows[0].full_at, now + Ticks::SECOND);
/// ```
pub fn step(state: &mut State, now: Ticks, request: &Request) -> Reply {
    let end = request.not_after.unwrap_or(Ticks::MAX);
    let late = now - end;
    if late > Ticks::ZERO && late < CLOCK_CHANGED {
        return Reply::stale(now, &request.actions, state.clone());
    }
    let before = state.clone();
    // Counted from the instant at which the request was sent. `end` can be much later than that.
    let ahead = if late > Ticks::ZERO {
        now - request.sent_at.map_or(end, |sent| sent.min(end))
    } else {
        Ticks::ZERO
    };
    let limits = &request.limits;
    state.shift_back(now);
    state.shift_forward(ahead, end, now);
    state.clamp_to(limits, now);
    if let Some(floor) = &request.floor {
        let mut floor = floor.clone().bounded();
        floor.shift_forward(ahead, end, now);
        state.merge_floor(floor, limits, now);
    }
    state.declare(limits, now);
    state.end_override(limits, now);
    let mut calls = Vec::new();
    let answers = Answers::to(&request.actions, |action| {
        act(state, now, limits, action, &mut calls)
    });
    if *state != before {
        state.note_declared(limits);
        state.seen = now;
    }
    Reply::new(now, answers, state.clone()).with_calls(calls)
}

fn act(
    state: &mut State,
    now: Ticks,
    declared: &Limits,
    action: &Action,
    calls: &mut Vec<ServedCall>,
) -> Answer {
    let limits = state.in_force(declared, now);
    if let Action::Draw { .. } | Action::DrawCalls { .. } = action {
        return draw(state, now, &limits, action, calls);
    }
    let granted = state.change(now, declared, &limits, action);
    let limits = state.in_force(declared, now);
    let answer = Buckets::of(state, now, &limits, false).nothing();
    Answer { granted, ..answer }
}

/// Draws tokens or calls.
fn draw(
    state: &mut State,
    now: Ticks,
    limits: &Limits,
    action: &Action,
    calls: &mut Vec<ServedCall>,
) -> Answer {
    let of = |tokens| Calls::new().and(tokens, &[1; MAX_LIMITS]);
    let (tokens, wanted, horizon, longest, drain) = match action {
        Action::Draw {
            tokens,
            horizon,
            longest,
            drain,
        } => match limits.as_slice() {
            [_] => (*tokens, None, *horizon, *longest, *drain),
            _ => (0, Some(of(*tokens)), *horizon, *longest, *drain),
        },
        Action::DrawCalls {
            calls,
            horizon,
            longest,
            drain,
        } => (0, Some(calls.clone()), *horizon, *longest, *drain),
        _ => return Answer::default(),
    };
    let mut buckets = Buckets::of(state, now, limits, drain);
    let bounds = Reach { horizon, longest };
    let answer = match wanted {
        None => buckets.draw(tokens, bounds),
        Some(wanted) => {
            let (answer, served) = buckets.serve(&wanted, bounds);
            calls.extend(served);
            answer
        }
    };
    buckets.keep(state);
    answer
}

impl State {
    /// Does an action that draws nothing. Returns what it granted.
    fn change(&mut self, now: Ticks, declared: &Limits, limits: &Limits, action: &Action) -> u32 {
        match *action {
            Action::Settle {
                ref deltas,
                ref drawn,
                drawn_at,
            } => return self.settle(deltas, drawn, drawn_at, (declared, limits), now),
            Action::Slots { .. } => return Claim::of(action).map_or(0, |it| self.lease(it, now)),
            Action::Deposit { units, budget } => return self.budget.deposit(units, budget, now),
            Action::Withdraw { units, budget } => return self.budget.withdraw(units, budget, now),
            Action::Pause { duration, kind } => {
                self.pause(now, duration.min(LONGEST_PAUSE), kind, limits);
            }
            Action::Resume { forget } => self.resume(now, forget, limits),
            Action::Learn {
                row,
                interval,
                duration,
            } => self.learn(now, row, interval, duration),
            Action::Override {
                ref limits,
                duration,
            } => self.replace_limits(now, declared, limits, duration),
            Action::Peek | Action::Draw { .. } | Action::DrawCalls { .. } => {}
        }
        0
    }

    /// Pauses for `duration`, unless a pause that lasts longer is in force.
    ///
    /// Tokens that were drawn before are void, so the first bucket is empty when the pause ends, and not before. Refusals
    /// that arrive close together have the same cause. An extension is never short, so that not each of them makes tokens
    /// void again.
    fn pause(&mut self, now: Ticks, duration: Ticks, kind: PauseKind, limits: &Limits) {
        let mut until = now + duration;
        if until <= self.paused_until.max(now) {
            return;
        }
        if self.paused_until > now {
            let extended = self.paused_until + SHORTEST_EXTENSION;
            until = until.max(extended.min(now + LONGEST_PAUSE));
        }
        self.paused_until = until;
        self.pause_kind = kind;
        self.reopen_empty(now, until, limits);
    }

    /// Ends the pause that is in force, if any.
    ///
    /// Tokens that were drawn for its end are void. What the bucket held when it began is not known any more, so it is
    /// empty, as at the end of any pause.
    fn resume(&mut self, now: Ticks, forget: bool, limits: &Limits) {
        if forget {
            for row in &mut self.rows {
                (row.learnt_interval, row.learnt_until) = (Ticks::ZERO, Ticks::ZERO);
            }
        }
        if self.paused_until <= now {
            return;
        }
        self.note_lifted();
        self.paused_until = now;
        self.reopen_empty(now, now, limits);
    }

    /// Makes void what was drawn: the first bucket is empty at `until`, and nothing of it is given back.
    fn reopen_empty(&mut self, now: Ticks, until: Ticks, in_force: &Limits) {
        let pacing = self.slowed(in_force, now).pacing();
        let [first, ..] = &mut self.rows;
        self.generation = self.generation.wrapping_add(1);
        first.full_at = until + pacing.capacity();
        first.spilt_at = until.max(first.last_drawn_at() + Ticks::new(1));
        first.headroom = [Headroom::default(); MAX_HEADROOM];
    }

    fn learn(&mut self, now: Ticks, row: u8, interval: Ticks, duration: Ticks) {
        if let Some(row) = self.rows.get_mut(usize::from(row)) {
            row.learnt_interval = interval.min(MAX_CAPACITY);
            row.learnt_until = now + duration.min(LONGEST_PAUSE);
        }
    }
}
