//! Bound of calls in flight that is found by the server's refusals: it shrinks by a quarter with each overload, and grows by
//! one with each round of calls that pass while it is reached. Latencies say nothing: those of language models differ by a
//! hundred times.

use core::num::NonZeroU32;

use crate::time::Instant;
use crate::time::Span;

/// Least length of the period whose calls are counted.
const LEAST_PERIOD: Span = Span::from_secs(1);

/// Rounds of passes before as many calls are tried again as were refused last.
const CAUTION: u32 = 16;

/// Time without calls after which a bound that was found counts for nothing, where there is one for each key.
const MEMORY: Span = Span::from_secs(600);

/// Facts about a refusal, by which it is charged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefusedCall {
    /// Instant at which the call was sent.
    pub(crate) sent: Instant,
    /// The server named its bound of calls in flight as the reason.
    pub(crate) by_concurrency: bool,
    /// The server said that a window is used up.
    pub(crate) by_window: bool,
}

/// Cause to which a refusal is charged: each to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Rate,
    Concurrency,
}

/// A bound of calls in flight that is learnt.
#[derive(Clone, Debug)]
pub(crate) struct ConcurrencyLimit {
    /// Bound in force. `None`: nothing has been refused.
    limit: Option<u32>,
    most: u32,
    /// Calls that have passed since the bound changed last, while it was reached.
    passes: u32,
    /// Number of calls in flight at which one was refused, until as many have passed.
    refused_at: Option<u32>,
    /// Instant of the last cut.
    cut_at: Option<Instant>,
    history: History,
    usage: TokenUse,
}

impl ConcurrencyLimit {
    /// Returns the bound before any call. Without a start there is none below `most`.
    pub(crate) fn new(start: Option<NonZeroU32>, most: Option<NonZeroU32>) -> Self {
        let most = most.map_or(u32::MAX, NonZeroU32::get);
        Self {
            limit: start.map(|start| start.get().min(most)),
            most,
            passes: 0,
            refused_at: None,
            cut_at: None,
            history: History::new(),
            usage: TokenUse::NONE,
        }
    }

    /// Returns the bound in force.
    pub(crate) fn limit(&self) -> Option<NonZeroU32> {
        let limit = self.limit.unwrap_or(self.most);
        NonZeroU32::new(limit).filter(|limit| limit.get() < u32::MAX)
    }

    /// Returns whether the bound is the one before any call, or of a time that is long past.
    pub(crate) fn is_forgotten(&self, now: Instant) -> bool {
        self.cut_at.is_none() || now.since(self.history.latest()) >= MEMORY
    }

    /// Records that a call of `cost` tokens is sent, as one of `in_flight`. `declared`: the interval and the capacity of the
    /// declared bucket.
    pub(crate) fn sent(&mut self, in_flight: u32, cost: u32, declared: (Span, Span), now: Instant) {
        self.history.record(in_flight, now);
        let (interval, capacity) = declared;
        self.usage
            .count(cost, interval, capacity.max(LEAST_PERIOD), now);
    }

    /// Records that a call has passed, while `in_flight` were.
    pub(crate) fn passed(&mut self, in_flight: u32) {
        let Some(limit) = self.limit.filter(|&limit| in_flight >= limit) else {
            return;
        };
        self.passes += 1;
        // The number that was refused last is not tried again with each round.
        let is_risky = self.refused_at == Some(limit.saturating_add(1));
        let rounds = if is_risky { CAUTION } else { 1 };
        if self.passes >= limit.saturating_mul(rounds) {
            self.passes = 0;
            self.refused_at.take_if(|refused| *refused <= limit);
            self.limit = Some(limit.saturating_add(1).min(self.most));
        }
    }

    /// Charges a refusal to its cause, and lowers the bound if that is the number of calls in flight.
    pub(crate) fn refused(&mut self, call: RefusedCall, now: Instant) -> Cause {
        if self.cause(call, now) == Cause::Rate {
            return Cause::Rate;
        }
        // One overload refuses many calls: those that were sent before the cut are of the same.
        if self.cut_at.is_none_or(|cut| call.sent > cut) {
            let in_flight = self.history.at(call.sent);
            let lower = u64::from(in_flight) * 3 / 4;
            let lower = u32::try_from(lower).unwrap_or(u32::MAX).max(1);
            self.limit = Some(self.limit.map_or(lower, |limit| limit.min(lower)));
            self.cut_at = Some(now);
            self.refused_at = Some(in_flight);
            self.passes = 0;
            self.history.forget_peak();
        }
        Cause::Concurrency
    }

