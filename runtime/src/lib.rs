//! Rate-limited, retrying calls to other people's HTTP APIs.

mod backoff;
mod bucket;
mod call;
mod clock;
mod context;
mod error;
mod failure;
#[cfg(feature = "http")]
pub mod headers;
mod hint;
mod limiter;
#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;
mod quota;
mod retry;
mod signal;
mod verdict;

pub use paced_macros::rate_limited;

pub use crate::context::Attempt;
pub use crate::context::IdempotencyKey;
pub use crate::context::attempt;
pub use crate::error::Error;
pub use crate::failure::Failure;
pub use crate::hint::Hint;
pub use crate::hint::Policy;
pub use crate::limiter::Acquire;
pub use crate::limiter::Limiter;
pub use crate::limiter::Snapshot;
pub use crate::limiter::Waits;
pub use crate::quota::Quota;
pub use crate::quota::Rate;
pub use crate::signal::Signal;
#[cfg(feature = "http")]
pub use crate::signal::ResponseExt;
#[cfg(feature = "http")]
pub use crate::signal::observe;
pub use crate::verdict::Verdict;
