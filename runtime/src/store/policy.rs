//! Behaviour of a limiter while its store is away.

use core::time::Duration;

/// Behaviour of a limiter while its store cannot be reached, or has not answered within the
/// [timeout](Policy::timeout).
///
/// The store is tried again about every 100 ms while calls are made, and used as soon as it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnStoreError {
    /// Each process falls back to a local bucket with a burst of 1 at 90 % of the share of the rate that it
    /// last used, so that all processes together stay below the limit.
    #[default]
    Local,
    /// Calls are not paced. Several processes can exceed the limit many times over.
    Open,
    /// Calls are refused, with an error for which [`Error::is_store`](crate::Error::is_store) holds; those
    /// with a bound on their wait only once a request has failed, or the bound is reached.
    /// Those of a function whose error is not `From<paced::Error>` wait for the store.
    Closed,
}

/// Use of a store by a limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(crate) on_error: OnStoreError,
    pub(crate) timeout: Duration,
    pub(crate) processes: u32,
}

impl Policy {
    /// Creates the default policy: [`OnStoreError::Local`], 150 ms for a request, and four processes.
    pub const fn new() -> Self {
        Self {
            on_error: OnStoreError::Local,
            timeout: Duration::from_millis(150),
            processes: 4,
        }
    }

    /// Sets the behaviour while the store cannot be reached.
    #[must_use]
    pub const fn on_error(self, on_error: OnStoreError) -> Self {
        Self { on_error, ..self }
    }

    /// Sets how long a call that can go on without the store waits for its answer; from then on
    /// [`on_error`](Self::on_error) applies. 150 ms by default; ten round trips are a good value for a store
    /// that is far.
    ///
    /// A call that would be refused without the store (its `max_wait` or `deadline` is shorter than the wait
    /// for a permit would be, or the limiter is [closed](OnStoreError::Closed)) waits for the late answer for
    /// as long as it may wait at all, up to 30 s. It is refused at once where a request has failed.
    #[must_use]
    pub const fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Sets how many processes share the limit, as far as that is known: for [`OnStoreError::Local`] in a
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
