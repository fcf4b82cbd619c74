//! Identity of a runtime, as the queue and the timers know it.

/// Key of a runtime. The state compares it and never asks the runtime for anything.
pub(super) type RuntimeId = tokio::runtime::Id;