    fn cause(&self, call: RefusedCall, now: Instant) -> Cause {
        if call.by_concurrency {
            return Cause::Concurrency;
        }
        if call.by_window {
            return Cause::Rate;
        }
        if self.cut_at.is_some_and(|cut| call.sent <= cut) {
            return Cause::Concurrency;
        }
        let in_flight = self.history.at(call.sent);
        let at_peak = in_flight > 1 && in_flight >= self.history.peak;
        if at_peak && self.usage.is_below_rate(now) {
            Cause::Concurrency
        } else {
            Cause::Rate
        }
    }
}

/// Number of instants that are remembered.
const SAMPLES: usize = 32;

/// Numbers of calls in flight at the instants at which calls were sent, the oldest ones less and less exactly.
#[derive(Clone, Debug)]
struct History {
    samples: [(Instant, u32); SAMPLES],
    len: usize,
    /// Most calls in flight since the last cut.
    peak: u32,
}

impl History {
    const fn new() -> Self {
        Self {
            samples: [(Instant::EPOCH, 0); SAMPLES],
            len: 0,
            peak: 0,
        }
    }

    fn record(&mut self, in_flight: u32, now: Instant) {
        self.peak = self.peak.max(in_flight);
        match self.samples[..self.len].last_mut() {
            Some((at, known)) if *at == now => *known = in_flight.max(*known),
            _ => {
                if self.len == SAMPLES {
                    self.thin_out();
                }
                self.samples[self.len] = (now, in_flight);
                self.len += 1;
            }
        }
    }

    /// Drops every second one of the older half.
    fn thin_out(&mut self) {
        let mut kept = 0;
        for at in 0..self.len {
            if at >= SAMPLES / 2 || at % 2 == 1 {
                self.samples[kept] = self.samples[at];
                kept += 1;
            }
        }
        self.len = kept;
    }

    /// Returns how many calls were in flight when one was sent at `sent`, as far as is remembered.
    fn at(&self, sent: Instant) -> u32 {
        let known = &self.samples[..self.len];
        let before = known.iter().rev().find(|(at, _)| *at <= sent);
        before
            .or(known.first())
            .map_or(1, |&(_, in_flight)| in_flight)
    }

    /// Returns the instant at which the last call was sent.
    fn latest(&self) -> Instant {
        self.samples[..self.len]
            .last()
            .map_or(Instant::EPOCH, |&(at, _)| at)
    }

    const fn forget_peak(&mut self) {
        self.peak = 0;
    }
}

/// Tokens that were taken in the last period, about.
#[derive(Clone, Copy, Debug)]
struct TokenUse {
    start: Instant,
    period: Span,
    /// Tokens of a whole period at the declared rate.
    allowed: f64,
    before: f64,
    current: f64,
}

impl TokenUse {
    const NONE: Self = Self {
        start: Instant::EPOCH,
        period: LEAST_PERIOD,
        allowed: 0.0,
        before: 0.0,
        current: 0.0,
    };

    fn count(&mut self, cost: u32, interval: Span, period: Span, now: Instant) {
        self.period = period;
        self.allowed = period.to_f64() / interval.to_f64().max(1.0);
        let past = now.since(self.start);
        if past >= period {
            let is_next = past < period.plus(period);
            self.before = if is_next { self.current } else { 0.0 };
            self.current = 0.0;
            self.start = now;
        }
        self.current += f64::from(cost);
    }

    /// Returns whether fewer tokens were taken than the declared rate has.
    fn is_below_rate(&self, now: Instant) -> bool {
        let share = now.since(self.start).to_f64() / self.period.to_f64().max(1.0);
        let used = self.current + self.before * (1.0 - share).max(0.0);
        used < 0.9 * self.allowed
    }
}

#[cfg(test)]
mod tests;
