//! The declared bucket while a server's hint sets a slower pace: tokens that are taken meanwhile are taken
//! from it as well, so that none comes back when the pace ends.

use crate::bucket;
use crate::bucket::Shape;

#[derive(Clone, Copy, Debug)]
pub(in crate::limiter) struct Level {
    tat: u64,
    shape: Shape,
}

impl Level {
    pub(in crate::limiter) const fn new(tat: u64, shape: Shape) -> Self {
        Self { tat, shape }
    }

    pub(in crate::limiter) fn pay(&mut self, cost: u32, now: u64) {
        self.tat = self.tat.max(now) + self.shape.price(u64::from(cost));
    }

    pub(in crate::limiter) const fn give_back(&mut self, tokens: u64) {
        self.tat = self.tat.saturating_sub(self.shape.price(tokens));
    }

    /// Delays the next token by `nanos`.
    pub(super) const fn put_off(&mut self, nanos: u64) {
        self.tat = self.tat.saturating_add(nanos);
    }

    /// Changes the shape, as the server lets through more or less of the declared rate.
    pub(in crate::limiter) fn reshape(&mut self, to: Shape, now: u64) {
        self.tat = bucket::rescale(self.tat, self.shape, to, now);
        self.shape = to;
    }

    /// Changes the shape to the declared one. The bucket of a slower rate holds fewer tokens, so those that were used up
    /// beyond it are not known: a bucket that was empty is empty.
    pub(in crate::limiter) fn deepen(&mut self, to: Shape, now: u64) {
        if self.shape.interval > to.interval {
            self.tat = self.tat.min(now.saturating_add(to.capacity));
            self.shape = to;
        } else {
            self.reshape(to, now);
        }
    }

    pub(in crate::limiter) const fn tat(&self) -> u64 {
        self.tat
    }

    /// Returns its whole tokens.
    pub(in crate::limiter) fn available(&self, now: u64) -> u64 {
        bucket::available(self.tat, self.shape, now)
    }
}
