//! A wait for permits of several limiters at the same time.

use core::task::Context;
use core::task::Poll;
use std::sync::Arc;
use std::task::Waker;

use crate::clock;
use crate::costs::Costs;
use crate::limiter::request::Denial;
use crate::limiter::request::Grant;
use crate::limiter::request::Request;
use crate::limiter::shared::Shared;
use crate::limiter::shared::ticket::Ticket;
use crate::limiter::shared::ticket::Turn;
use crate::limiter::state::joint::JointTake;
use crate::time::Instant;
use crate::time::Span;

use super::place;
use super::place::QueuePlace;

/// A permit that is wanted together with others.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) limiter: Arc<Shared>,
    pub(crate) request: Request,
}

/// A wait for permits of several limiters at the same time. Dropping it gives up its places.
#[derive(Debug)]
pub(crate) struct JointWait {
    /// In the order of the limiters. That of the last is where the permits are taken.
    wanted: Vec<Wanted>,
    /// Places in the queues of the first of them, but for the last.
    places: Vec<Outer>,
    last: Option<Innermost>,
}

/// Place in the queue of a limiter before the last.
#[derive(Debug)]
enum Outer {
    Queued(QueuePlace),
    /// The limiter does not hold calls back.
    Free,
}

/// Place in the queue of the last limiter.
#[derive(Debug)]
enum Innermost {
    Queued {
        ticket: Ticket,
        task: Waker,
        /// Wakes the task, and tells the limiters before this one.
        waker: Waker,
    },
    /// It is taken.
    Taken(LastPermit),
    /// The limiter does not hold calls back.
    Free,
}

/// Permit of the last limiter, which was free. Dropping it before it is used gives it back.
#[derive(Debug)]
struct LastPermit {
    limiter: Arc<Shared>,
    costs: Costs,
    at: Instant,
}

impl LastPermit {
    fn use_up(mut self) {
        self.costs = Costs::NONE;
    }
}

impl Drop for LastPermit {
    fn drop(&mut self) {
        if self.costs != Costs::NONE {
            self.limiter.put_back(&self.costs, self.at, Instant::FAR);
        }
    }
}

impl JointWait {
    /// Creates a wait, which takes no place before it is polled.
    pub(crate) const fn new(wanted: Vec<Wanted>) -> Self {
        Self {
            wanted,
            places: Vec::new(),
            last: None,
        }
    }

    /// Returns the limiter and the request at this place in the order.
    pub(crate) fn wanted(&self, at: usize) -> Option<&Wanted> {
        self.wanted.get(at)
    }

    /// Counts permits that are no attempts.
    pub(crate) fn count_permits(&self) {
        for Wanted { limiter, .. } in &self.wanted {
            limiter.fast_path.count_permit();
        }
    }

