//! Permits with costs in several limits, and the settlement of what was really spent.

use core::future::Future;
use core::ops::Deref;
use core::pin::Pin;
use core::task::Context;
use core::task::Poll;
use std::sync::Arc;

use crate::clock;
use crate::costs::Costs;
use crate::costs::Settlement;
use crate::error::Error;
use crate::time::Instant;

use crate::limiter::Denial;
use crate::limiter::Limiter;
use crate::limiter::Permit;
use crate::limiter::Receipt;
use crate::limiter::Shared;
use crate::limiter::Ticket;
use crate::limiter::Turn;

/// Permit for a request with [costs](Limiter::acquire_costs), which can be corrected once it is known what the request
/// really took.
///
/// It dereferences to the [`Permit`], by which the response is reported. Dropping it changes no costs: they stand. On a
/// limiter with [`max_concurrency`](crate::LimiterBuilder::max_concurrency) it holds a slot until it is dropped, settled or
/// made a receipt.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{Limiter, Quota, Reservation};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// let per_hour = |count| Quota::per_hour(NonZeroU32::new(count).unwrap());
/// let tokens = per_hour(3600).with_burst(NonZeroU32::new(3600).unwrap());
/// let openai = Limiter::builder(per_hour(500)).row("tokens", tokens).build()?;
/// let reservation: Reservation<'_> = openai.acquire_costs(&[("tokens", 1000)]).await?;
/// // .. one request, whose response says that it took 300 tokens ..
/// reservation.settle(&[("tokens", 300)])?;
/// assert_eq!(openai.snapshot().row("tokens").unwrap().available, 3300);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Reservation<'a> {
    limiter: &'a Limiter,
    permit: Permit<'a>,
    drawn_at: Instant,
    costs: Costs,
}

impl<'a> Reservation<'a> {
    /// Returns the reservation of a permit that was counted when it was taken.
    fn counted(limiter: &'a Limiter, costs: Costs, now: Instant, slot: bool) -> Self {
        Self {
            limiter,
            permit: Permit::in_slot(limiter, now, slot),
            drawn_at: now,
            costs,
        }
    }

    fn new(limiter: &'a Limiter, costs: Costs, now: Instant, slot: bool) -> Self {
        limiter.shared().fast_path.count_permit();
        Self::counted(limiter, costs, now, slot)
    }

    /// Corrects what the request took, as [`Limiter::settle`] does.
    ///
    /// # Errors
    ///
    /// [`is_conflict`](Error::is_conflict): the limiter has no limit of one of the units. Nothing is corrected.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let per_hour = |count| Quota::per_hour(NonZeroU32::new(count).unwrap());
    /// let points = per_hour(3600).with_burst(NonZeroU32::new(100).unwrap());
    /// let shop = Limiter::builder(per_hour(500)).row("points", points).build()?;
    /// let query = shop.acquire_costs(&[("points", 60)]).await?;
    /// // The query was served from a cache.
    /// query.settle(&[("points", 0)])?;
    /// assert_eq!(shop.snapshot().row("points").unwrap().available, 100);
    /// # Ok(()) }
    /// ```
    pub fn settle(self, spent: &[(&str, u64)]) -> Result<(), Error> {
        let shared = self.limiter.shared();
        shared.settle_by_hand(self.costs, self.drawn_at, spent)
    }

    /// Returns what was taken, for [`Limiter::settle`]: for a request whose end another task learns of.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let per_hour = |count| Quota::per_hour(NonZeroU32::new(count).unwrap());
    /// let points = per_hour(3600).with_burst(NonZeroU32::new(100).unwrap());
    /// let shop = Limiter::builder(per_hour(500)).row("points", points).build()?;
    /// let receipt = shop.acquire_costs(&[("points", 60)]).await?.into_receipt();
    /// let limiter = shop.clone();
    /// tokio::spawn(async move { limiter.settle(receipt, &[("points", 20)]) }).await.unwrap()?;
    /// assert_eq!(shop.snapshot().row("points").unwrap().available, 80);
    /// # Ok(()) }
    /// ```
    pub fn into_receipt(self) -> Receipt {
        Receipt {
            drawn_at: self.drawn_at,
            costs: self.costs,
            limiter: Arc::clone(self.limiter.shared()),
        }
    }
}

