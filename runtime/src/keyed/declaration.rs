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
    /// The label is a name, by which a configuration knows the limiter.
    pub(crate) is_named: bool,
}
