//! Views of a limiter for its users: of this process, and of all processes that share it.

pub(super) mod shared_rows;
pub(super) mod snapshot;
