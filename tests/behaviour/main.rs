//! What `paced` promises, on paused time with exact durations.

mod support;
mod telling;

mod adapting;
mod attempts;
mod bounding;
mod cancelling;
mod clients;
mod cooling;
mod crowds;
mod late_answers;
mod late_tokens;
mod learning;
mod naming;
mod observing;
mod outages;
mod pacing;
mod reading;
mod reconfiguring;
mod retrying;
mod runtimes;
mod servers;
mod sharing;
mod stores;
