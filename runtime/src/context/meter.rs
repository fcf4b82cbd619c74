//! Meters, which keep the settlement of an attempt open after its call has returned.

use core::fmt;
use core::mem;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use super::amounts::Amounts;

/// Meter of one attempt: it keeps the attempt's settlement open until it is dropped. [`meter`](crate::meter()) returns it.
///
/// Move it into a stream, a task or a value that the function returns, and tell it what the attempt takes by
/// [`spent`](Self::spent). The limits are corrected when it is dropped; where an attempt has several meters, when the last
/// one is. A limit of whose unit no meter and no [`spent`](crate::spent()) has said anything keeps what `settle` found,
/// or else the cost.
///
/// The attempt is the one that the meter was made in, also where it fails and the call goes on with another one. A meter
/// may outlive its call, the runtime and every handle of the limiter. A meter that was made outside of a call does
/// nothing. One that is leaked, for example by [`mem::forget`], corrects nothing: the cost stands.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{CallOptions, Limiter, Meter, Quota};
/// use std::io;
///
/// struct Chunks {
///     left: u32,
///     meter: Meter,
/// }
///
/// impl Iterator for Chunks {
///     type Item = String;
///
///     fn next(&mut self) -> Option<String> {
///         self.left = self.left.checked_sub(1)?;
///         self.meter.spent("requests", 2);
///         Some("chunk".to_owned())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let limiter = Limiter::new(Quota::per_hour(NonZeroU32::new(50).unwrap()).with_burst(NonZeroU32::new(50).unwrap()));
/// let call = limiter.call_with(CallOptions::new().cost(20), || async {
///     Ok::<_, io::Error>(Chunks { left: 3, meter: paced::meter() })
/// });
/// let chunks = call.await.unwrap();
/// assert_eq!(limiter.snapshot().available, 30, "the estimate, while the stream runs");
/// assert_eq!(chunks.count(), 3);
/// assert_eq!(limiter.snapshot().available, 44, "what it took");
/// # }
/// ```
#[must_use = "a meter that is dropped at once keeps nothing open"]
pub struct Meter(Option<Arc<MeterTally>>);

impl Meter {
    /// Meter of no attempt.
    pub(super) const INERT: Self = Self(None);

    /// Returns another open meter of a tally.
    pub(super) fn of(tally: &Arc<MeterTally>) -> Self {
        tally.lock().open += 1;
        Self(Some(Arc::clone(tally)))
    }

    /// Adds to what the attempt took of a unit. The sum replaces the cost in this unit. A sum above `u64::MAX` counts as
    /// that.
    ///
    /// A unit that the limiter has no limit for is ignored; one event for each function says so.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::rate_limited;
    ///
    /// #[rate_limited(rate = 100)]
    /// async fn export() -> std::io::Result<()> {
    ///     let meter = paced::meter();
    ///     tokio::spawn(async move {
    ///         for rows in [100, 20] {
    ///             // .. sends the rows ..
    ///             meter.spent("requests", rows / 10);
    ///         }
    ///     });
    ///     Ok(())
    /// }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> std::io::Result<()> {
    /// export().await?;
    /// tokio::task::yield_now().await;
    /// # Ok(()) }
    /// ```
    pub fn spent(&self, unit: &str, amount: u64) {
        if let Some(tally) = &self.0 {
            tally.lock().amounts.add(unit, amount);
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(tally) = &self.0 {
            tally.close_one();
        }
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_open = self.0.is_some();
        f.debug_struct("Meter").field("is_open", &is_open).finish()
    }
}

/// Function that settles an attempt by what its meters and its body have said.
pub(crate) type SettleLater = Box<dyn FnOnce(&Amounts) + Send>;

/// Tally of the meters of one attempt.
#[derive(Default)]
pub(crate) struct MeterTally(Mutex<TallyState>);

#[derive(Default)]
struct TallyState {
    /// Number of meters that have not been dropped.
    open: usize,
    amounts: Amounts,
    /// Settles the attempt, once it has ended while meters were open.
    settle: Option<SettleLater>,
}

impl MeterTally {
    fn lock(&self) -> MutexGuard<'_, TallyState> {
        // No code under the lock panics halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the attempt, whose body has said `said`. Returns all amounts if no meter is open. Otherwise the last meter to be
    /// dropped calls the function that `later` returns.
    pub(crate) fn end(
        &self,
        said: &Amounts,
        later: impl FnOnce() -> SettleLater,
    ) -> Option<Amounts> {
        let mut state = self.lock();
        state.amounts.join(said);
        if state.open == 0 {
            return Some(mem::take(&mut state.amounts));
        }
        state.settle = Some(later());
        None
    }

    /// Closes one meter, and settles the attempt if it was the last.
    fn close_one(&self) {
        let mut state = self.lock();
        state.open = state.open.saturating_sub(1);
        if state.open > 0 {
            return;
        }
        let Some(settle) = state.settle.take() else {
            return;
        };
        let amounts = mem::take(&mut state.amounts);
        // Wakers of waiters may drop other meters of the same attempt.
        drop(state);
        settle(&amounts);
    }
}

impl fmt::Debug for MeterTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MeterTally")
    }
}
