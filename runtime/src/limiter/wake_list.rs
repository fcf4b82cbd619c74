//! Wakers that are called after unlocking.

use core::task::Waker;

/// Wakers to be called once the lock is released.
#[derive(Debug)]
pub(super) struct WakeList {
    batch: [Option<Waker>; Self::BATCH],
    len: usize,
    /// Wakers beyond one batch, when many waiters are refused at once; granting stops at a full batch.
    more: Vec<Waker>,
}

impl WakeList {
    const BATCH: usize = 8;

    pub(super) const fn new() -> Self {
        Self {
            batch: [const { None }; Self::BATCH],
            len: 0,
            more: Vec::new(),
        }
    }

    pub(super) const fn is_full(&self) -> bool {
        self.len == Self::BATCH
    }

    pub(super) fn add(&mut self, waker: Option<Waker>) {
        let Some(waker) = waker else { return };
        if self.is_full() {
            self.more.push(waker);
        } else {
            self.batch[self.len] = Some(waker);
            self.len += 1;
        }
    }

    pub(super) fn wake(&mut self) {
        if self.len == 0 {
            return;
        }
        let batch = self.batch[..self.len].iter_mut().filter_map(Option::take);
        batch.chain(self.more.drain(..)).for_each(Waker::wake);
        self.len = 0;
    }
}
