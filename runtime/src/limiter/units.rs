//! Units of the limits of a limiter with several.

use crate::costs::Costs;
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

    pub(super) fn units(&self) -> impl Iterator<Item = (usize, &'static str)> {
        self.rows.iter().map(Row::unit).enumerate()
    }
}
