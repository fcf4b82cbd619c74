//! Requests as the script reads them: one list of integers, in the format of `MessagePack`.
//!
//! Instants are counted from the first number of the list, so that most of them are short. `nil` stands for no instant,
//! and for no bound of a time.

use crate::store::Action;
use crate::store::Calls;
use crate::store::Limit;
use crate::store::Limits;
use crate::store::Request;
use crate::store::RetryBudget;
use crate::store::RowState;
use crate::store::State;
use crate::store::Ticks;
use crate::store::budget::MAX_UNITS;
use crate::store::limit::MAX_CAPACITY;
use crate::store::settle::MOST;
use crate::store::state::LONGEST_PAUSE;
use crate::store::state::MAX_EXACT;

/// Returns the bytes of a request. What `step` would cut is cut here, where numbers are exact.
pub(super) fn encode(request: &Request) -> Vec<u8> {
    let floor = request.floor.as_ref().map(|floor| floor.clone().bounded());
    let near = request.sent_at.or(request.not_after);
    let near = near.or(floor.as_ref().map(|floor| floor.seen));
    let mut list = Encoded::from(near.map_or(0, exact));
    list.optional_instant(request.not_after);
    list.optional_instant(request.sent_at);
    list.limits(&request.limits);
    list.count(request.actions.len());
    match &floor {
        Some(floor) => list.floor(floor),
        None => list.number(0),
    }
    for action in request.actions.iter() {
        list.action(action);
    }
    list.finish()
}

/// A list of which the length is known at its end.
struct Encoded {
    bytes: Vec<u8>,
    length: u16,
    base: u64,
}

impl Encoded {
    fn from(base: u64) -> Self {
        let mut list = Self {
            // A list, whose length is filled in at the end.
            bytes: vec![0xdc, 0, 0],
            length: 0,
            base,
        };
        list.number(base);
        list
    }

    fn finish(mut self) -> Vec<u8> {
        self.bytes[1..3].copy_from_slice(&self.length.to_be_bytes());
        self.bytes
    }

    fn nil(&mut self) {
        self.length += 1;
        self.bytes.push(0xc0);
    }

    fn number(&mut self, number: u64) {
        self.length += 1;
        let [.., a, b, c, d] = number.to_be_bytes();
        match number {
            0..0x80 => self.bytes.push(d),
            0x80..0x100 => self.bytes.extend([0xcc, d]),
            0x100..0x1_0000 => self.bytes.extend([0xcd, c, d]),
            0x1_0000..0x1_0000_0000 => self.bytes.extend([0xce, a, b, c, d]),
            _ => {
                self.bytes.push(0xcf);
                self.bytes.extend(number.to_be_bytes());
            }
        }
    }

    fn signed(&mut self, number: i64) {
        if let Ok(number) = u64::try_from(number) {
            return self.number(number);
        }
        self.length += 1;
        if let Ok(number) = i32::try_from(number) {
            self.bytes.push(0xd2);
            self.bytes.extend(number.to_be_bytes());
        } else {
            self.bytes.push(0xd3);
            self.bytes.extend(number.to_be_bytes());
        }
    }

    fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    fn flag(&mut self, flag: bool) {
        self.number(u64::from(flag));
    }

    fn ticks(&mut self, ticks: Ticks) {
        self.number(exact(ticks));
    }

    /// A time that may have no bound.
    fn bound(&mut self, ticks: Ticks) {
        match exact(ticks) {
            MAX_EXACT => self.nil(),
            number => self.number(number),
        }
    }

    fn instant(&mut self, instant: Ticks) {
        let instant = Some(instant).filter(|instant| *instant > Ticks::ZERO);
        self.optional_instant(instant);
    }

    fn optional_instant(&mut self, instant: Option<Ticks>) {
        match instant {
            Some(instant) => {
                let (instant, base) = (signed(exact(instant)), signed(self.base));
                self.signed(instant - base);
            }
            None => self.nil(),
        }
    }

    fn limits(&mut self, limits: &Limits) {
        self.count(limits.as_slice().len());
        for limit in limits.as_slice() {
            // Values that follow from the others are left out, as they do for nearly all limits.
            let usual = Limit::holding(limit.interval(), limit.burst());
            self.ticks(limit.interval());
            self.number(limit.burst());
            let capacity = Some(limit.capacity()).filter(|it| *it != usual.capacity());
            let period = Some(limit.period()).filter(|it| *it != usual.period());
            for it in [capacity, period] {
                match it {
                    Some(it) => self.ticks(it),
                    None => self.nil(),
                }
            }
        }
    }

    fn calls(&mut self, calls: &Calls) {
        self.count(calls.runs().len());
        for run in calls.runs() {
            self.number(u64::from(run.count));
            let last = run.costs.iter().rposition(|cost| *cost > 0);
            let costs = &run.costs[..last.map_or(0, |last| last + 1)];
            self.count(costs.len());
            for cost in costs {
                self.number(u64::from(*cost));
            }
        }
    }

