//! Whole programs against model servers, on tokio's paused clock.
//!
//! Each scenario returns its figures and prints them in one line, which `--nocapture` shows:
//!
//! ```text
//! cargo test -p integration-tests --test simulation -- --nocapture matrix
//! ```
//!
//! The word after `--nocapture` is a scenario's module, or any part of a test's name. Tests called `figures_..`
//! promise nothing: their lines are for comparing. All bounds are constants at the top of their module.
//!
//! Jitter has no seed, so that two runs differ a little: a bound is held by each of several runs.

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
mod strict;
mod windows;
