//! What somebody wants of a limiter, and why it is not to be had.

use super::desk::Refusal;
use super::waiter::Line;

/// What somebody wants of a limiter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// How many tokens.
    pub(crate) cost: u32,
    /// No use for them after this instant.
    pub(crate) latest: u64,
    /// The call had an attempt before.
    pub(crate) retry: bool,
    /// An error can be returned instead.
    pub(crate) refusable: bool,
}

impl Request {
    /// One token, at whatever time.
    pub(crate) const ONE: Self = Self {
        cost: 1,
        latest: u64::MAX,
        retry: false,
        refusable: true,
    };

    pub(super) const fn line(self) -> Line {
        if self.retry {
            Line::Retries
        } else {
            Line::First
        }
    }
}

/// Why a permit is not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    Refused(Refusal),
    NoRuntime,
}
