//! The arithmetic of all stores: the generic cell rate algorithm with reservations and pauses, on
//! integers.
//!
//! The script of the Redis store is the only other place that holds it.

use super::Action;
use super::Answer;
use super::Limit;
use super::Limits;
use super::MAX_LIMITS;
use super::Request;
use super::State;
use super::TICKS_PER_SECOND;
use super::limit::MAX_CAPACITY;
use super::state::LONGEST_PAUSE;

/// Delay from which on a request is not late: the clock was changed instead.
const CLOCK_CHANGED: u64 = 600 * TICKS_PER_SECOND;

/// Shortest extension of a pause: 50 ms.
const SHORTEST_EXTENSION: u64 = TICKS_PER_SECOND / 20;

/// Applies a request to a state at the time `now`, in ticks of the store's clock.
///
/// The state is unchanged where nothing needs to be written. Never panics, and no value of any
/// field makes it overflow.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, Request, State, TICKS_PER_SECOND, step};
///
/// let limits = Limits::one(Limit::new(TICKS_PER_SECOND / 5, 5));
/// let now = 1_000 * TICKS_PER_SECOND;
/// let draw = Action::Draw { tokens: 5, horizon: 0, longest: 0, drain: false };
/// let mut state = State::default();
/// assert_eq!(step(&mut state, now, &Request::new(draw, limits)).granted, 5);
/// assert_eq!(state.full_at[0], now + TICKS_PER_SECOND);
///
/// let peeked = step(&mut state, now, &Request::new(Action::Peek, limits));
/// assert_eq!(peeked.wait, 800_000);
/// ```
pub fn step(state: &mut State, now: u64, request: &Request) -> Answer {
    let end = request.not_after.unwrap_or(u64::MAX);
    let late = now.saturating_sub(end);
    if late > 0 && late < CLOCK_CHANGED {
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
    // Since the request was sent, and not since its time was over: that can be much later.
    let ahead = match late {
        0 => 0,
        _ => now - request.sent_at.map_or(end, |sent| sent.min(end)),
    };
    state.shift_back(now);
    state.shift_forward(ahead, end, now);
    state.clamp_to(&request.limits, now);
    if let Some(mut floor) = request.floor {
        floor.shift_forward(ahead, end, now);
        state.merge_floor(floor, &request.limits, now);
    }
    let drawn = act(state, now, request);
    if *state != before {
        state.seen = now;
    }
    Answer {
        now,
        granted: drawn.granted,
        wait: drawn.wait,
        every: drawn.every,
        stale: false,
        state: *state,
    }
}

fn act(state: &mut State, now: u64, request: &Request) -> Drawn {
    let limits = state.slowed(&request.limits, now);
    match request.action {
        Action::Draw {
            tokens,
            horizon,
            longest,
            drain,
        } => {
            let buckets = Buckets::of(state, now, &request.limits, drain);
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
                (state.learnt_interval, state.learnt_until) = (0, 0);
            }
            let limits = state.slowed(&request.limits, now);
            resume(state, now, &limits);
        }
        Action::Learn { interval, duration } => {
            state.learnt_interval = interval.min(MAX_CAPACITY);
            state.learnt_until = now.saturating_add(duration.min(LONGEST_PAUSE));
        }
    }
    Buckets::of(state, now, &request.limits, false).nothing()
}

#[derive(Clone, Copy)]
struct Drawn {
    granted: u32,
    wait: i64,
    every: u64,
}

/// The buckets of all limits at one instant.
struct Buckets {
    now: u64,
    /// From when on tokens are drawn: now, or the end of a pause.
    from: u64,
    limits: Limits,
    full_at: [u64; MAX_LIMITS],
}

impl Buckets {
    /// Returns the buckets at `now`: a full bucket stays full, and a pause ends with the first one empty.
    fn of(state: &State, now: u64, declared: &Limits, drain: bool) -> Self {
        let limits = state.slowed(declared, now);
        let mut full_at = state.full_at;
        for (instant, limit) in full_at.iter_mut().zip(limits.as_slice()) {
            *instant = (*instant).max(now);
            if drain {
                *instant = (*instant).max(now.saturating_add(limit.capacity()));
            }
        }
        let [first, ..] = &mut full_at;
        let pacing = limits.pacing();
        if limits != *declared {
            // Slowed, it saves nothing up beyond the one token that can be taken at once.
            let one = pacing.capacity() - pacing.interval();
            *first = (*first).max(now.saturating_add(one));
        }
        if state.paused_until > now {
            *first = (*first).max(state.paused_until.saturating_add(pacing.capacity()));
        }
        Self {
            now,
            from: now.max(state.paused_until),
            limits,
            full_at,
        }
    }

