//! The shared parts of limiters: the arithmetic, and every store.

mod actions;
mod actual_use;
mod attribute;
mod auto;
mod broken;
mod conformance;
mod envelope;
#[cfg(unix)]
mod fleet;
mod healing;
mod hostile;
mod keys;
mod learnt;
mod lease_tasks;
mod leasing;
mod limiters;
mod namespaces;
mod overdrawn;
mod parts;
mod periods;
mod redis;
mod refunds;
mod row_closing;
mod row_far;
mod row_limiters;
mod row_modes;
mod row_outages;
mod row_reopening;
#[cfg(unix)]
mod row_stores;
mod settling;
mod sharing;
mod slot_crowds;
mod slots_seen;
#[cfg(unix)]
mod sqlite;
mod stepping;
mod versions;
mod world;
