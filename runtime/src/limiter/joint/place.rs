//! A place in the queue of one of several limiters.

use core::task::Context;
use std::sync::Arc;
use std::sync::Weak;
use std::task::Wake;
use std::task::Waker;

use crate::limiter::request::Grant;
use crate::limiter::request::Refusal;
use crate::limiter::shared::Shared;
use crate::limiter::state::joint::JointTake;

/// A place in the queue of one of several limiters, or the permit that was taken there. Dropping it passes both on.
#[derive(Debug)]
pub(super) struct QueuePlace {
    limiter: Arc<Shared>,
    index: u32,
    is_left: bool,
}

impl QueuePlace {
    pub(super) fn new(limiter: &Arc<Shared>, index: u32) -> Self {
        Self {
            limiter: Arc::clone(limiter),
            index,
            is_left: false,
        }
    }

    /// Returns whether its permit is due. Not to be called again after an error.
    pub(super) fn is_turn(&mut self, cx: &Context<'_>) -> Result<bool, Refusal> {
        let turn = self.limiter.is_turn_of(self.index, cx);
        self.is_left = turn.is_err();
        turn
    }

    /// Takes the permit, and keeps it until it is used up.
    pub(super) fn take(&self) -> (JointTake, Grant) {
        self.limiter.take_joint_permit(self.index)
    }

    /// Uses the permit up.
    pub(super) fn use_up(mut self) {
        self.is_left = true;
        self.limiter.leave(self.index);
    }
}

impl Drop for QueuePlace {
    fn drop(&mut self) {
        if !self.is_left {
            self.limiter.abandon(self.index);
        }
    }
}

/// Returns a waker for the queue of a limiter that wakes the caller, and tells the limiters before it, in whose queues the
/// caller has these places.
pub(super) fn waker<'p>(places: impl Iterator<Item = &'p QueuePlace>, cx: &Context<'_>) -> Waker {
    let places = places.map(|place| (Arc::downgrade(&place.limiter), place.index));
    let places: Vec<_> = places.collect();
    let task = cx.waker().clone();
    if places.is_empty() {
        return task;
    }
    Arc::new(PlaceWaker { task, places }).into()
}

/// Waker of a caller that has places in the queues of limiters, for the queue of the next one.
#[derive(Debug)]
struct PlaceWaker {
    task: Waker,
    places: Vec<(Weak<Shared>, u32)>,
}

impl Wake for PlaceWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Told first: the task may be polled at once, on another thread.
        for (limiter, index) in &self.places {
            if let Some(limiter) = limiter.upgrade() {
                limiter.woken_joint(*index);
            }
        }
        self.task.wake_by_ref();
    }
}
