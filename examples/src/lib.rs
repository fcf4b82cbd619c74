//! Shared parts of the examples: an API on loopback that enforces its rate limit.
#![forbid(unsafe_code)]

pub mod redis;
pub mod refusing;
pub mod server;

/// Compiles and runs what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
