//! The arithmetic of all stores: the generic cell rate algorithm with reservations and pauses, on
//! integers.
//!
//! The script of the Redis store is the only other place that holds it.

use super::Action;
use super::Answer;
use super::Answers;
use super::Limit;
use super::Limits;
use super::MAX_LIMITS;
use super::Reply;
use super::Request;
use super::State;
use super::Ticks;
use super::Wait;
use super::limit::MAX_CAPACITY;
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
/// assert_eq!(state.full_at[0], now + Ticks::SECOND);
/// ```
pub fn step(state: &mut State, now: Ticks, request: &Request) -> Reply {
    let end = request.not_after.unwrap_or(Ticks::MAX);
    let late = now - end;
    if late > Ticks::ZERO && late < CLOCK_CHANGED {
        return Reply::stale(now, &request.actions, *state);
    }
    let before = *state;
    // Counted from the instant at which the request was sent. `end` can be much later than that.
    let ahead = if late > Ticks::ZERO {
        now - request.sent_at.map_or(end, |sent| sent.min(end))
    } else {
        Ticks::ZERO
    };
    state.shift_back(now);
    state.shift_forward(ahead, end, now);
    state.clamp_to(&request.limits, now);
    if let Some(mut floor) = request.floor {
        floor.shift_forward(ahead, end, now);
        state.merge_floor(floor, &request.limits, now);
    }
    let limits = &request.limits;
    let answers = Answers::to(&request.actions, |action| act(state, now, limits, action));
    if *state != before {
        state.seen = now;
    }
    Reply::new(now, answers, *state)
}

fn act(state: &mut State, now: Ticks, declared: &Limits, action: Action) -> Answer {
    let limits = state.slowed(declared, now);
    match action {
        Action::Draw {
            tokens,
            horizon,
            longest,
            drain,
        } => {
            let buckets = Buckets::of(state, now, declared, drain);
            let drawn = buckets.draw(tokens, horizon, longest);
            if drawn.granted > 0 || drain {
                state.full_at = buckets.full_at;
                take(state, now, &limits, drawn);
            }
            return drawn;
        }
        Action::Peek => {}
        Action::Pause { duration } => pause(state, now, duration.min(LONGEST_PAUSE), &limits),
        Action::Resume { forget } => {
            if forget {
                (state.learnt_interval, state.learnt_until) = (Ticks::ZERO, Ticks::ZERO);
            }
            let limits = state.slowed(declared, now);
            resume(state, now, &limits);
        }
        Action::Learn { interval, duration } => {
            state.learnt_interval = interval.min(MAX_CAPACITY);
            state.learnt_until = now + duration.min(LONGEST_PAUSE);
        }
    }
    Buckets::of(state, now, declared, false).nothing()
}

/// The buckets of all limits at one instant.
struct Buckets {
    now: Ticks,
    /// Instant from which on tokens are drawn: now, or the end of a pause.
    from: Ticks,
    limits: Limits,
    full_at: [Ticks; MAX_LIMITS],
}

impl Buckets {
    /// Returns the buckets at `now`: a full bucket stays full, and a pause ends with the first one empty.
    fn of(state: &State, now: Ticks, declared: &Limits, drain: bool) -> Self {
        let limits = state.slowed(declared, now);
        let mut full_at = state.full_at;
        for (instant, limit) in full_at.iter_mut().zip(limits.as_slice()) {
            *instant = (*instant).max(now);
            if drain {
                *instant = (*instant).max(now + limit.capacity());
            }
        }
        let [first, ..] = &mut full_at;
        let pacing = limits.pacing();
        if limits != *declared {
            // Slowed, it saves nothing up beyond the one token that can be taken at once.
            let one = pacing.capacity() - pacing.interval();
            *first = (*first).max(now + one);
        }
        if state.paused_until > now {
            *first = (*first).max(state.paused_until + pacing.capacity());
        }
        Self {
            now,
            from: now.max(state.paused_until),
            limits,
            full_at,
        }
    }

