//! What a limiter does while its store is away.

/// What a limiter does while its store cannot be reached.
///
/// Only of stores that may come back by themselves: a
/// [rejection](super::StoreError::is_rejected) is never worked around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnStoreError {
    /// Goes on with this process's share of the rate, in process.
    #[default]
    Local,
    /// Lets every call through.
    Open,
    /// Refuses every call.
    Closed,
}
