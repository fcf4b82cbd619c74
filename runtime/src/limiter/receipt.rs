//! Receipt of a permit: for a settlement that comes when the permit is gone.

use core::fmt;
use std::sync::Arc;

use crate::costs::Costs;
use crate::time::Instant;

use super::shared::Shared;

/// Receipt of a [`Reservation`](crate::Reservation), for [`Limiter::settle`](crate::Limiter::settle) by whichever task
/// learns how much was really spent. Dropping it changes nothing: the costs stand. A [key](crate::Keyed::limiter) is
/// remembered for as long as there is a receipt of it.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{Limiter, Quota, Receipt};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// let per_hour = |count| Quota::per_hour(NonZeroU32::new(count).unwrap());
/// let tokens = per_hour(3600).with_burst(NonZeroU32::new(3600).unwrap());
/// let openai = Limiter::builder(per_hour(500)).row("tokens", tokens).build()?;
/// let receipt: Receipt = openai.acquire_costs(&[("tokens", 1000)]).await?.into_receipt();
/// openai.settle(receipt, &[("tokens", 300)])?;
/// assert_eq!(openai.snapshot().row("tokens").unwrap().available, 3300);
/// # Ok(()) }
/// ```
#[must_use = "a receipt is for `Limiter::settle`"]
pub struct Receipt {
    pub(super) drawn_at: Instant,
    pub(super) costs: Costs,
    pub(super) limiter: Arc<Shared>,
}

/// Shows no key.
impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("drawn_at", &self.drawn_at)
            .field("costs", &self.costs)
            .finish_non_exhaustive()
    }
}
