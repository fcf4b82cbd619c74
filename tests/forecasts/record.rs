//! Record of a run, and what follows from it.

use core::fmt::Write as _;
use core::ops::RangeInclusive;

use crate::calls::Attempt;
use crate::calls::BACKOFF;
use crate::calls::Told;
use crate::world::Caller;
use crate::world::Role;

/// Microseconds by which a timer can be late.
pub(crate) const TIMER: u64 = 1000;

/// Record of a run. Instants are microseconds since its start.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) crowd: Vec<Fate>,
    /// Hints in the order in which they came.
    pub(crate) told: Vec<Told>,
    /// Most requests that the store got at one instant.
    pub(crate) asked: usize,
}

/// Fate of a caller.
#[derive(Debug)]
pub(crate) struct Fate {
    pub(crate) caller: Caller,
    pub(crate) joined: u64,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) ended: u64,
    /// Refusal before the first attempt, or because the deadline ended an attempt.
    pub(crate) refused: Option<paced::Error>,
    /// Intervals of the rates in force when it joined and when it ended.
    pub(crate) intervals: (u64, u64),
    pub(crate) told: Option<Told>,
}

impl Fate {
    /// End of the bound of an attempt, counted from 0; `None` if no such attempt was due.
    pub(crate) fn bound_of(&self, attempt: usize) -> Option<u64> {
        let since = match attempt {
            0 => self.joined,
            _ => self.attempts.first()?.answered?,
        };
        let deadline = self.joined + self.caller.bound.deadline();
        Some(deadline.min(since + self.caller.bound.max_wait()))
    }

    /// End of the time in which a permit is of use for an attempt: not in the last two milliseconds
    /// before a deadline.
    pub(crate) fn useful_until(&self, attempt: usize) -> Option<u64> {
        let deadline = self.joined + self.caller.bound.deadline();
        Some(self.bound_of(attempt)?.min(deadline.saturating_sub(2000)))
    }

    /// Attempt that was refused as too late, counted from 0.
    pub(crate) fn refused_attempt(&self) -> Option<usize> {
        let first = self.attempts.first();
        match (self.caller.role, self.attempts.len()) {
            (Role::Informs, _) => None,
            (_, 0) => Some(0),
            (Role::Fails, 1) if first.is_some_and(|first| first.answered.is_some()) => Some(1),
            _ => None,
        }
    }

    /// Whether the attempt that was refused was refused when it joined the queue, or was to.
    pub(crate) fn is_refused_at_once(&self) -> bool {
        match self.refused_attempt() {
            Some(0) => self.joined == self.ended,
            Some(_) => self.retry_joins().contains(&self.ended),
            None => false,
        }
    }

    /// Instants at which a retry of this call changes the forecasts of others: when it is planned, and
    /// when it joins the queue.
    pub(crate) fn retry_joins(&self) -> Vec<u64> {
        let failed = self.attempts.first().and_then(|first| first.answered);
        match failed.filter(|_| self.caller.role == Role::Fails) {
            None => Vec::new(),
            Some(at) => vec![at, (at + BACKOFF * 1000).next_multiple_of(TIMER)],
        }
    }
}

impl Record {
    fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.crowd.iter().flat_map(|fate| &fate.attempts)
    }

    /// Whether an attempt is the first one after a reset, for whose answer all others wait.
    fn goes_first(&self, attempt: &Attempt) -> bool {
        let resets = self.told.iter().flat_map(|told| told.until);
        resets.filter(|reset| *reset <= attempt.sent).any(|reset| {
            let between = reset..attempt.sent;
            !self.attempts().any(|other| between.contains(&other.sent))
        })
    }

    /// Whether the limiter learns something new at this instant: from a hint, from a retry that joins
    /// ahead, or from when an answer comes or fails to come.
    pub(crate) fn learns_at(&self, at: u64) -> bool {
        let told = self.told.iter().any(|told| told.at == at);
        let retry = |fate: &Fate| fate.retry_joins().contains(&at);
        let answer = |made: &Attempt| made.sent < at && made.answered == Some(at);
        told || self.is_held(at) || self.crowd.iter().any(retry) || self.attempts().any(answer)
    }

    /// Whether a reset comes in this time, after which one attempt goes first.
    pub(crate) fn resets_in(&self, time: RangeInclusive<u64>) -> bool {
        let mut resets = self.told.iter().flat_map(|told| told.until);
        resets.any(|reset| time.contains(&reset))
    }

    /// Whether the first attempt after a reset is made at this instant.
    pub(crate) fn reopens_at(&self, at: u64) -> bool {
        let mut made = self.attempts().filter(|made| made.sent == at);
        made.any(|made| self.goes_first(made))
    }

    /// Whether an attempt is in flight at this instant for whose answer all others wait.
    pub(crate) fn is_held(&self, at: u64) -> bool {
        let out = |made: &Attempt| made.sent <= at && made.answered.is_none_or(|end| end > at);
        self.attempts()
            .any(|made| out(made) && self.goes_first(made))
    }
}

/// Number of waiters ahead of a caller that left the queue without a permit, between the caller's
/// refusal and its turn.
pub(crate) fn left_ahead(record: &Record, number: usize, refused: &Fate, served: u64) -> u64 {
    let left = record.crowd[..number].iter().filter(|fate| {
        let late = fate.refused_attempt().is_some() && fate.ended != fate.joined;
        let later = fate.ended > refused.ended;
        // At one instant, those that are refused because another one joins are refused after it.
        let next = fate.ended == refused.ended && refused.is_refused_at_once();
        late && fate.ended <= served && (later || next)
    });
    left.count() as u64
}

/// Describes a run for a reader, with a mark at caller `number`.
pub(crate) fn story(record: &Record, number: usize, what: &str) -> String {
    let mut text = format!("caller {number} {what}\n");
    for told in &record.told {
        let _ = writeln!(text, "  told at {}us of {:?}us", told.at, told.until);
    }
    for (other, fate) in record.crowd.iter().enumerate() {
        let mark = if other == number { '>' } else { ' ' };
        let attempts: Vec<_> = fate.attempts.iter().map(|made| made.sent).collect();
        let refused = fate.refused.as_ref().map(ToString::to_string);
        let _ = writeln!(
            text,
            "{mark} {other}: joined {}us, sent {attempts:?}, ended {}us {}",
            fate.joined,
            fate.ended,
            refused.unwrap_or_default()
        );
    }
    text
}