    fn each(&self) -> impl Iterator<Item = (u64, Limit)> {
        let limits = self.limits.as_slice().iter().copied();
        self.full_at.iter().copied().zip(limits)
    }

    /// Returns how long until one token can be taken from all; negative if it could have been before.
    fn wait(&self) -> i64 {
        let waits = self.each().map(|(full_at, limit)| {
            let next = signed(full_at.saturating_add(limit.interval()));
            let gone = signed(limit.capacity()).saturating_add(signed(self.now));
            next.saturating_sub(gone)
        });
        waits.max().unwrap_or(0)
    }

    /// Returns how many tokens can be drawn so that no bucket is further ahead than any may be.
    fn room(&self) -> u32 {
        let rooms = self.each().map(|(full_at, limit)| {
            let furthest = self.from.saturating_add(limit.furthest());
            furthest.saturating_sub(full_at) / limit.interval()
        });
        u32::try_from(rooms.min().unwrap_or(0)).unwrap_or(u32::MAX)
    }

    fn nothing(&self) -> Drawn {
        Drawn {
            granted: 0,
            wait: self.wait(),
            every: 0,
        }
    }

    fn draw(&self, tokens: u32, horizon: u64, longest: u64) -> Drawn {
        let wait = self.wait();
        let most = tokens.min(self.room());
        if most == 0 || u64::try_from(wait).unwrap_or(0) > longest {
            return self.nothing();
        }
        let [limit] = self.limits.as_slice() else {
            return self.draw_together(most, wait);
        };
        let every = limit.interval();
        // From a wait that is negative on, all that are due by now and within the horizon.
        let reach = signed(horizon).saturating_sub(wait);
        let more = u64::try_from(reach).map_or(0, |reach| reach / every);
        Drawn {
            granted: u32::try_from(more.saturating_add(1)).map_or(most, |within| within.min(most)),
            wait,
            every,
        }
    }

    /// Several limits: all that can be used now, or one.
    fn draw_together(&self, most: u32, wait: i64) -> Drawn {
        let free = self.each().map(|(full_at, limit)| {
            let full = self.now.saturating_add(limit.capacity());
            full.saturating_sub(full_at) / limit.interval()
        });
        let free = u32::try_from(free.min().unwrap_or(0)).unwrap_or(u32::MAX);
        Drawn {
            granted: free.clamp(1, most),
            wait: if free > 0 { 0 } else { wait },
            every: 0,
        }
    }
}

fn signed(ticks: u64) -> i64 {
    i64::try_from(ticks).unwrap_or(i64::MAX)
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

/// Closes until then, if that is later than it is closed already.
///
/// All slots that were drawn are void, so the first bucket owes them nothing: it is empty when the
/// pause ends, and not before. Answers that arrive close together have the same cause. So that not
/// each of them makes slots void, an extension is never a short one.
fn pause(state: &mut State, now: u64, duration: u64, limits: &Limits) {
    let mut until = now.saturating_add(duration);
    if until <= state.paused_until.max(now) {
        return;
    }
    if state.paused_until > now {
        let latest = now.saturating_add(LONGEST_PAUSE);
        until = until.max(
            state
                .paused_until
                .saturating_add(SHORTEST_EXTENSION)
                .min(latest),
        );
    }
    state.generation = state.generation.wrapping_add(1);
    state.paused_until = until;
    state.full_at[0] = until.saturating_add(limits.pacing().capacity());
}

/// Ends the pause that is in force, if any.
///
/// Slots that were drawn for its end are void, and what the bucket held when it began is not known any more: so
/// it is empty, as at the end of any pause.
fn resume(state: &mut State, now: u64, limits: &Limits) {
    if state.paused_until <= now {
        return;
    }
    state.note_lifted(limits);
    state.generation = state.generation.wrapping_add(1);
    state.paused_until = now;
    state.full_at[0] = now.saturating_add(limits.pacing().capacity());
}
