//! Changes beside the limits that a configuration makes to a running limiter: its mode, and its bound on calls in flight.

use crate::row::Rows;

use super::changes::LimiterChanges;
use super::configured;
use super::shared::Shared;

/// Changes the bound on calls in flight to that of `rows`, if the configuration `before` or the new one names it.
///
/// Otherwise it stays: it may have been found by refusals.
pub(super) fn bound(shared: &Shared, changes: [Option<&LimiterChanges>; 2], rows: &Rows) {
    let named = changes.into_iter().flatten();
    if named.into_iter().any(|it| it.max_concurrency.is_some()) {
        shared.bound_slots(rows.concurrency);
    }
}

/// Makes the changes. `None`: the limiter returns to what was declared.
pub(super) fn change(shared: &Shared, changes: Option<&LimiterChanges>) {
    shared.configure_mode(changes.and_then(|it| it.mode));
}

/// Makes the changes to a limiter that was declared just now.
pub(super) fn begin(shared: &Shared) {
    if let Some(configured) = configured::of(shared) {
        change(shared, Some(&configured.changes));
    }
}
