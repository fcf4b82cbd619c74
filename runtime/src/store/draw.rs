//! Draws: the buckets of all limits at one instant, and what is taken out of them.

use super::Answer;
use super::Calls;
use super::Headroom;
use super::Limit;
use super::Limits;
use super::MAX_LIMITS;
use super::ServedCall;
use super::State;
use super::Ticks;
use super::Wait;
use super::headroom::MAX_HEADROOM;

/// Reach of a draw.
#[derive(Clone, Copy)]
pub(super) struct Reach {
    /// Longest time ahead at which tokens or calls may be due, but for the first.
    pub(super) horizon: Ticks,
    /// Longest time ahead at which the first may be due.
    pub(super) longest: Ticks,
}

/// The buckets of all limits at one instant.
pub(super) struct Buckets {
    now: Ticks,
    /// Instant from which on tokens are drawn: now, or the end of a pause.
    from: Ticks,
    limits: Limits,
    levels: [Level; MAX_LIMITS],
}

/// A bucket.
#[derive(Clone, Copy, Default)]
struct Level {
    full_at: Ticks,
    /// How far ahead it is full at least. It saves nothing up beyond that.
    brim: Ticks,
    /// Instant before which nothing is drawn of it: a server has said that nothing is left.
    opens: Ticks,
    /// Last instant at which it was found full.
    spilt_at: Ticks,
    headroom: [Headroom; MAX_HEADROOM],
    /// Something was taken, or it is to be empty.
    is_touched: bool,
}

impl Buckets {
    /// Returns the buckets at `now`: a full bucket stays full, and a pause ends with the first one empty.
    pub(super) fn of(state: &State, now: Ticks, in_force: &Limits, drain: bool) -> Self {
        let limits = state.slowed(in_force, now);
        let mut levels = [Level::default(); MAX_LIMITS];
        let pairs = in_force.as_slice().iter().zip(limits.as_slice());
        for ((level, row), (usual, limit)) in levels.iter_mut().zip(&state.rows).zip(pairs) {
            level.full_at = row.full_at.max(now);
            level.opens = row.closed_until(now).unwrap_or_default();
            level.spilt_at = row.spilt_at;
            level.headroom = row.headroom;
            if drain {
                level.full_at = level.full_at.max(now + limit.capacity());
                level.is_touched = true;
            }
            if limit != usual {
                // Slowed, it saves nothing up beyond the one token that can be taken at once.
                level.brim = limit.capacity() - limit.interval();
                level.full_at = level.full_at.max(now + level.brim);
            }
        }
        if state.paused_until > now {
            let [first, ..] = &mut levels;
            let empty = state.paused_until + limits.pacing().capacity();
            first.full_at = first.full_at.max(empty);
        }
        Self {
            now,
            from: now.max(state.paused_until),
            limits,
            levels,
        }
    }

    fn each(&self) -> impl Iterator<Item = (&Level, Limit)> {
        self.levels
            .iter()
            .zip(self.limits.as_slice().iter().copied())
    }

    /// Returns how long until one token can be taken from all, or since when it could have been.
    fn wait(&self) -> Wait {
        let waits = self.each().map(|(level, limit)| {
            let gone = self.now + limit.capacity();
            let opens = level.opens + limit.capacity();
            Wait::between(gone, opens.max(level.full_at + limit.interval()))
        });
        waits.max().unwrap_or_default()
    }

    pub(super) fn nothing(&self) -> Answer {
        Answer::new(0, self.wait(), Ticks::ZERO)
    }

