//! Waiting for a permit.

use core::future::Future;
use core::pin::Pin;
use core::task::Context;
use core::task::Poll;

use crate::clock;
use crate::error::Error;
use crate::error::Kind;

use super::Denial;
use super::Limiter;
use super::Refusal;
use super::Request;
use super::Ticket;

/// The future of [`Limiter::acquire`] and [`Limiter::acquire_many`].
#[derive(Debug)]
#[must_use = "no permit is taken before the future is awaited"]
pub struct Acquire<'a> {
    limiter: &'a Limiter,
    cost: u32,
    ticket: Option<Ticket>,
}

impl<'a> Acquire<'a> {
    pub(super) const fn new(limiter: &'a Limiter, cost: u32) -> Self {
        Self {
            limiter,
            cost,
            ticket: None,
        }
    }

    fn error(&self, denial: Denial) -> Error {
        Error::new(match denial {
            Denial::NoRuntime => Kind::NoRuntime,
            Denial::Refused(Refusal::TooLarge { burst }) => Kind::InsufficientCapacity {
                cost: self.cost,
                burst,
            },
            Denial::Refused(Refusal::Late { until }) => {
                let wait = until.saturating_sub(clock::now());
                Kind::Deadline(core::time::Duration::from_nanos(wait))
            }
        })
    }
}

impl Future for Acquire<'_> {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some(ticket) = &mut this.ticket {
            let outcome = core::task::ready!(ticket.poll(cx));
            this.ticket = None;
            return Poll::Ready(outcome.map_err(|refusal| this.error(Denial::Refused(refusal))));
        }
        let (shared, now) = (this.limiter.shared(), clock::now());
        if this.cost == 0 || shared.pass(this.cost, now) {
            return Poll::Ready(Ok(()));
        }
        match shared.enter(
            Request {
                cost: this.cost,
                ..Request::ONE
            },
            now,
            cx,
        ) {
            Ok(None) => Poll::Ready(Ok(())),
            Err(denial) => Poll::Ready(Err(this.error(denial))),
            Ok(ticket) => {
                this.ticket = ticket;
                self.poll(cx)
            }
        }
    }
}
