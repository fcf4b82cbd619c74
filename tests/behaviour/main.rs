//! What `paced` promises, on paused time with exact durations.

mod support;

mod cancelling;
mod cooling;
mod naming;
mod pacing;
mod reconfiguring;
mod runtimes;
