//! A place in a limiter's queue.

use core::task::Context;
use core::task::Poll;
use std::sync::Arc;

use super::request::Refusal;
use super::shared::Shared;

/// A place in the queue, or a permit that was not picked up yet. Dropping it passes both on.
#[derive(Debug)]
pub(crate) struct Ticket {
    shared: Arc<Shared>,
    index: u32,
    /// The place was given up: the permit was picked up or the request refused.
    done: bool,
}

impl Ticket {
    pub(super) const fn new(shared: Arc<Shared>, index: u32) -> Self {
        Self {
            shared,
            index,
            done: false,
        }
    }

    /// Waits for the permit, and yields the nanoseconds of cooldowns that the caller would still have
    /// waited for. Not to be polled again once it is ready.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<Result<u64, Refusal>> {
        match self.shared.check(self.index, cx) {
            None => Poll::Pending,
            Some(outcome) => {
                self.done = true;
                Poll::Ready(outcome)
            }
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.done {
            self.shared.abandon(self.index);
        }
    }
}
