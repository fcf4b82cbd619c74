//! What `paced` promises, on paused time with exact durations.

mod support;
mod telling;

mod absent;
mod adapting;
mod attempts;
mod batches;
mod bounding;
mod cancelling;
mod clients;
mod cooling;
mod counting;
mod crowds;
mod default_deadline;
mod events;
mod forecasting;
mod handles;
mod hooks;
mod late_answers;
mod late_tokens;
mod learning;
mod naming;
mod nested_deadline;
mod observing;
mod outages;
mod pacing;
mod probing;
mod reading;
mod reconfiguring;
mod refusing;
mod resources;
mod retrying;
mod runtimes;
mod servers;
mod sharing;
mod stores;
