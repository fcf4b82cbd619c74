//! Which of a limiter's limits each window of a hint is about.
//!
//! A window belongs to the row that has its name, its resource or its unit. Of several such rows it belongs to the one
//! with its limit, else to the one with the shortest period that lasts until its reset.

use crate::hint::Hint;
use crate::row::REQUESTS;
use crate::row::Row;
use crate::time::Instant;
use crate::time::Span;

use super::spoken::Spoken;
use super::spoken::windows;
use super::windows::Observation;
use super::windows::bounded;

/// Unit of windows that bound calls in flight. They are not rates.
const CONCURRENT: &str = "concurrent-requests";

/// Words in the name of a window by which it counts only some of what its unit says: output tokens, for example, are
/// not the tokens of a row `tokens`.
const PARTS: [&str; 11] = [
    "audio",
    "batch",
    "cache",
    "cached",
    "completion",
    "fast",
    "input",
    "output",
    "priority",
    "prompt",
    "reasoning",
];

/// Time by which a reset may be longer than the period of its row: it is rounded up, and may be that of the next
/// period.
const ROUNDING: Span = Span::from_secs(1);

/// Windows of a hint, each with the row that it is about.
#[derive(Clone, Debug)]
pub(crate) struct Routes<'a> {
    routed: Vec<(Option<usize>, Spoken<'a>)>,
    oddities: Oddities,
}

/// Statements that cannot be meant, of which a limiter tells once each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Oddities(u8);

impl Oddities {
    /// None of them.
    pub(crate) const NONE: Self = Self(0);
    /// More is left of a window than its limit.
    pub(crate) const ABOVE_LIMIT: Self = Self(1);
    /// The limit of a window is zero. On a refusal it means that the server never accepts such a call.
    pub(crate) const ZERO_LIMIT: Self = Self(2);

    /// Returns whether all of `others` are among these.
    pub(crate) const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Adds `others`, and returns those that are new.
    pub(crate) const fn add(&mut self, others: Self) -> Self {
        let new = Self(others.0 & !self.0);
        self.0 |= others.0;
        new
    }

    /// Returns what is odd about a window.
    fn of(spoken: &Spoken<'_>) -> Self {
        match (spoken.limit, spoken.remaining) {
            (Some(limit), _) if limit <= 0.0 => Self::ZERO_LIMIT,
            (Some(limit), Some(remaining)) if remaining > limit + 0.5 => Self::ABOVE_LIMIT,
            _ => Self::NONE,
        }
    }
}

impl<'a> Routes<'a> {
    /// Returns the windows of a hint, each with the row of `rows` that it is about. Windows whose counts cannot be meant
    /// are left out.
    pub(crate) fn of(hint: &'a Hint, rows: &[Row]) -> Self {
        let mut oddities = Oddities::NONE;
        let mut routed = Vec::new();
        for mut spoken in windows(hint) {
            let odd = Oddities::of(&spoken);
            oddities.add(odd);
            if odd == Oddities::NONE && spoken.unit != CONCURRENT {
                let row = row_of(&spoken, rows);
                spoken.in_unit |= row.is_some();
                routed.push((row, spoken));
            }
        }
        Self { routed, oddities }
    }

    /// Returns whether a window is about this row.
    pub(crate) fn concern(&self, row: usize) -> bool {
        self.routed.iter().any(|(of, _)| *of == Some(row))
    }

    /// Returns the least that is left of a row, as far as its windows say so.
    pub(crate) fn left_of(&self, row: usize) -> Option<f64> {
        let left = self.of_row(row).filter_map(|spoken| spoken.remaining);
        left.min_by(f64::total_cmp)
    }

