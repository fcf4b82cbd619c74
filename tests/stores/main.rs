//! The shared parts of limiters: the arithmetic, and every store.

mod attribute;
mod broken;
mod conformance;
mod envelope;
mod healing;
mod hostile;
mod limiters;
mod namespaces;
mod redis;
#[cfg(unix)]
mod sqlite;
mod stepping;
mod world;
