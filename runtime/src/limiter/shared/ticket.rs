//! Ticket: a place in a limiter's queue.

use core::task::Context;
use core::task::Poll;
use std::sync::Arc;

use crate::time::Instant;

use super::Entry;
use super::Shared;
use crate::limiter::request::Denial;
use crate::limiter::request::Grant;
use crate::limiter::request::Refusal;
use crate::limiter::request::Request;
use crate::limiter::request::Use;

/// A place in the queue, or a permit that was not picked up yet. Dropping it passes both on.
#[derive(Debug)]
pub(crate) struct Ticket {
    shared: Arc<Shared>,
    index: u32,
    /// The place was given up: the permit was picked up or the request refused.
    done: bool,
}

/// Result of asking for a permit.
#[derive(Debug)]
pub(crate) enum Turn {
    /// The permit is taken. It may hold a slot, which has to be released.
    Granted {
        slot: bool,
    },
    Queued(Ticket),
}

impl Ticket {
    /// Takes a permit now, or a place in the queue. A permit may hold a slot.
    pub(crate) fn enter(
        limiter: &Arc<Shared>,
        request: Request,
        cx: &Context<'_>,
    ) -> Result<Turn, Denial> {
        Ok(match limiter.enter(request, cx)? {
            Entry::Granted { slot } => Turn::Granted { slot },
            Entry::Queued(index) => Turn::Queued(Self::at(limiter, index)),
        })
    }

    /// Joins the queue, also where a permit is free at once.
    pub(crate) fn enqueue(
        limiter: &Arc<Shared>,
        request: Request,
        cx: &Context<'_>,
    ) -> Result<Self, Denial> {
        let index = limiter.enqueue(request, cx)?;
        Ok(Self::at(limiter, index))
    }

    fn at(limiter: &Arc<Shared>, index: u32) -> Self {
        Self {
            shared: Arc::clone(limiter),
            index,
            done: false,
        }
    }

    /// Waits for the permit. Not to be polled again once it is ready.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<Result<Grant, Refusal>> {
        match self.shared.check(self.index, cx, Use::Now) {
            None => Poll::Pending,
            Some(outcome) => {
                self.done = true;
                Poll::Ready(outcome)
            }
        }
    }

    /// As [`poll`](Self::poll), but keeps the permit until it is [used up](Self::use_up). The limiter may
    /// revoke it until then, see [`is_held`](Self::is_held).
    pub(crate) fn hold(&mut self, cx: &Context<'_>) -> Poll<Result<Grant, Refusal>> {
        match self.shared.check(self.index, cx, Use::Later) {
            None => Poll::Pending,
            Some(outcome) => {
                self.done = outcome.is_err();
                Poll::Ready(outcome)
            }
        }
    }

    /// Returns whether a permit that was held has not been revoked.
    pub(crate) fn is_held(&self) -> bool {
        self.shared.is_held(self.index)
    }

    /// Returns the instant after which a permit is of no use to the caller.
    pub(crate) fn latest(&self) -> Instant {
        self.shared.latest(self.index)
    }

    /// Uses a permit that is held. Returns `false` if it was revoked meanwhile.
    pub(crate) fn use_up(mut self) -> bool {
        self.done = true;
        self.shared.leave(self.index)
    }

    /// Returns whether it is a place in this limiter's queue.
    pub(crate) fn is_of(&self, limiter: &Arc<Shared>) -> bool {
        Arc::ptr_eq(&self.shared, limiter)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.done {
            self.shared.abandon(self.index);
        }
    }
}
