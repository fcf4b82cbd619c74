//! The rows of the table, and how they are worded.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use paced::Quota;
use paced::Rate;
use paced::store::Action;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::Request;
use paced::store::RowState;
use paced::store::State;
use paced::store::StoredLimiter;
use paced::store::Ticks;
use paced::store::step;

use crate::units::Units;
use crate::units::label;
use crate::words::lasting;
use crate::words::parted;
use crate::words::time_of_day;

const HEAD: [&str; 7] = [
    "limiter",
    "rate",
    "available",
    "paused until",
    "why",
    "learnt",
    "last seen",
];

const NOT_KEPT: &str = "-  A store keeps no rates (give one with --rate NAME=RATE[,BURST]) and no reasons of pauses\n   \
                        (the process that was asked for it tells of it in an event).";

/// Learnt interval of a limit of which nothing is left, as [`Action::Learn`] says.
const NOTHING_LEFT: Ticks = Ticks::new(1 << 48);

/// Nothing, or nothing that is kept.
const NOTHING_KEPT: &str = "-";

/// A limiter's rate as its program declares it, since a store does not keep it.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    name: String,
    quota: Quota,
}

impl FromStr for Declared {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "write NAME=RATE or NAME=RATE,BURST, such as github=4900/h,100";
        let (name, quota) = text.rsplit_once('=').ok_or(form)?;
        let (rate, burst) = quota
            .split_once(',')
            .map_or((quota, None), |(rate, burst)| (rate, Some(burst)));
        let rate: Rate = rate.parse().map_err(|error| format!("{error}"))?;
        let mut quota = Quota::new(rate);
        if let Some(burst) = burst {
            let burst: NonZeroU32 = burst.trim().parse().map_err(|_| form)?;
            quota = quota.with_burst(burst);
        }
        let name = name.to_owned();
        Ok(Self { name, quota })
    }
}

/// The limiters of a store.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The store's time when the last of them were read.
    now: Ticks,
    /// By name: a store may list one twice.
    states: BTreeMap<String, (State, Ticks)>,
    /// There are more.
    pub(crate) is_cut: bool,
}

impl Found {
    pub(crate) fn add(&mut self, now: Ticks, limiters: Vec<StoredLimiter>) {
        self.now = now;
        let states = limiters.into_iter().map(|it| (it.name, (it.state, now)));
        self.states.extend(states);
    }

    pub(crate) fn len(&self) -> usize {
        self.states.len()
    }

