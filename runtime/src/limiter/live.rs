//! Changes beside the limits that a configuration makes to a running limiter: its mode, and its bound on calls in flight.

use super::changes::LimiterChanges;
use super::configured;
use super::shared::Shared;

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
