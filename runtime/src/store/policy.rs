//! What a limiter does while its store is away.

use core::time::Duration;

/// What a limiter does while its store cannot be reached.
///
/// The store is looked for again every 100 ms while calls are made, and used as soon as it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnStoreError {
    /// Each process paces itself by a bucket of its own, at nine tenths of the share of the rate that
    /// it used before, with nothing saved up: together they stay below the limit.
    #[default]
    Local,
    /// Calls are not paced. Several processes can exceed the limit many times over.
    Open,
    /// Calls are refused, with an error for which [`Error::is_store`](crate::Error::is_store) holds.
    /// Those of a function whose error is not `From<paced::Error>` wait for the store.
    Closed,
}

/// How a limiter uses its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(crate) on_error: OnStoreError,
    pub(crate) timeout: Duration,
    pub(crate) processes: u32,
}

impl Policy {
    /// [`OnStoreError::Local`], 150 ms for a request, and four processes.
    pub const fn new() -> Self {
        Self {
            on_error: OnStoreError::Local,
            timeout: Duration::from_millis(150),
            processes: 4,
        }
    }

    /// What happens while the store cannot be reached.
    #[must_use]
    pub const fn on_error(self, on_error: OnStoreError) -> Self {
        Self { on_error, ..self }
    }

    /// How long one request may take before the store counts as away: no call waits longer because
    /// of the store. 150 ms by default; ten round trips are a good value for a store that is far.
    #[must_use]
    pub const fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// How many processes share the limit, as far as that is known: for [`OnStoreError::Local`] in a
    /// process that has not seen yet how much the others use. 4 by default; 0 counts as 1.
    #[must_use]
    pub const fn processes(self, processes: u32) -> Self {
        Self { processes, ..self }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}
