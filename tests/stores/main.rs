//! What limiters share: the arithmetic, and every store.

mod envelope;
mod healing;
mod hostile;
mod stepping;
