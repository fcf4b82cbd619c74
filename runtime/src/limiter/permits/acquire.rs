//! Waiting for a permit.

use core::future::Future;
use core::pin::Pin;
use core::task::Context;
use core::task::Poll;

use crate::clock;
use crate::costs::Costs;
use crate::error::Error;
use crate::error::Kind;
use crate::time::Instant;

use crate::limiter::Denial;
use crate::limiter::Limiter;
use crate::limiter::Permit;
use crate::limiter::Ticket;
use crate::limiter::Turn;

/// Future of [`Limiter::acquire`] and [`Limiter::acquire_many`]. It takes no place in the queue before it is polled.
///
/// # Cancel safety
///
/// Dropping it gives up its place in the queue, as [`Limiter::acquire`] says.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{Acquire, Limiter, Quota};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
/// let acquire: Acquire<'_> = limiter.acquire_many(2);
/// assert_eq!(limiter.snapshot().available, 5);
/// acquire.await?;
/// assert_eq!(limiter.snapshot().available, 3);
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "no permit is taken before the future is awaited"]
pub struct Acquire<'a> {
    limiter: &'a Limiter,
    cost: u32,
    ticket: Option<Ticket>,
}

impl<'a> Acquire<'a> {
    pub(in crate::limiter) const fn new(limiter: &'a Limiter, cost: u32) -> Self {
        Self {
            limiter,
            cost,
            ticket: None,
        }
    }

    /// Returns the costs in all limits.
    fn costs(&self) -> Costs {
        self.limiter.shared().costs_of_requests(self.cost)
    }

    /// Takes a permit under the lock, or a place in the queue.
    #[cold]
    fn enter(&mut self, cx: &Context<'_>) -> Poll<Result<Permit<'a>, Error>> {
        let shared = self.limiter.shared();
        match Ticket::enter(shared, shared.bare_request(self.costs()), cx) {
            Ok(Turn::Granted { slot }) => Poll::Ready(Ok(self.granted(clock::now(), slot))),
            // A caller that is granted a permit as soon as it joins the queue has been woken already.
            Ok(Turn::Queued(ticket)) => {
                self.ticket = Some(ticket);
                Poll::Pending
            }
            Err(denial) => Poll::Ready(Err(self.error(denial))),
        }
    }

    #[cold]
    fn wait(&mut self, cx: &Context<'_>) -> Poll<Result<Permit<'a>, Error>> {
        let Some(ticket) = &mut self.ticket else {
            return Poll::Pending;
        };
        let outcome = core::task::ready!(ticket.poll(cx));
        self.ticket = None;
        let outcome = outcome.map_err(|refusal| self.error(Denial::Refused(refusal)));
        Poll::Ready(outcome.map(|grant| self.granted(clock::now(), grant.slot)))
    }

    #[inline]
    fn granted(&self, now: Instant, slot: bool) -> Permit<'a> {
        self.limiter.shared().fast_path.count_permit();
        Permit::in_slot(self.limiter, now, slot)
    }

    fn error(&self, denial: Denial) -> Error {
        let shared = self.limiter.shared();
        shared.count_refused();
        let costs = self.costs();
        let kind = shared.kind_of(denial, &costs, clock::now(), |_, wait| Kind::Deadline(wait));
        let error = Error::new(kind);
        match (shared.name(), shared.unit_of_denial(denial, &costs)) {
            (None, None) => error,
            _ => error.at(shared.with_denial(denial, &costs, shared.context(false))),
        }
    }
}

impl<'a> Future for Acquire<'a> {
    type Output = Result<Permit<'a>, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.ticket.is_some() {
            return self.wait(cx);
        }
        let (shared, now) = (self.limiter.shared(), clock::quick());
        #[cfg(feature = "test-util")]
        if crate::context::unpaced::is_on() {
            return Poll::Ready(Ok(Permit::new(self.limiter, now)));
        }
        if self.cost == 0 {
            return Poll::Ready(Ok(Permit::new(self.limiter, now)));
        }
        if shared.pass(self.cost, now) {
            return Poll::Ready(Ok(self.granted(now, false)));
        }
        self.enter(cx)
    }
}
