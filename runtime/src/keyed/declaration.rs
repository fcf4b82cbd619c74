//! Declaration of a keyed limiter.

use crate::error::Error;
use crate::limiter::Limiter;
use crate::limiter::PlaceOfKeys;
use crate::mode::Mode;
use crate::row::Rows;

use super::digest::KeyDigest;

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
    /// Store of the limits. `None`: they are this process's own.
    pub(crate) place: Option<PlaceOfKeys>,
}

impl Declaration {
    /// Returns whether a bucket is enough for a key while no caller waits.
    pub(super) fn is_compact(&self) -> bool {
        self.rows.is_bucket() && self.mode == Mode::Enforce && !self.settles && self.place.is_none()
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
