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
}

impl Units {
    pub(super) fn of(rows: &Rows) -> Self {
        let mut usual = Costs::NONE;
        for (at, row) in rows.iter().enumerate() {
            usual.set(at, u64::from(row.counts_requests()));
        }
        Self {
            rows: rows.clone(),
            usual,
        }
    }

    /// Returns whether a resource of the server is one of the limits.
    pub(super) fn has(&self, resource: &str) -> bool {
        let rows: Vec<_> = self.rows.iter().copied().collect();
        row_of_resource(resource, &rows).is_some()
    }

    pub(super) fn units(&self) -> impl Iterator<Item = (usize, &'static str)> {
        self.rows.iter().map(Row::unit).enumerate()
    }
}
