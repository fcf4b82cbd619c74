//! The promises of `paced`, on paused time with exact durations.

mod slots_told;
mod spans;
mod support;
mod telling;

mod absent;
mod adapting;
mod attempts;
mod batches;
mod bounding;
mod by_hand;
mod cancelling;
mod classifying;
mod clients;
mod cooling;
mod costs;
mod counting;
mod crowds;
mod declared_limits;
mod default_deadline;
mod direct;
mod direct_reading;
mod draining;
mod draining_keys;
mod errors;
mod events;
mod faults;
mod forecasting;
mod handles;
mod hinting;
mod hooks;
#[expect(
    clippy::double_must_use,
    clippy::unused_async,
    clippy::unused_self,
    reason = "functions as their authors write them"
)]
mod impl_blocks;
mod in_flight;
mod in_flight_auto;
mod in_flight_bounds;
mod in_flight_drops;
mod in_flight_nested;
mod keyed_slots;
mod keys;
mod keys_kept;
mod keys_whole;
mod late_answers;
mod late_tokens;
mod learning;
mod meters;
mod modes;
mod modes_in_flight;
mod modes_rows;
mod modes_switching;
mod naming;
mod nested_deadline;
mod observing;
mod outages;
mod pacing;
mod permits;
mod probing;
mod reading;
mod reconfiguring;
mod refusing;
mod resources;
mod retrying;
mod row_keys;
mod row_keys_declared;
mod row_keys_together;
mod rows;
mod rows_of_an_hour;
mod rows_refused;
mod rows_told;
mod rows_unpaid;
mod runtimes;
mod servers;
mod servers_words;
mod settling;
mod settling_by_function;
mod settling_late;
mod settling_rows;
mod sharing;
mod spelling;
mod stores;
mod strict;
mod strict_declared;
mod switching;
mod throttles;
mod trying;
mod viewing;
