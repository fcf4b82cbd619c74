//! Shared parts of the tests and of the benchmarks: model servers, limiters under arbitrary use, and short names.

#![expect(clippy::missing_panics_doc, reason = "a test that goes wrong panics")]

pub mod kinds;
#[cfg(feature = "paused")]
pub mod life;
pub mod limit;
pub mod provider;
#[cfg(feature = "served")]
pub mod served;
#[cfg(feature = "paused")]
pub mod short;
