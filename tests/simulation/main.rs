//! Whole programs against model servers, on tokio's paused clock.
//!
//! Each scenario returns its figures and prints them in one line, which `--nocapture` shows:
//!
//! ```text
//! cargo test -p integration-tests --test simulation -- --nocapture matrix
//! ```
//!
//! The tests hold the figures to bounds. Jitter has no seed, so that two runs differ a little: a bound
//! is held by each of several runs, or leaves room.

mod callers;
mod errors;
mod support;
mod window;

mod late;
mod matrix;
mod outages;
mod overload;
mod penalty;
mod probing;
mod random;
mod refilling;
mod service;
mod windows;
