//! Limiters of keys: their small form, their terms, and their limits in a store.

pub(super) mod compact;
pub(super) mod of_keys;
pub(super) mod stored_keys;
