//! Declaration of a keyed limiter.

use std::sync::Arc;

use crate::limiter::Shared;
use crate::mode::Mode;
use crate::row::Rows;

use super::Keys;

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
    /// Further limiters that calls take from at the same time, in their order.
    pub(crate) beside: Vec<Beside>,
}

/// A further limiter that calls take from.
#[derive(Clone, Debug)]
pub(crate) enum Beside {
    /// One for each value of a further key.
    Keyed(Arc<Keys>),
    /// One for all keys.
    Shared(Arc<Shared>),
}

impl Declaration {
    /// Returns whether a bucket is enough for a key while no caller waits.
    pub(super) fn is_compact(&self) -> bool {
        self.rows.is_bucket() && self.mode == Mode::Enforce && !self.settles
    }
}
