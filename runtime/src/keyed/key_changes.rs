//! Changes that were asked for, for all keys.

use crate::limiter::ConfiguredKeys;
use crate::mode::Mode;
use crate::quota::Quota;
use crate::row::Rows;

use super::declaration::Declaration;

/// Changes to the declaration that were asked for, for all keys.
#[derive(Debug, Default)]
pub(super) struct KeyChanges {
    /// By the configuration in force.
    pub(super) configured: Option<ConfiguredKeys>,
    /// By the program, at run time.
    pub(super) quota: Option<Quota>,
    pub(super) mode: Option<Mode>,
    /// Costs of some function are corrected later, and the declaration did not say so.
    pub(super) settles: bool,
    pub(super) is_closed: bool,
}

impl KeyChanges {
    /// Returns the limits of each key.
    pub(super) fn rows(&self, declared: &Declaration) -> Rows {
        let configured = self.configured.as_ref().map(|it| &it.rows);
        let mut rows = configured.unwrap_or(&declared.rows).clone();
        if let Some(quota) = self.quota {
            rows.first.quota = quota;
        }
        rows
    }

    /// Returns the mode of each key.
    pub(super) fn mode(&self, declared: &Declaration) -> Mode {
        let configured = self.configured.as_ref().and_then(|it| it.mode);
        self.mode.or(configured).unwrap_or(declared.mode)
    }
}
