//! Units of a limiter's limits, where there are several.

use crate::costs::Costs;
use crate::learning::row_of_resource;
use crate::row::Row;
use crate::row::Rows;

/// Units of a limiter's limits, in their order.
#[derive(Debug)]
pub(super) struct Units {
    pub(super) rows: Rows,
    /// 1 for each limit of requests.
    pub(super) usual: Costs,
    /// Unit of each limit, and the places of all limits of that unit, a bit for each.
    places: Vec<(&'static str, u8)>,
}

impl Units {
    pub(super) fn of(rows: &Rows) -> Self {
        let mut usual = Costs::NONE;
        for (at, row) in rows.iter().enumerate() {
            usual.set(at, u64::from(row.counts_requests()));
        }
        let of_unit = |unit| {
            let all = rows.iter().enumerate();
            let same = all.filter(|(_, row)| row.unit() == unit);
            same.fold(0, |places, (at, _)| places | 1 << at)
        };
        Self {
            rows: rows.clone(),
            usual,
            places: rows
                .iter()
                .map(|row| (row.unit(), of_unit(row.unit())))
                .collect(),
        }
    }

    /// Returns whether a resource of the server is one of the limits, or one that the same calls take from.
    pub(super) fn has(&self, resource: &str) -> bool {
        let rows = self.rows.iter().chain(&self.rows.beside);
        let rows: Vec<_> = rows.copied().collect();
        row_of_resource(resource, &rows).is_some()
    }

    pub(super) fn units(&self) -> impl Iterator<Item = (usize, &'static str)> {
        self.rows.iter().map(Row::unit).enumerate()
    }

    /// Returns the places of the limits of this unit, a bit for each. `guess`: the place that is looked at first.
    #[inline]
    pub(super) fn places_of(&self, unit: &str, guess: usize) -> u8 {
        match self.places.get(guess) {
            Some(&(known, places)) if is_same(known, unit) => places,
            _ => {
                let mut known = self.places.iter();
                let found = known.find(|(known, _)| is_same(known, unit));
                found.map_or(0, |&(_, places)| places)
            }
        }
    }
}

/// Returns whether two texts are the same: mostly one constant of the program.
#[inline]
fn is_same(one: &str, other: &str) -> bool {
    core::ptr::eq(one, other) || one == other
}
