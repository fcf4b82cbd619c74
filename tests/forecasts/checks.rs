//! Properties of every run.

use core::cmp::Reverse;

use crate::record::Fate;
use crate::record::Record;
use crate::record::TIMER;
use crate::record::left_ahead;
use crate::record::story;
use crate::run::micros;
use crate::run::run;
use crate::store::MOST_ASKED;
use crate::world::World;

/// Longest hold of other callers while the first one after a cooldown is not answered.
const HOLD: u64 = 1_000_000;

/// Number of refused callers that are replayed without their bounds: so many of the most patient ones,
/// and so many of the others.
const REPLAYS: usize = 2;

/// A store is not asked over and over at one instant.
pub(crate) fn asked_in_measure(record: &Record) -> Result<(), String> {
    if record.asked < MOST_ASKED {
        return Ok(());
    }
    Err(format!(
        "the store was asked {} times at one instant",
        record.asked
    ))
}

/// A caller is served within its bound, or refused when it joins or when something new is learnt.
pub(crate) fn served_or_told(world: &World) -> Result<(), String> {
    let record = run(world, None);
    asked_in_measure(&record)?;
    for (number, fate) in record.crowd.iter().enumerate() {
        let in_time = in_time(fate).and_then(|()| told_in_time(world, &record, number));
        in_time.map_err(|what| story(&record, number, &what))?;
    }
    Ok(())
}

fn in_time(fate: &Fate) -> Result<(), String> {
    for (attempt, made) in fate.attempts.iter().enumerate() {
        let bound = fate.bound_of(attempt).expect("it was made");
        if made.sent > bound + TIMER + made.interval {
            return Err(format!("was let in too late: the bound ended at {bound}us"));
        }
    }
    Ok(())
}

fn told_in_time(world: &World, record: &Record, number: usize) -> Result<(), String> {
    let fate = &record.crowd[number];
    let Some(attempt) = fate.refused_attempt() else {
        return Ok(());
    };
    let late = |error: &paced::Error| error.is_deadline() || error.is_max_wait();
    if attempt == 0 && !fate.refused.as_ref().is_some_and(late) {
        return Err(format!(
            "was refused for another reason: {:?}",
            fate.refused
        ));
    }
    if fate.is_refused_at_once() || record.learns_at(fate.ended) {
        return Ok(());
    }
    let bound = fate.bound_of(attempt).expect("it was refused");
    // A timer can turn the last token of a pace into the first one after it: one interval at most.
    if record.reopens_at(fate.ended) {
        let told = fate.refused.as_ref().and_then(paced::Error::retry_after);
        let due = told.map(|wait| fate.ended + micros(wait)).or_else(|| {
            let lifted = run(world, Some(number));
            lifted.crowd[number].attempts.get(attempt).map(|it| it.sent)
        });
        if due.is_some_and(|due| due <= bound + TIMER + fate.intervals.1) {
            return Ok(());
        }
    }
    Err(format!(
        "was refused at {}us though nothing new was learnt; its bound ended at {bound}us",
        fate.ended
    ))
}

/// A caller that is refused as too late is served too late in the same world without its bound.
pub(crate) fn refused_rightly(world: &World) -> Result<(), String> {
    let record = run(world, None);
    for number in to_replay(&record) {
        let fate = &record.crowd[number];
        let attempt = fate.refused_attempt().expect("it is one of them");
        let bound = fate.useful_until(attempt).expect("it was refused");
        let lifted = run(world, Some(number));
        let Some(made) = lifted.crowd[number].attempts.get(attempt) else {
            return Err(story(&lifted, number, "is not served without its bound"));
        };
        // A hint of the instant of the refusal is older only if it is the reason for it.
        let from = fate.ended + u64::from(!fate.is_refused_at_once());
        let mut news = lifted.crowd.iter().filter_map(|other| other.told);
        let known = !news.any(|told| (from..=made.sent).contains(&told.at));
        let declared = 1_000_000 / u64::from(world.per_second);
        let recovers = made.interval > declared + 1 && made.interval != fate.intervals.1;
        if !known || recovers {
            continue;
        }
        let left = left_ahead(&lifted, number, fate, made.sent);
        // How long the others are held cannot be known while the first one is in flight.
        let is_held = record.is_held(fate.ended) || record.reopens_at(fate.ended);
        let held = if is_held {
            HOLD
        } else if lifted.resets_in(fate.ended..=made.sent) {
            // Before it is sent, a forecast may count with the longest round trip so far, twice.
            2 * world.longest_trip()
        } else {
            0
        };
        let tolerance = made.interval * (1 + left) + held + 1;
        if made.sent + tolerance <= bound {
            let what = format!(
                "was refused at {}us; without its bound, which ended at {bound}us, it is let in at {}us; tolerance {tolerance}us",
                fate.ended, made.sent
            );
            return Err(story(&record, number, &what));
        }
    }
    Ok(())
}

/// Refused callers to replay: the most patient ones, and some of the others.
fn to_replay(record: &Record) -> Vec<usize> {
    let patience = |number: &usize| {
        let fate = &record.crowd[*number];
        let bound = fate.refused_attempt().and_then(|it| fate.bound_of(it));
        bound.map(|bound| bound.saturating_sub(fate.ended))
    };
    let mut refused: Vec<_> = (0..record.crowd.len())
        .filter(|number| patience(number).is_some())
        .collect();
    refused.sort_by_key(|number| Reverse(patience(number)));
    let others = refused.split_off(refused.len().min(REPLAYS));
    let step = others.len().div_ceil(REPLAYS).max(1);
    refused.extend(others.into_iter().step_by(step));
    refused
}
