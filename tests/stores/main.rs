//! What limiters share: the arithmetic, and every store.

mod attribute;
mod broken;
mod conformance;
mod envelope;
mod healing;
mod hostile;
mod limiters;
mod stepping;
mod world;