    /// Which parts there are, the last change, the buckets, and those parts.
    fn floor(&mut self, floor: &State) {
        let rows = &floor.rows;
        let learnt = |row: &RowState| row.learnt_until > Ticks::ZERO;
        let set = |row: &RowState| row.override_interval > Ticks::ZERO;
        let is_paused = floor.generation > 0
            || floor.paused_until > Ticks::ZERO
            || floor.lifted_until > Ticks::ZERO;
        let parts = [is_paused, rows.iter().any(learnt), rows.iter().any(set)];
        let [paused, paced, overridden] = parts.map(u64::from);
        self.number(1 + 2 * paused + 4 * paced + 8 * overridden);
        self.instant(floor.seen);
        let last = rows.iter().rposition(|row| row.full_at > Ticks::ZERO);
        let full = &rows[..last.map_or(0, |last| last + 1)];
        self.count(full.len());
        for row in full {
            self.instant(row.full_at);
        }
        if parts[0] {
            self.number(floor.generation);
            self.instant(floor.paused_until);
            self.number(floor.pause_kind as u64);
            self.instant(floor.lifted_until);
        }
        if parts[1] {
            self.rows(rows, learnt, |list, row| {
                list.ticks(row.learnt_interval);
                list.instant(row.learnt_until);
            });
        }
        if parts[2] {
            self.instant(floor.override_until);
            self.rows(rows, set, |list, row| {
                list.ticks(row.override_interval);
                list.ticks(row.override_capacity);
            });
        }
    }

    /// The number of some rows, and each of them with its own number.
    fn rows(
        &mut self,
        rows: &[RowState],
        is_listed: impl Fn(&RowState) -> bool,
        write: impl Fn(&mut Self, &RowState),
    ) {
        let listed = || (1_u64..).zip(rows).filter(|(_, row)| is_listed(row));
        self.count(listed().count());
        for (number, row) in listed() {
            self.number(number);
            write(self, row);
        }
    }

    fn draw(&mut self, horizon: Ticks, longest: Ticks, drain: bool) {
        self.bound(horizon);
        self.bound(longest);
        self.flag(drain);
    }

    fn budget(&mut self, units: u64, budget: RetryBudget) {
        self.number(units.min(MAX_UNITS));
        self.number(budget.most.min(MAX_UNITS));
        self.ticks(budget.trickle);
    }

    /// The number of an action, and its parameters.
    fn action(&mut self, action: &Action) {
        match *action {
            Action::Draw { .. } | Action::DrawCalls { .. } => self.draws(action),
            Action::Peek => self.number(2),
            Action::Settle {
                ref deltas,
                ref drawn,
                drawn_at,
            } => self.settlement(deltas, drawn, drawn_at),
            Action::Pause { duration, kind } => {
                let duration = duration.min(LONGEST_PAUSE);
                self.numbers([4, duration.get(), kind as u64]);
            }
            Action::Resume { forget } => self.numbers([5, u64::from(forget)]),
            Action::Learn {
                row,
                interval,
                duration,
            } => {
                let interval = interval.min(MAX_CAPACITY).get();
                let duration = duration.min(LONGEST_PAUSE).get();
                self.numbers([6, u64::from(row) + 1, interval, duration]);
            }
            Action::Override {
                ref limits,
                duration,
            } => {
                self.numbers([7, duration.min(LONGEST_PAUSE).get()]);
                self.limits(limits);
            }
            Action::Slots { .. } => self.slots(action),
            Action::Deposit { units, budget } => {
                self.number(9);
                self.budget(units, budget);
            }
            Action::Withdraw { units, budget } => {
                self.number(10);
                self.budget(units, budget);
            }
        }
    }

    fn draws(&mut self, action: &Action) {
        match *action {
            Action::Draw {
                tokens,
                horizon,
                longest,
                drain,
            } => {
                self.numbers([0, u64::from(tokens)]);
                self.draw(horizon, longest, drain);
            }
            Action::DrawCalls {
                ref calls,
                horizon,
                longest,
                drain,
            } => {
                self.number(1);
                self.calls(calls);
                self.draw(horizon, longest, drain);
            }
            _ => {}
        }
    }

    fn slots(&mut self, action: &Action) {
        if let Action::Slots {
            process,
            most,
            want,
            held,
            waiting,
        } = *action
        {
            self.number(8);
            self.bytes_of(process);
            self.numbers([most, want, held, waiting].map(u64::from));
        }
    }

    fn numbers<const COUNT: usize>(&mut self, numbers: [u64; COUNT]) {
        for number in numbers {
            self.number(number);
        }
    }

    /// Writes a correction. The tokens drawn follow only where something is given back.
    fn settlement(&mut self, deltas: &[i64], drawn: &[u32], drawn_at: Ticks) {
        self.number(3);
        let last = deltas.iter().rposition(|delta| *delta != 0);
        let deltas = &deltas[..last.map_or(0, |last| last + 1)];
        self.count(deltas.len());
        let most = signed(MOST);
        for (delta, drawn) in deltas.iter().zip(drawn) {
            self.signed(*delta.max(&-most).min(&most));
            if *delta < 0 {
                self.number(u64::from(*drawn));
            }
        }
        self.instant(drawn_at);
    }

    /// The number of a process, which no double holds: as text of eight bytes.
    fn bytes_of(&mut self, process: u64) {
        self.length += 1;
        self.bytes.push(0xa8);
        self.bytes.extend(process.to_le_bytes());
    }
}

/// Returns the number of ticks, at most the largest integer that the script can hold exactly.
fn exact(ticks: Ticks) -> u64 {
    ticks.get().min(MAX_EXACT)
}

/// Returns a number that is exact as a signed one.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
