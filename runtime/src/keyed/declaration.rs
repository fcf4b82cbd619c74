//! Declaration of a keyed limiter.

use crate::mode::Mode;
use crate::row::Rows;

/// Declaration of a keyed limiter.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    pub(crate) rows: Rows,
    pub(crate) max_keys: usize,
    /// Costs are corrected later, so the buckets' peaks have to be known.
    pub(crate) settles: bool,
    pub(crate) mode: Mode,
    /// Name in errors and events.
    pub(crate) label: &'static str,
}

impl Declaration {
    /// Returns whether a bucket is enough for a key while no caller waits.
    pub(super) fn is_compact(&self) -> bool {
        self.rows.is_bucket() && self.mode == Mode::Enforce && !self.settles
    }
}
