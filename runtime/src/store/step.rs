//! The arithmetic of all stores: the generic cell rate algorithm with reservations and pauses, on
//! integers.
//!
//! The script of the Redis store is the only other place that holds it.

use super::Action;
use super::Answer;
use super::Limit;
use super::Limits;
use super::Request;
use super::State;
use super::TICKS_PER_SECOND;
use super::state::LONGEST_PAUSE;

/// Further beyond its time a request is not late: the clock was changed.
const CLOCK_CHANGED: u64 = 600 * TICKS_PER_SECOND;

/// Pauses that end this close together have the same cause.
const SAME_PAUSE: u64 = TICKS_PER_SECOND / 20;

/// Applies a request to a state at the time `now`, in ticks of the store's clock.
///
/// The state is unchanged where nothing needs to be written. Never panics, and no value of any
/// field makes it overflow.
pub fn step(state: &mut State, now: u64, request: &Request) -> Answer {
    if request
        .not_after
        .is_some_and(|end| now > end && now - end < CLOCK_CHANGED)
    {
        return Answer {
            now,
            granted: 0,
            wait: 0,
            every: 0,
            stale: true,
            state: *state,
        };
    }
    let before = *state;
    state.follow(now);
    state.tame(&request.limits, now);
    if let Some(floor) = request.floor {
        state.heal(floor, &request.limits, now);
    }
    let mut limits = request.limits;
    if state.learnt_until > now {
        let first = limits.first_mut();
        *first = first.slowed(state.learnt_interval);
    }
    let (granted, wait, every) = act(state, now, request.action, &limits);
    if *state != before {
        state.seen = now;
    }
    Answer {
        now,
        granted,
        wait,
        every,
        stale: false,
        state: *state,
    }
}

fn act(state: &mut State, now: u64, action: Action, limits: &Limits) -> (u32, i64, u64) {
    match action {
        Action::Draw {
            tokens,
            horizon,
            longest,
            drain,
        } => {
            let full_at = refilled(state, now, limits, drain);
            let drawn = draw(&full_at, now, limits, tokens, horizon, longest);
            if drawn.granted > 0 || drain {
                state.full_at = full_at;
                take(state, now, limits, drawn);
            }
            (drawn.granted, drawn.wait, drawn.every)
        }
        Action::Peek => {
            let full_at = refilled(state, now, limits, false);
            (0, first(&full_at, now, limits), 0)
        }
        Action::Pause { duration } => {
            pause(state, now, duration.min(LONGEST_PAUSE), limits);
            let full_at = refilled(state, now, limits, false);
            (0, first(&full_at, now, limits), 0)
        }
        Action::Learn { interval, duration } => {
            state.learnt_interval = interval;
            state.learnt_until = now.saturating_add(duration.min(LONGEST_PAUSE));
            let full_at = refilled(state, now, limits, false);
            (0, first(&full_at, now, limits), 0)
        }
    }
}

type Instants = [u64; super::MAX_LIMITS];

#[derive(Clone, Copy)]
struct Drawn {
    granted: u32,
    wait: i64,
    every: u64,
}

/// The buckets at `now`: a full one stays full, and a pause ends with the first one empty.
fn refilled(state: &State, now: u64, limits: &Limits, drain: bool) -> Instants {
    let mut full_at = state.full_at;
    for (instant, limit) in full_at.iter_mut().zip(limits.as_slice()) {
        *instant = (*instant).max(now);
        if drain {
            *instant = (*instant).max(now.saturating_add(limit.capacity()));
        }
    }
    if state.paused_until > now {
        empty_first(&mut full_at, state.paused_until, limits);
    }
    full_at
}

/// The first limit is the one that paces: after a pause its bucket is empty.
fn empty_first(full_at: &mut Instants, until: u64, limits: &Limits) {
    for (instant, limit) in full_at.iter_mut().zip(limits.as_slice()).take(1) {
        *instant = (*instant).max(until.saturating_add(limit.capacity()));
    }
}

/// How long until one token can be taken from all buckets; negative if it could have been before.
fn first(full_at: &Instants, now: u64, limits: &Limits) -> i64 {
    let waits = full_at.iter().zip(limits.as_slice());
    waits
        .map(|(&full_at, limit)| wait(full_at, now, *limit))
        .max()
        .unwrap_or(0)
}

fn wait(full_at: u64, now: u64, limit: Limit) -> i64 {
    let due = full_at.saturating_add(limit.interval());
    signed(due.saturating_sub(limit.capacity())) - signed(now)
}

fn signed(ticks: u64) -> i64 {
    i64::try_from(ticks).unwrap_or(i64::MAX)
}

fn draw(
    full_at: &Instants,
    now: u64,
    limits: &Limits,
    tokens: u32,
    horizon: u64,
    longest: u64,
) -> Drawn {
    let wait = first(full_at, now, limits);
    let ahead = u64::try_from(wait).unwrap_or(0);
    let nothing = Drawn {
        granted: 0,
        wait,
        every: 0,
    };
    if tokens == 0 || ahead > longest {
        return nothing;
    }
    let [limit] = limits.as_slice() else {
        return draw_together(full_at, now, limits, tokens, wait);
    };
    let every = limit.interval();
    // From a wait that is negative on, all that are due by now and within the horizon.
    let reach = signed(horizon).saturating_sub(wait);
    let more = u64::try_from(reach).map_or(0, |reach| reach / every);
    Drawn {
        granted: u32::try_from(more.saturating_add(1)).map_or(tokens, |most| most.min(tokens)),
        wait,
        every,
    }
}

/// Several limits: all that can be used now, or one.
fn draw_together(full_at: &Instants, now: u64, limits: &Limits, tokens: u32, wait: i64) -> Drawn {
    let free = full_at.iter().zip(limits.as_slice());
    let free = free.map(|(&full_at, limit)| {
        now.saturating_add(limit.capacity()).saturating_sub(full_at) / limit.interval()
    });
    let free = u32::try_from(free.min().unwrap_or(0)).unwrap_or(u32::MAX);
    Drawn {
        granted: free.clamp(1, tokens.max(1)),
        wait: if free > 0 { 0 } else { wait },
        every: 0,
    }
}

/// Takes what was drawn out of all buckets, each token when it may be used.
fn take(state: &mut State, now: u64, limits: &Limits, drawn: Drawn) {
    let ahead = u64::try_from(drawn.wait).unwrap_or(0);
    let used = now.saturating_add(ahead);
    for (instant, limit) in state.full_at.iter_mut().zip(limits.as_slice()) {
        if drawn.granted > 0 {
            let price = limit.interval().saturating_mul(u64::from(drawn.granted));
            *instant = (*instant).max(used).saturating_add(price);
        }
    }
}

fn pause(state: &mut State, now: u64, duration: u64, limits: &Limits) {
    let until = now.saturating_add(duration);
    if until <= state.paused_until.max(now) {
        return;
    }
    if until > state.paused_until.max(now).saturating_add(SAME_PAUSE) || state.paused_until <= now {
        state.generation = state.generation.wrapping_add(1);
    }
    state.paused_until = until;
    empty_first(&mut state.full_at, until, limits);
}
