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
use crate::limiter::ticket::Ticket;
use crate::limiter::ticket::Turn;
use crate::time::Instant;
use crate::time::Span;

use super::place::Place;
use super::place::PlaceWaker;

/// A permit that is wanted together with others.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) limiter: Arc<Shared>,
    pub(crate) request: Request,
}

/// A wait for permits of several limiters at the same time. Dropping it gives up its places.
#[derive(Debug)]
pub(crate) struct NestedWait {
    /// In the order of the limiters. That of the last is where the permits are taken.
    wanted: Vec<Wanted>,
    /// Places in the queues of the first of them, but for the last.
    places: Vec<Outer>,
    last: Option<Inner>,
}

/// Place in the queue of a limiter before the last.
#[derive(Debug)]
enum Outer {
    Queued(Place),
    /// The limiter does not hold calls back.
    Free,
}

/// Place in the queue of the last limiter.
#[derive(Debug)]
enum Inner {
    Queued(Ticket, Option<(Arc<PlaceWaker>, Waker)>),
    /// It is taken.
    Taken(TakenAtOnce),
    /// The limiter does not hold calls back.
    Free,
}

/// A permit that was free. Dropping it gives it back.
#[derive(Debug)]
struct TakenAtOnce {
    limiter: Arc<Shared>,
    costs: Costs,
    at: Instant,
}

impl TakenAtOnce {
    fn use_up(mut self) {
        self.costs = Costs::NONE;
    }
}

impl Drop for TakenAtOnce {
    fn drop(&mut self) {
        if self.costs != Costs::NONE {
            self.limiter.put_back(&self.costs, self.at);
        }
    }
}

impl NestedWait {
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
                Ok(Some(grant)) => return Poll::Ready(Ok(grant)),
                // A permit of another limiter is not due any more. Its place is asked when that is so.
                Ok(None) => {}
                Err(denied) => return Poll::Ready(Err(denied)),
            }
        }
    }

    /// Returns whether the permit at this place in the order is due, after joining the queue if that is not done yet.
    fn is_turn(&mut self, at: usize, cx: &Context<'_>) -> Result<bool, Denial> {
        if self.places.len() == at {
            let Wanted { limiter, request } = &self.wanted[at];
            let place = if limiter.enforces() {
                Outer::Queued(limiter.enqueue_nested(*request, cx)?)
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

    /// Waits for the permit of the last limiter.
    fn poll_last(&mut self, cx: &Context<'_>) -> Poll<Result<Option<Grant>, Denial>> {
        let Some(Wanted { limiter, request }) = self.wanted.last() else {
            return Poll::Ready(Ok(None));
        };
        let places = self.places.iter().rev();
        let queued = places.filter_map(|place| match place {
            Outer::Queued(place) => Some(place),
            Outer::Free => None,
        });
        let known = match &self.last {
            Some(Inner::Queued(_, Some((known, _)))) => known.task.will_wake(cx.waker()),
            _ => false,
        };
        let waker = (!known).then(|| queued.last().map(|place| place.waker(cx)));
        let waker = waker
            .flatten()
            .map(|waker| (Arc::clone(&waker), Waker::from(waker)));
        let last = match &mut self.last {
            Some(last) => last,
            last if !limiter.enforces() => last.insert(Inner::Free),
            last => {
                let waker_of = waker.as_ref().map_or(cx.waker(), |(_, waker)| waker);
                let cx = Context::from_waker(waker_of);
                last.insert(match Ticket::enter(limiter, *request, &cx)? {
                    Turn::Queued(ticket) => Inner::Queued(ticket, None),
                    Turn::Granted { .. } => Inner::Taken(TakenAtOnce {
                        limiter: Arc::clone(limiter),
                        costs: request.costs,
                        at: clock::now(),
                    }),
                })
            }
        };
        let Inner::Queued(ticket, kept) = last else {
            return Poll::Ready(Ok(None));
        };
        if waker.is_some() {
            *kept = waker;
        }
        let waker = kept.as_ref().map_or(cx.waker(), |(_, waker)| waker);
        let held = ticket.hold(&Context::from_waker(waker));
        held.map(|held| held.map(Some).map_err(Denial::Refused))
    }

    /// Takes all permits, or gives that of the last limiter back: `None`.
    fn take_all(&mut self, granted: Option<Grant>) -> Result<Option<Grant>, (usize, Denial)> {
        let mut all = Grant {
            left: granted.map_or(Span::LONGEST, |grant| grant.left),
            slot: false,
        };
        for (at, place) in self.places.iter().enumerate() {
            let Outer::Queued(place) = place else {
                continue;
            };
            let Some(grant) = place.take() else {
                self.last = None;
                self.places.truncate(at + 1);
                return Ok(None);
            };
            all.left = all.left.min(grant.left);
            all.slot |= at == 0 && grant.slot;
        }
        let last = self.wanted.len().saturating_sub(1);
        for (at, place) in self.places.drain(..).enumerate() {
            match place {
                Outer::Queued(place) => place.use_up(),
                Outer::Free => all.slot |= self.wanted[at].pass(at)? && at == 0,
            }
        }
        match self.last.take() {
            Some(Inner::Queued(ticket, _)) => {
                ticket.use_up();
            }
            Some(Inner::Taken(taken)) => taken.use_up(),
            Some(Inner::Free) => {
                self.wanted[last].pass(last)?;
            }
            None => {}
        }
        Ok(Some(all))
    }
}

impl Wanted {
    /// Lets the call pass a limiter that does not hold calls back. Returns whether it takes a slot.
    fn pass(&self, at: usize) -> Result<bool, (usize, Denial)> {
        let passed = self.limiter.pass_with(&[], &self.request);
        passed.map_err(|denial| (at, denial))
    }
}
