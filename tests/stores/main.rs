//! What limiters share: the arithmetic, and every store.

mod broken;
mod conformance;
mod envelope;
mod healing;
mod hostile;
mod stepping;
mod world;
