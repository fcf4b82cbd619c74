//! Functions by which a body says what its attempt really took.

use super::meter::Meter;
use super::scope::Scope;
use super::spending::Spending;
use super::with_current;

/// Says what the current attempt really took of a unit, such as `"tokens"`.
///
/// The limit that counts the unit is corrected when the attempt ends: what the attempt did not take of its cost comes back,
/// and what it took beyond is charged. Several calls add up. Their sum wins over the option `settle` and over the cost,
/// whether the attempt succeeds, fails, panics or is dropped. A limit without a name counts `"requests"`. Where the attempt
/// is retried, each attempt takes its own cost, and says its own amounts.
///
/// It is about the attempt in whose body it is called, at any depth of it, on the same task; of calls inside of each other
/// the innermost. Elsewhere, also in tasks that the body spawns, nothing happens: use [`meter`] there. A sum above
/// `u64::MAX` counts as that. A unit that the limiter has no limit for is ignored; one event for each function says so.
///
/// # Cancel safety
///
/// Where the future of the call is dropped, what was said so far counts.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{CallOptions, Limiter, Quota};
/// use std::io;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let limiter = Limiter::new(Quota::per_hour(NonZeroU32::new(50).unwrap()).with_burst(NonZeroU32::new(50).unwrap()));
/// let call = limiter.call_with(CallOptions::new().cost(20), || async {
///     // In a program: a request, and what the server says that it took.
///     paced::spent("requests", 3);
///     paced::spent("requests", 4);
///     Ok::<_, io::Error>(())
/// });
/// call.await.unwrap();
/// assert_eq!(limiter.snapshot().available, 43);
/// # }
/// ```
pub fn spent(unit: &str, amount: u64) {
    with_current(|scope| scope.add_spent(unit, amount));
}

/// Says that the current attempt costs nothing: every limit gets back what the attempt took.
///
/// For answers that the server does not count, such as 304, and for those that come from a cache. A limit of whose unit
/// [`spent`] says something takes that amount.
///
/// As with [`spent`], it is about the attempt in whose body it is called, and outside of a call nothing happens.
///
/// # Cancel safety
///
/// Where the future of the call is dropped afterwards, the attempt costs nothing either.
///
/// # Examples
///
/// ```
/// use paced::rate_limited;
///
/// #[rate_limited(rate = "50/h", burst = 50, limiter = "pages")]
/// async fn page(cached: Option<&str>) -> std::io::Result<String> {
///     if let Some(page) = cached {
///         paced::refund();
///         return Ok(page.to_owned());
///     }
///     Ok("fetched".to_owned())
/// }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> std::io::Result<()> {
/// page(None).await?;
/// page(Some("kept")).await?;
/// assert_eq!(paced::limiter("pages").snapshot().available, 49);
/// # Ok(()) }
/// ```
pub fn refund() {
    with_current(Scope::refund);
}

/// Returns a meter of the current attempt, which keeps its settlement open after the call has returned: for streams, and for
/// tasks that the body spawns.
///
/// The limits are corrected when the meter is dropped; see [`Meter`]. A call that asks for no meter pays nothing for them.
///
/// As with [`spent`], it is about the attempt in whose body it is called. Outside of a call the meter does nothing.
///
/// # Cancel safety
///
/// Where the future of the call is dropped while a meter lives, that meter settles the attempt.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{CallOptions, Limiter, Quota};
/// use std::io;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let limiter = Limiter::new(Quota::per_hour(NonZeroU32::new(50).unwrap()).with_burst(NonZeroU32::new(50).unwrap()));
/// let call = limiter.call_with(CallOptions::new().cost(20), || async { Ok::<_, io::Error>(paced::meter()) });
/// let meter = call.await.unwrap();
/// meter.spent("requests", 5);
/// assert_eq!(limiter.snapshot().available, 30);
/// drop(meter);
/// assert_eq!(limiter.snapshot().available, 45);
/// # }
/// ```
pub fn meter() -> Meter {
    with_current(Scope::meter).unwrap_or(Meter::INERT)
}

impl Scope {
    /// Adds to what the attempt took.
    fn add_spent(&mut self, unit: &str, amount: u64) {
        self.spending_mut().amounts.add(unit, amount);
    }

    /// Records that the attempt costs nothing.
    fn refund(&mut self) {
        self.spending_mut().refunded = true;
    }

    /// Returns a meter of the attempt.
    fn meter(&mut self) -> Meter {
        Meter::of(self.spending_mut().tally.get_or_insert_default())
    }

    fn spending_mut(&mut self) -> &mut Spending {
        self.notes().spending.get_or_insert_default()
    }

    /// Returns what the body has said of the attempt's costs, if it has said anything.
    pub(crate) fn spending(&self) -> Option<&Spending> {
        self.notes.as_deref()?.spending.as_ref()
    }
}