    /// Waits for all permits. An error names the place of the limiter that refuses. Not to be polled again once it is ready.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<Result<Grant, (usize, Denial)>> {
        let outer = self.wanted.len().saturating_sub(1);
        loop {
            for at in 0..outer {
                match self.is_turn(at, cx) {
                    Ok(true) => {}
                    Ok(false) => {
                        self.last = None;
                        self.places.truncate(at + 1);
                        return Poll::Pending;
                    }
                    Err(denial) => return Poll::Ready(Err((at, denial))),
                }
            }
            let granted = match self.poll_last(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(denial)) => return Poll::Ready(Err((outer, denial))),
                Poll::Ready(Ok(granted)) => granted,
            };
            match self.take_all(granted) {
                Ok((JointTake::Taken, grant)) => return Poll::Ready(Ok(grant)),
                // A permit of another limiter is not due any more. Its place is asked when that is so.
                Ok((JointTake::NotDue, _)) => {}
                Ok((JointTake::Unconfirmed, _)) => return Poll::Pending,
                Err(denied) => return Poll::Ready(Err(denied)),
            }
        }
    }

    /// Returns whether the permit at this place in the order is due, after joining the queue if that is not done yet.
    fn is_turn(&mut self, at: usize, cx: &Context<'_>) -> Result<bool, Denial> {
        let waker = self.waker(at, cx);
        let cx = &Context::from_waker(&waker);
        if self.places.len() == at {
            let Wanted { limiter, request } = &self.wanted[at];
            let place = if limiter.enforces() {
                Outer::Queued(limiter.enqueue_joint(*request, cx)?)
            } else {
                Outer::Free
            };
            self.places.push(place);
        }
        match &mut self.places[at] {
            Outer::Queued(place) => place.is_turn(cx).map_err(Denial::Refused),
            Outer::Free => Ok(true),
        }
    }

    /// Returns the waker for the queue of the limiter at this place in the order: it tells those before it, too.
    fn waker(&self, at: usize, cx: &Context<'_>) -> Waker {
        let before = self.places.iter().take(at);
        let queued = before.filter_map(|place| match place {
            Outer::Queued(place) => Some(place),
            Outer::Free => None,
        });
        place::waker(queued, cx)
    }

    /// Waits for the permit of the last limiter.
    fn poll_last(&mut self, cx: &Context<'_>) -> Poll<Result<Option<Grant>, Denial>> {
        let Some(Wanted { limiter, request }) = self.wanted.last() else {
            return Poll::Ready(Ok(None));
        };
        if self.last.is_none() {
            let waker = self.waker(self.places.len(), cx);
            self.last = Some(if limiter.enforces() {
                let cx_of_all = &Context::from_waker(&waker);
                let turn = if limiter.client.get().is_some() {
                    // Only the permit of a queued waiter can be revoked, and it is kept while a store is asked for another.
                    Turn::Queued(Ticket::enqueue(limiter, *request, cx_of_all)?)
                } else {
                    Ticket::enter(limiter, *request, cx_of_all)?
                };
                match turn {
                    Turn::Queued(ticket) => Innermost::Queued {
                        ticket,
                        task: cx.waker().clone(),
                        waker,
                    },
                    Turn::Granted { .. } => Innermost::Taken(LastPermit {
                        limiter: Arc::clone(limiter),
                        costs: request.costs,
                        at: clock::now(),
                    }),
                }
            } else {
                Innermost::Free
            });
        }
        let replaced = match &self.last {
            Some(Innermost::Queued { task, .. }) if !task.will_wake(cx.waker()) => {
                Some(self.waker(self.places.len(), cx))
            }
            _ => None,
        };
        let Some(Innermost::Queued {
            ticket,
            task,
            waker,
        }) = &mut self.last
        else {
            return Poll::Ready(Ok(None));
        };
        if let Some(replaced) = replaced {
            (*task, *waker) = (cx.waker().clone(), replaced);
        }
        let held = ticket.hold(&Context::from_waker(waker));
        held.map(|held| held.map(Some).map_err(Denial::Refused))
    }

    /// Takes all permits, or gives that of the last limiter back. Where a store has to be asked first, those that are taken
    /// are kept until it has answered.
    fn take_all(&mut self, granted: Option<Grant>) -> Result<(JointTake, Grant), (usize, Denial)> {
        let mut all = Grant {
            left: granted.map_or(Span::LONGEST, |grant| grant.left),
            slot: false,
        };
        // From the inner to the outer ones: those that are taken already are given back where another one is not due.
        for (at, place) in self.places.iter().enumerate().rev() {
            let Outer::Queued(place) = place else {
                continue;
            };
            let (taken, grant) = place.take();
            match taken {
                JointTake::Taken => {}
                JointTake::NotDue => {
                    self.last = None;
                    self.places.truncate(at + 1);
                    return Ok((taken, grant));
                }
                JointTake::Unconfirmed => return Ok((taken, grant)),
            }
            all.left = all.left.min(grant.left);
            all.slot |= at == 0 && grant.slot;
        }
        for (at, wanted) in self.wanted.iter().enumerate() {
            let is_free = match self.places.get(at) {
                Some(place) => matches!(place, Outer::Free),
                None => matches!(self.last, Some(Innermost::Free)),
            };
            if is_free {
                all.slot |= wanted.pass(at)? && at == 0;
            }
        }
        self.use_up();
        Ok((JointTake::Taken, all))
    }

    /// Uses the permits up that are taken.
    fn use_up(&mut self) {
        for place in self.places.drain(..) {
            if let Outer::Queued(place) = place {
                place.use_up();
            }
        }
        match self.last.take() {
            Some(Innermost::Queued { ticket, .. }) => {
                ticket.use_up();
            }
            Some(Innermost::Taken(taken)) => taken.use_up(),
            Some(Innermost::Free) | None => {}
        }
    }
}

impl Wanted {
    /// Lets the call pass a limiter that does not hold calls back. Returns whether it takes a slot.
    fn pass(&self, at: usize) -> Result<bool, (usize, Denial)> {
        let passed = self.limiter.pass_with(&[], &self.request);
        passed.map_err(|denial| (at, denial))
    }
}