    /// Returns the table.
    pub(crate) fn show(&self, declared: &[Declared], units: &[Units]) -> String {
        let mut table = Table::new();
        table.load_preset(NOTHING).set_header(HEAD);
        for (name, (state, now)) in &self.states {
            let (limiter, key) = parted(name);
            let known = declared.iter().find(|it| it.name == limiter);
            let shown = key.map_or_else(|| name.clone(), |key| format!("{limiter}, {key}"));
            let several = several(state);
            table.add_row(row(
                &shown,
                state,
                *now,
                known.map(|it| it.quota),
                several.len(),
            ));
            for (nth, quota) in several {
                table.add_row(limit(state, *now, (nth, label(units, limiter, nth)), quota));
            }
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        let more = if self.is_cut { " and more" } else { "" };
        let (count, now) = (self.len(), time_of_day(self.now));
        let plural = if count == 1 { "" } else { "s" };
        let mut text = format!("{count} limiter{plural}{more}, at {now}\n");
        if count > 0 {
            // Without the spaces that pad the last column.
            for line in table.to_string().lines() {
                write!(text, "\n{}", line.trim_end()).expect("a text takes all");
            }
            write!(text, "\n\n{NOT_KEPT}").expect("a text takes all");
        }
        text
    }
}

fn row(name: &str, state: &State, now: Ticks, quota: Option<Quota>, limits: usize) -> [String; 7] {
    let nothing = || NOTHING_KEPT.to_owned();
    let paused = left(state.paused_until, now);
    let is_one = limits == 0;
    [
        name.to_owned(),
        match quota {
            _ if !is_one => format!("{limits} limits"),
            None => nothing(),
            Some(quota) => format!("{}, burst {}", quota.rate(), quota.burst()),
        },
        if is_one {
            available(state, now, quota)
        } else {
            String::new()
        },
        paused.map_or_else(
            || "not paused".to_owned(),
            |left| format!("{} ({})", time_of_day(state.paused_until), lasting(left)),
        ),
        nothing(),
        if is_one {
            learnt(&state.rows[0], now).unwrap_or_else(nothing)
        } else {
            String::new()
        },
        match state.seen {
            Ticks::ZERO => nothing(),
            seen => format!("{} ago", lasting((now - seen).to_duration())),
        },
    ]
}

/// The time until an instant to come.
fn left(until: Ticks, now: Ticks) -> Option<Duration> {
    Some((until - now).to_duration()).filter(|left| !left.is_zero())
}

/// The rate that a server's answers ask for, and for how long.
fn learnt(row: &RowState, now: Ticks) -> Option<String> {
    let lasts = left(row.learnt_until, now)?;
    if row.learnt_interval >= NOTHING_LEFT {
        return None;
    }
    let rate = Rate::new(1.0, row.learnt_interval.to_duration()).ok()?;
    Some(format!("{rate} for {}", lasting(lasts)))
}

/// The limits of a limiter with several, each with its number and the quota that was declared last: of several limits the
/// store keeps that.
fn several(state: &State) -> Vec<(usize, Quota)> {
    let rows = state.rows.iter().enumerate().filter_map(|(nth, row)| {
        let rate = Rate::new(1.0, row.quota.interval.to_duration()).ok()?;
        let burst = u32::try_from(row.quota.burst)
            .ok()
            .and_then(NonZeroU32::new)?;
        Some((nth, Quota::new(rate).with_burst(burst)))
    });
    let rows: Vec<_> = rows.collect();
    if rows.len() > 1 { rows } else { Vec::new() }
}

/// A row of the table for one limit of several.
fn limit(state: &State, now: Ticks, (nth, label): (usize, String), quota: Quota) -> [String; 7] {
    let row = &state.rows[nth];
    // The same limit alone.
    let mut alone = State::default();
    alone.rows[0] = row.clone();
    alone.paused_until = state.paused_until;
    let is_closed = row.learnt_interval >= NOTHING_LEFT;
    let closed = left(row.learnt_until, now).filter(|_| is_closed);
    let (until, why) = closed.map_or_else(Default::default, |left| {
        let until = format!("{} ({})", time_of_day(row.learnt_until), lasting(left));
        (until, "used up".to_owned())
    });
    [
        label,
        format!("{}, burst {}", quota.rate(), quota.burst()),
        available(&alone, now, Some(quota)),
        until,
        why,
        learnt(row, now).unwrap_or_default(),
        String::new(),
    ]
}

/// The free tokens of a bucket whose size is known; else when it is full again.
fn available(state: &State, now: Ticks, quota: Option<Quota>) -> String {
    let Some(quota) = quota else {
        let full_at = state
            .rows
            .iter()
            .map(|row| row.full_at)
            .max()
            .unwrap_or_default();
        return match full_at - now {
            Ticks::ZERO => "full".to_owned(),
            left => format!("full in {}", lasting(left.to_duration())),
        };
    };
    // Rounded up: never more than the declared rate.
    let interval = Ticks::from_duration(quota.rate().interval() + Duration::from_nanos(249));
    let limit = Limit::new(interval, quota.burst().get());
    let draw = Action::Draw {
        tokens: quota.burst().get(),
        horizon: Ticks::ZERO,
        longest: Ticks::ZERO,
        drain: false,
    };
    // On a copy: the store's own arithmetic, and nothing is taken.
    let answer = step(
        &mut state.clone(),
        now,
        &Request::new(draw, Limits::one(limit)),
    );
    format!("{} of {}", answer.granted(), quota.burst())
}