    fn each(&self) -> impl Iterator<Item = (Ticks, Limit)> {
        let limits = self.limits.as_slice().iter().copied();
        self.full_at.iter().copied().zip(limits)
    }

    /// Returns how long until one token can be taken from all, or since when it could have been.
    fn wait(&self) -> Wait {
        let waits = self.each().map(|(full_at, limit)| {
            let gone = self.now + limit.capacity();
            Wait::between(gone, full_at + limit.interval())
        });
        waits.max().unwrap_or_default()
    }

    /// Returns how many tokens can be drawn so that no bucket is further ahead than any may be.
    fn room(&self) -> u32 {
        self.fewest(|limit| self.from + limit.furthest())
    }

    /// Returns how many tokens fit into every bucket until `instant` of its limit.
    fn fewest(&self, instant: impl Fn(Limit) -> Ticks) -> u32 {
        let fit = self
            .each()
            .map(|(full_at, limit)| (instant(limit) - full_at) / limit.interval());
        u32::try_from(fit.min().unwrap_or(0)).unwrap_or(u32::MAX)
    }

    fn nothing(&self) -> Answer {
        Answer::new(0, self.wait(), Ticks::ZERO)
    }

    fn draw(&self, tokens: u32, horizon: Ticks, longest: Ticks) -> Answer {
        let wait = self.wait();
        let most = tokens.min(self.room());
        if most == 0 || wait.to_come() > longest {
            return self.nothing();
        }
        let [limit] = self.limits.as_slice() else {
            return self.draw_together(most, wait);
        };
        let every = limit.interval();
        // From a wait that is past on, all that are due by now and within the horizon.
        let reach = horizon + wait.gone() - wait.to_come();
        let granted = u32::try_from((reach / every).saturating_add(1));
        Answer::new(granted.map_or(most, |within| within.min(most)), wait, every)
    }

    /// Several limits: all that can be used now, or one.
    fn draw_together(&self, most: u32, wait: Wait) -> Answer {
        let free = self.fewest(|limit| self.now + limit.capacity());
        let wait = if free > 0 { Wait::NONE } else { wait };
        Answer::new(free.clamp(1, most), wait, Ticks::ZERO)
    }
}

/// Takes what was drawn out of all buckets, each token when it may be used.
fn take(state: &mut State, now: Ticks, limits: &Limits, drawn: Answer) {
    if drawn.granted == 0 {
        return;
    }
    let used = now + drawn.wait.to_come();
    for (instant, limit) in state.full_at.iter_mut().zip(limits.as_slice()) {
        *instant = (*instant).max(used) + limit.interval() * u64::from(drawn.granted);
    }
}

/// Pauses for `duration`, unless a pause that lasts longer is in force.
///
/// Tokens that were drawn before are void, so the first bucket is empty when the pause ends, and not before. Refusals
/// that arrive close together have the same cause. An extension is never short, so that not each of them makes tokens
/// void again.
fn pause(state: &mut State, now: Ticks, duration: Ticks, limits: &Limits) {
    let mut until = now + duration;
    if until <= state.paused_until.max(now) {
        return;
    }
    if state.paused_until > now {
        let extended = state.paused_until + SHORTEST_EXTENSION;
        until = until.max(extended.min(now + LONGEST_PAUSE));
    }
    state.generation = state.generation.wrapping_add(1);
    state.paused_until = until;
    state.full_at[0] = until + limits.pacing().capacity();
}

/// Ends the pause that is in force, if any.
///
/// Tokens that were drawn for its end are void. What the bucket held when it began is not known any more, so it is
/// empty, as at the end of any pause.
fn resume(state: &mut State, now: Ticks, limits: &Limits) {
    if state.paused_until <= now {
        return;
    }
    state.note_lifted(limits);
    state.generation = state.generation.wrapping_add(1);
    state.paused_until = now;
    state.full_at[0] = now + limits.pacing().capacity();
}
