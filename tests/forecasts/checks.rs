//! What every world has to show.

use core::fmt::Write as _;

use crate::calls::BACKOFF;
use crate::calls::Told;
use crate::run::Fate;
use crate::run::Record;
use crate::run::run;
use crate::store::MOST_ASKED;
use crate::world::Role;
use crate::world::World;

/// Microseconds by which a timer is late at most.
const TIMER: u64 = 1000;

/// The longest time for which others wait for the answer of the call that goes first.
const HOLD: u64 = 1_000_000;

/// As many refused calls of one world are tried again without their bounds.
const REPLAYS: usize = 4;

impl Fate {
    /// The end of the bound of an attempt, counted from 0. `None`: it was never to be made.
    fn bound_of(&self, attempt: usize) -> Option<u64> {
        let since = match attempt {
            0 => self.joined,
            _ => self.attempts.first()?.answered?,
        };
        let deadline = self.joined + self.caller.bound.deadline();
        Some(deadline.min(since + self.caller.bound.max_wait()))
    }

    /// The attempt that this call was refused, counted from 0.
    pub(crate) fn refused_attempt(&self) -> Option<usize> {
        let first = self.attempts.first();
        match (self.caller.role, self.attempts.len()) {
            (Role::Informs, _) => None,
            (_, 0) => Some(0),
            (Role::Fails, 1) if first.is_some_and(|first| first.answered.is_some()) => Some(1),
            _ => None,
        }
    }

    /// The instants at which this call's failure concerns those behind it: when it plans a retry, and
    /// when that joins.
    fn retry_joins(&self) -> Vec<u64> {
        let failed = self.attempts.first().and_then(|first| first.answered);
        match failed.filter(|_| self.caller.role == Role::Fails) {
            None => Vec::new(),
            Some(at) => vec![at, (at + BACKOFF * 1000).next_multiple_of(TIMER)],
        }
    }
}

impl Record {
    /// Whether something new is learnt at this instant: from what a response tells, from a retry that
    /// joins ahead, or from the time that an answer took.
    fn learns_at(&self, at: u64) -> bool {
        let told = self.told.iter().any(|told| told.at == at);
        let retry = || {
            self.crowd
                .iter()
                .any(|fate| fate.retry_joins().contains(&at))
        };
        let mut attempts = self.crowd.iter().flat_map(|fate| &fate.attempts);
        // An answer that takes no time tells nothing.
        let mut answer = || attempts.any(|it| it.answered == Some(at) && it.sent < at);
        told || retry() || answer()
    }

    /// Whether a call is on its way at this instant that went first after a reset.
    fn is_held(&self, at: u64) -> bool {
        let attempts = || self.crowd.iter().flat_map(|fate| &fate.attempts);
        let resets = || self.told.iter().map(|told| told.until);
        attempts()
            .filter(|one| one.sent <= at && one.answered.is_none_or(|answered| answered > at))
            .any(|one| {
                resets().any(|reset| {
                    let first =
                        |other: &crate::calls::Attempt| !(reset..one.sent).contains(&other.sent);
                    reset <= one.sent && attempts().all(first)
                })
            })
    }
}

/// Whoever is let in is served in time, or refused when something new is learnt.
pub(crate) fn served_or_told(world: &World) -> Result<(), String> {
    let record = run(world, None);
    if record.asked >= MOST_ASKED {
        return Err(format!(
            "the store was asked {} times at once",
            record.asked
        ));
    }
    for (number, fate) in record.crowd.iter().enumerate() {
        let complain = |what: String| Err(story(&record, number, &what));
        for (attempt, made) in fate.attempts.iter().enumerate() {
            let bound = fate.bound_of(attempt).expect("it was made");
            let interval = made.interval.max(fate.intervals.0);
            if made.sent > bound + TIMER + interval {
                return complain(format!(
                    "attempt {} was too late for {bound}us",
                    attempt + 1
                ));
            }
        }
        let Some(attempt) = fate.refused_attempt() else {
            continue;
        };
        let late = |error: &paced::Error| error.is_deadline() || error.is_max_wait();
        if attempt == 0 && !fate.refused.as_ref().is_some_and(late) {
            return complain(format!("{:?} is no reason", fate.refused));
        }
        let joined = match attempt {
            0 => vec![fate.joined],
            _ => fate.retry_joins(),
        };
        if !joined.contains(&fate.ended) && !record.learns_at(fate.ended) {
            let bound = fate.bound_of(attempt).expect("it was refused");
            return complain(format!(
                "attempt {} was let in, and refused when nothing new was learnt; bound {bound}us",
                attempt + 1
            ));
        }
    }
    Ok(())
}

/// Whoever is refused would have been served too late.
pub(crate) fn refused_rightly(world: &World) -> Result<(), String> {
    let record = run(world, None);
    let refused: Vec<_> = (0..record.crowd.len())
        .filter(|number| record.crowd[*number].refused_attempt().is_some())
        .collect();
    let step = refused.len().div_ceil(REPLAYS).max(1);
    for number in refused.into_iter().step_by(step) {
        let fate = &record.crowd[number];
        let attempt = fate.refused_attempt().expect("it is one of them");
        let bound = fate.bound_of(attempt).expect("it was refused");
        let lifted = run(world, Some(number));
        let Some(made) = lifted.crowd[number].attempts.get(attempt) else {
            return Err(story(&lifted, number, "is not served without its bound"));
        };
        let news = |told: &Told| fate.ended < told.at && told.at <= made.sent;
        let known = !lifted.told.iter().any(news);
        let declared = 1_000_000 / u64::from(world.per_second);
        let recovers = made.interval > declared + 1 && made.interval != fate.intervals.1;
        if !known || recovers {
            continue;
        }
        let left = left_ahead(&lifted, number, (fate.ended, made.sent));
        let held = if record.is_held(fate.ended) { HOLD } else { 0 };
        let tolerance = made.interval * (1 + left) + held + 1;
        if made.sent + tolerance <= bound {
            let what = format!(
                "attempt {} was refused at {}us; without its bound, {bound}us, it is served at {}us, tolerance {tolerance}us",
                attempt + 1,
                fate.ended,
                made.sent
            );
            return Err(story(&record, number, &what));
        }
    }
    Ok(())
}

/// How many left the queue ahead of a caller without a permit, between its refusal and its turn.
fn left_ahead(record: &Record, number: usize, (refused, served): (u64, u64)) -> u64 {
    let at_once = record.crowd[number].joined == refused;
    let left = record.crowd[..number].iter().filter(|fate| {
        let late = fate.refused_attempt().is_some() && fate.ended != fate.joined;
        late && fate.ended <= served && (fate.ended > refused || (at_once && fate.ended == refused))
    });
    left.count() as u64
}

/// What happened, for people.
fn story(record: &Record, number: usize, what: &str) -> String {
    let mut text = format!("caller {number} {what}\n");
    for told in &record.told {
        let _ = writeln!(text, "  told at {}us of {}us", told.at, told.until);
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
