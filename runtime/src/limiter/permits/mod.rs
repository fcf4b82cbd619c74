//! Permits: waiting for them, holding them, taking them back.

pub(super) mod acquire;
mod by_hand;
mod handle;
pub(super) mod permit;
pub(super) mod reservation;
