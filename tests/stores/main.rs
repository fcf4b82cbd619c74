//! What limiters share: the arithmetic, and every store.

mod attribute;
mod broken;
mod conformance;
mod envelope;
mod healing;
mod hostile;
mod limiters;
mod redis;
mod stepping;
mod world;