    /// Returns the windows that are about this row.
    pub(super) fn of_row(&self, row: usize) -> impl Iterator<Item = &Spoken<'a>> {
        let own = self.routed.iter().filter(move |(of, _)| *of == Some(row));
        own.map(|(_, spoken)| spoken)
    }

    /// Returns the statements that cannot be meant.
    pub(crate) const fn oddities(&self) -> Oddities {
        self.oddities
    }

    /// Returns the instant until which a window that is about no row closes the whole limiter: its reset, where exactly
    /// nothing is left of it. A window of a resource without a row does not: the limiter of that resource keeps to it.
    pub(crate) fn closed_until(&self, heard: &Observation<'_>) -> Option<Instant> {
        let others = self.routed.iter().filter(|(row, _)| row.is_none());
        let exhausted = others
            .map(|(_, spoken)| spoken)
            .filter(|it| it.resource.is_none() && it.remaining.is_some_and(|left| left <= 0.0));
        let resets = exhausted.filter_map(|it| it.reset).map(bounded);
        let ends = resets.filter(|reset| !reset.is_zero());
        ends.map(|reset| heard.believed(heard.received.after(reset)))
            .max()
    }
}

/// Returns the row that has the name of a resource.
pub(crate) fn row_of_resource(name: &str, rows: &[Row]) -> Option<usize> {
    rows.iter().position(|row| is_named(row, name))
}

/// Returns the row that a window is about.
fn row_of(spoken: &Spoken<'_>, rows: &[Row]) -> Option<usize> {
    let resource = |row: &Row| spoken.resource.is_some_and(|name| is_named(row, name));
    let named = choose(spoken, rows, |row| {
        is_named(row, spoken.name) || resource(row)
    });
    if named.is_some() || spoken.resource.is_some() {
        return named;
    }
    let words = || spoken.name.split(['-', '_']);
    let is_part = words().any(|word| PARTS.iter().any(|part| word.eq_ignore_ascii_case(part)));
    let of_unit = choose(spoken, rows, |row| {
        !is_part && is_same(row.unit(), spoken.unit)
    });
    // Nothing but its limit says what it counts.
    let is_bare = spoken.name.is_empty() && (spoken.unit.is_empty() || spoken.unit == REQUESTS);
    of_unit.or_else(|| choose(spoken, rows, |row| is_bare && has_limit(row, spoken)))
}

/// Returns the row that fits best, of those that `is_candidate` admits.
fn choose(spoken: &Spoken<'_>, rows: &[Row], is_candidate: impl Fn(&Row) -> bool) -> Option<usize> {
    let candidates = || rows.iter().enumerate().filter(|(_, row)| is_candidate(row));
    let equal = candidates().any(|(_, row)| has_limit(row, spoken));
    let candidates = || candidates().filter(|(_, row)| !equal || has_limit(row, spoken));
    let period = |(_, row): &(usize, &Row)| row.quota.rate().period();
    let told = spoken.length.or(spoken.reset).map(bounded);
    let lasts = candidates().filter(|row| told.is_some_and(|told| told <= period(row) + ROUNDING));
    let shortest = lasts.min_by_key(period);
    // A window that outlasts all of them, or does not say how long it is, is about the one with the longest period.
    let longest = || candidates().rev().max_by_key(period);
    shortest.or_else(longest).map(|(row, _)| row)
}

/// Returns whether a row has the limit that a window tells: as its count in a period, or as the size of its bucket.
fn has_limit(row: &Row, spoken: &Spoken<'_>) -> bool {
    let sizes = [row.quota.rate().count(), row.quota.burst()];
    spoken.limit.is_some_and(|limit| {
        sizes
            .iter()
            .any(|size| (limit - f64::from(size.get())).abs() < 0.5)
    })
}

/// Returns whether a row has this name.
fn is_named(row: &Row, name: &str) -> bool {
    !row.unit.is_empty() && is_same(row.unit, name)
}

/// Returns whether a row's unit and a word of a server are the same. `_` in a unit is `-` in the name of a field, and
/// case does not matter.
fn is_same(unit: &str, word: &str) -> bool {
    let plain = |byte: u8| match byte {
        b'_' => b'-',
        byte => byte.to_ascii_lowercase(),
    };
    unit.bytes().map(plain).eq(word.bytes().map(plain))
}

#[cfg(test)]
mod tests;
