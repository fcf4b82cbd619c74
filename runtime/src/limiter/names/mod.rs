//! Names of limiters: the registry that finds a limiter by its name, and what a configuration declares for a name.

pub(super) mod configured;
mod declared;
pub(super) mod further_names;
mod label;
pub(super) mod named_keys;
pub(super) mod registry;