impl<'a> Deref for Reservation<'a> {
    type Target = Permit<'a>;

    fn deref(&self) -> &Permit<'a> {
        &self.permit
    }
}

/// Future of [`Limiter::acquire_costs`]. It takes no place in the queue before it is polled.
///
/// # Cancel safety
///
/// Dropping it gives up its place in the queue, as [`Limiter::acquire`] says.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{AcquireCosts, Limiter, Quota};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// let per_minute = |count| Quota::per_minute(NonZeroU32::new(count).unwrap());
/// let openai = Limiter::builder(per_minute(500)).row("tokens", per_minute(30_000)).build()?;
/// let acquire: AcquireCosts<'_> = openai.acquire_costs(&[("tokens", 500)]);
/// assert_eq!(openai.snapshot().row("tokens").unwrap().available, 500);
/// acquire.await?;
/// assert_eq!(openai.snapshot().row("tokens").unwrap().available, 0);
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "no permit is taken before the future is awaited"]
pub struct AcquireCosts<'a> {
    limiter: &'a Limiter,
    costs: Result<Costs, Error>,
    ticket: Option<Ticket>,
}

impl AcquireCosts<'_> {
    #[cold]
    fn wait(&mut self, costs: &Costs, cx: &mut Context<'_>) -> Poll<Result<bool, Error>> {
        loop {
            if let Some(ticket) = &mut self.ticket {
                let outcome = core::task::ready!(ticket.poll(cx));
                self.ticket = None;
                let refused = |refusal| self.limiter.shared().deny(Denial::Refused(refusal), costs);
                return Poll::Ready(outcome.map(|grant| grant.slot).map_err(refused));
            }
            let shared = self.limiter.shared();
            match Ticket::enter(shared, shared.bare_request(*costs), cx) {
                Ok(Turn::Granted { slot }) => return Poll::Ready(Ok(slot)),
                Ok(Turn::Queued(ticket)) => self.ticket = Some(ticket),
                Err(denial) => return Poll::Ready(Err(shared.deny(denial, costs))),
            }
        }
    }
}

impl<'a> Future for AcquireCosts<'a> {
    type Output = Result<Reservation<'a>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let costs = match &self.costs {
            Ok(costs) => *costs,
            Err(error) => return Poll::Ready(Err(error.clone())),
        };
        let (limiter, now) = (self.limiter, clock::quick());
        #[cfg(feature = "test-util")]
        if crate::context::unpaced::is_on() {
            return Poll::Ready(Ok(Reservation::new(limiter, costs, now, false)));
        }
        if self.ticket.is_none() && limiter.shared().pass_costs(&costs, now) {
            return Poll::Ready(Ok(Reservation::counted(limiter, costs, now, false)));
        }
        let slot = core::task::ready!(self.wait(&costs, cx))?;
        Poll::Ready(Ok(Reservation::new(limiter, costs, clock::now(), slot)))
    }
}

