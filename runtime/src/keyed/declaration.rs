//! Declaration of a keyed limiter.

use crate::error::Error;
use crate::limiter::Limiter;
use crate::limiter::PlaceOfKeys;
use crate::mode::Mode;
use crate::quota::Quota;
use crate::row::Rows;

use super::digest::KeyDigest;

/// Default of the maximum number of keys.
pub(super) const MAX_KEYS: usize = 1_000_000;

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
    /// Store of the limits. `None`: they are this process's own.
    pub(crate) place: Option<PlaceOfKeys>,
}

impl Declaration {
    /// Returns that of limiters with one quota, for as many keys as is usual.
    pub(super) const fn of_one(quota: Quota) -> Self {
        Self {
            rows: Rows::one(quota),
            max_keys: MAX_KEYS,
            settles: false,
            mode: Mode::Enforce,
            label: "keyed",
            is_named: false,
            place: None,
        }
    }

    /// Refuses limits that are too many, and those that stores cannot keep.
    ///
    /// # Errors
    ///
    /// [`Error::is_invalid`].
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.place.is_some() {
            KeyDigest::enabled()?;
        }
        Limiter::check(&self.rows, self.place.is_some())
    }
}