    /// Draws tokens of the only limit.
    pub(super) fn draw(&mut self, tokens: u32, bounds: Reach) -> Answer {
        let (limit, level) = (self.limits.pacing(), self.levels[0]);
        let wait = self.wait();
        // No further ahead than the bucket may be.
        let room = (self.from + limit.furthest() - level.full_at) / limit.interval();
        let most = tokens.min(u32::try_from(room).unwrap_or(u32::MAX));
        if most == 0 || wait.to_come() > bounds.longest {
            return self.nothing();
        }
        let every = limit.interval();
        // From a wait that is past on, all that are due by now and within the horizon.
        let reach = bounds.horizon + wait.gone() - wait.to_come();
        let granted = u32::try_from((reach / every).saturating_add(1));
        let granted = granted.map_or(most, |within| within.min(most));
        let used = self.now + wait.to_come();
        self.levels[0].take(every * u64::from(granted), used);
        Answer::new(granted, wait, every)
    }

    /// Serves calls in their order, as long as each can be served in time.
    pub(super) fn serve(&mut self, calls: &Calls, bounds: Reach) -> (Answer, Vec<ServedCall>) {
        let mut served = Vec::new();
        let mut first = None;
        let mut used = self.from;
        'calls: for run in calls.runs() {
            for _ in 0..run.count {
                let (due, row) = self.due(&run.costs, used);
                let wait = due - self.now;
                first = first.or(Some(wait));
                let longest = if served.is_empty() {
                    bounds.longest
                } else {
                    bounds.horizon
                };
                if wait > longest || !self.take(&run.costs, due) {
                    break 'calls;
                }
                used = due;
                served.push(ServedCall {
                    wait: Wait::ahead(wait),
                    row,
                });
            }
        }
        let Some(wait) = first else {
            return (self.nothing(), served);
        };
        let granted = u32::try_from(served.len()).unwrap_or(u32::MAX);
        (Answer::new(granted, Wait::ahead(wait), Ticks::ZERO), served)
    }

    /// Returns when a call can be made that is not to be made before `from`, and for which limit it waits.
    fn due(&self, costs: &[u32; MAX_LIMITS], from: Ticks) -> (Ticks, u8) {
        let (mut due, mut last) = (from, 0);
        for (row, ((level, limit), cost)) in (0..).zip(self.each().zip(costs)) {
            if *cost == 0 {
                continue;
            }
            // One that takes more than the bucket holds is made when it is full.
            let price = (limit.interval() * u64::from(*cost)).min(limit.capacity());
            let at = (level.full_at + price - limit.capacity()).max(level.opens);
            if at > due {
                (due, last) = (at, row);
            }
        }
        (due, last)
    }

    /// Takes a call out of all buckets at the instant `used`. Returns `false`, and takes nothing, where one would be
    /// further ahead than any may be.
    fn take(&mut self, costs: &[u32; MAX_LIMITS], used: Ticks) -> bool {
        let limits = self.limits;
        let prices = limits.as_slice().iter().zip(costs).map(|(limit, cost)| {
            let price = limit.interval() * u64::from(*cost);
            (price.min(limit.most()), *limit)
        });
        let from = self.from;
        let mut levels = self.levels;
        for (level, (price, limit)) in levels.iter_mut().zip(prices) {
            if price == Ticks::ZERO {
                continue;
            }
            let room = level.full_at - (used + level.brim);
            level.take(price, used);
            Headroom::add(&mut level.headroom, used, room, level.spilt_at);
            if level.full_at > from + limit.deepest() {
                return false;
            }
        }
        self.levels = levels;
        true
    }

    /// Writes what was taken into the state.
    pub(super) fn keep(&self, state: &mut State) {
        for (row, level) in state.rows.iter_mut().zip(&self.levels) {
            if level.is_touched {
                row.full_at = level.full_at;
                row.spilt_at = level.spilt_at;
                row.headroom = level.headroom;
            }
        }
    }
}

impl Level {
    /// Takes so much at the instant `used`.
    fn take(&mut self, price: Ticks, used: Ticks) {
        let full = used + self.brim;
        if self.full_at <= full {
            self.full_at = full;
            self.spilt_at = self.spilt_at.max(used);
        }
        self.full_at = self.full_at + price;
        self.is_touched = true;
    }
}