impl Limiter {
    /// Waits for a permit that takes these costs from the limits of their units, all at once. Of a limit of requests it
    /// takes 1, unless `costs` says otherwise; of the others nothing that `costs` does not name.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire). [`is_insufficient_capacity`](Error::is_insufficient_capacity), at once: a cost is
    /// above what its limit holds; [`unit`](Error::unit) names the limit. [`is_conflict`](Error::is_conflict): the
    /// limiter has no limit of one of the units.
    ///
    /// # Panics
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let per_second = |count| Quota::per_second(NonZeroU32::new(count).unwrap());
    /// let openai = Limiter::builder(per_second(10)).row("tokens", per_second(500)).build()?;
    /// let start = Instant::now();
    /// openai.acquire_costs(&[("tokens", 500)]).await?;
    /// openai.acquire_costs(&[("tokens", 100)]).await?;
    /// assert_eq!(start.elapsed().as_millis(), 200, "100 tokens come in 200 ms");
    /// # Ok(()) }
    /// ```
    pub fn acquire_costs(&self, costs: &[(&str, u64)]) -> AcquireCosts<'_> {
        AcquireCosts {
            limiter: self,
            costs: self.shared().costs_of(costs.iter().copied()),
            ticket: None,
        }
    }

    /// Takes a permit with these costs if no caller waits and all limits have them, as
    /// [`acquire_costs`](Self::acquire_costs) does.
    ///
    /// # Errors
    ///
    /// As [`try_acquire_many`](Self::try_acquire_many) and [`acquire_costs`](Self::acquire_costs).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let per_hour = |count| Quota::per_hour(NonZeroU32::new(count).unwrap());
    /// let openai = Limiter::builder(per_hour(500)).row("tokens", per_hour(7200)).build()?;
    /// let error = openai.try_acquire_costs(&[("tokens", 3)]).unwrap_err();
    /// assert!(error.is_insufficient_capacity(), "the default burst is one second's worth: {error}");
    /// assert!(openai.try_acquire_costs(&[("tokens", 2)]).is_ok());
    /// let error = openai.try_acquire_costs(&[("tokens", 2)]).unwrap_err();
    /// assert!(error.is_not_yet());
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn try_acquire_costs(&self, costs: &[(&str, u64)]) -> Result<Reservation<'_>, Error> {
        let shared = self.shared();
        let amounts = costs.iter().copied();
        let mut costs = shared.usual_costs();
        shared.set_costs(&mut costs, amounts)?;
        let now = clock::quick();
        #[cfg(feature = "test-util")]
        if crate::context::unpaced::is_on() {
            return Ok(Reservation::new(self, costs, now, false));
        }
        if shared.pass_costs(&costs, now) {
            return Ok(Reservation::counted(self, costs, now, false));
        }
        match shared.try_take(&costs) {
            Ok(slot) => Ok(Reservation::new(self, costs, now, slot)),
            Err(refusal) => Err(shared.not_yet(Denial::Refused(refusal), &costs, clock::now())),
        }
    }

    /// Corrects what a request took. A limit that `spent` does not name keeps its cost.
    ///
    /// Tokens that were spent beyond the cost are owed: they are charged at once, and later calls wait for them. A limit
    /// owes at most the tokens of one period; more is forgiven, and counted in
    /// [`RowSnapshot::forgiven`](crate::RowSnapshot::forgiven).
    ///
    /// Tokens that were not spent are given back, as far as the bucket has had room for them since: those that a bucket
    /// without the estimate would have spilt meanwhile are lost, or calls together would exceed the quota.
    ///
    /// # Errors
    ///
    /// [`is_conflict`](Error::is_conflict): the limiter has no limit of one of the units, or the receipt is of another
    /// limiter. Nothing is corrected.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let per_second = |count| Quota::per_second(NonZeroU32::new(count).unwrap());
    /// let shop = Limiter::builder(per_second(10)).row("points", per_second(100)).build()?;
    /// let receipt = shop.acquire_costs(&[("points", 100)]).await?.into_receipt();
    /// // It took 50 points more than its cost: the limit owes them.
    /// shop.settle(receipt, &[("points", 150)])?;
    /// let start = tokio::time::Instant::now();
    /// shop.acquire_costs(&[("points", 10)]).await?;
    /// assert_eq!(start.elapsed().as_millis(), 600);
    /// # Ok(()) }
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "a permit is settled once")]
    pub fn settle(&self, receipt: Receipt, spent: &[(&str, u64)]) -> Result<(), Error> {
        if !Arc::ptr_eq(&receipt.limiter, self.shared()) {
            return Err(Error::conflict("the receipt is of another limiter"));
        }
        receipt
            .limiter
            .settle_by_hand(receipt.costs, receipt.drawn_at, spent)
    }
}

impl Shared {
    /// Corrects what a request took that was admitted at `drawn_at`.
    fn settle_by_hand(
        &self,
        costs: Costs,
        drawn_at: Instant,
        spent: &[(&str, u64)],
    ) -> Result<(), Error> {
        #[cfg(feature = "test-util")]
        if crate::context::unpaced::is_on() {
            return Ok(());
        }
        let mut settlement = Settlement::estimated(costs, drawn_at);
        for &(unit, amount) in spent {
            if !settlement.take(self, unit, amount) {
                return Err(self.unknown_unit(unit));
            }
        }
        self.settle_later(&settlement);
        Ok(())
    }
}
