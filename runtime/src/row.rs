//! Limit of a limiter with several, as it is declared: its unit, and its quota.

use crate::quota::Quota;

/// Unit of a limit that counts requests.
pub(crate) const REQUESTS: &str = "requests";

/// Declaration of a limit. Of a limiter's limits each is a *row*: a unit, a quota, and what a call takes from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Unit that the limit counts. Empty: requests, in a limit without a name.
    pub(crate) unit: &'static str,
    pub(crate) quota: Quota,
}

impl Row {
    /// Returns the declaration of a limit.
    pub(crate) const fn new(unit: &'static str, quota: Quota) -> Self {
        Self { unit, quota }
    }

    /// Returns whether each call costs 1 unless it says otherwise.
    pub(crate) fn counts_requests(&self) -> bool {
        self.unit.is_empty() || self.unit == REQUESTS
    }
}
