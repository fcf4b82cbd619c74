//! Permits: waiting for them, holding them, taking them back.

pub(super) mod acquire;
pub(super) mod by_hand;
pub(super) mod handle;
pub(super) mod permit;
pub(super) mod reservation;
