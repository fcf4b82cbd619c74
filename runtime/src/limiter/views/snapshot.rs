//! State of a limiter at one moment.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::costs::MAX_ROWS;
use crate::quota::Quota;
use crate::quota::Rate;
use crate::waits::Waits;

use crate::limiter::counts::Counts;
use crate::limiter::counts::observed::ObservedWaits;

/// State of a [`Limiter`](crate::Limiter) at one moment.
///
/// Calls that wait because the server has told of one of its resources alone, such as GitHub's `search`,
/// are counted in `waiting`, `waits` and `counts`; the other fields are about what holds for all calls.
///
/// Of a limiter with several limits, `quota`, `rate` and `available` are those of the first one of requests, or else of the
/// first one. [`row`](Self::row) returns the state of each.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use core::time::Duration;
/// use paced::{Limiter, Quota, Snapshot};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
/// limiter.cooldown_for(Duration::from_secs(60));
/// let Snapshot { available, waiting, cooldown, closed, .. } = limiter.snapshot();
/// assert_eq!((available, waiting), (0, 0));
/// assert_eq!((cooldown, closed), (Some(Duration::from_secs(60)), false));
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Quota that was declared, or set later.
    pub quota: Quota,
    /// Rate at which permits are granted when there is no cooldown: the declared one, or less where the server turned
    /// out to allow less. A cooldown does not change it.
    pub rate: Rate,
    /// Tokens that could be taken at once; 0 while callers wait or a cooldown lasts.
    pub available: u64,
    /// Number of calls that wait for a permit.
    pub waiting: usize,
    /// Number of attempts under way: annotated functions whose body runs, and closures of
    /// [`Limiter::call`](crate::Limiter::call). With
    /// [`max_concurrency`](crate::LimiterBuilder::max_concurrency) the number of slots that are held: by attempts (one in the
    /// body of another shares its slot), by streams that keep a [`Meter`](crate::Meter), and by permits.
    pub in_flight: u64,
    /// Most calls that may be in flight at once, if there is a bound.
    pub max_concurrency: Option<NonZeroU32>,
    /// Whether the limiter was [closed](crate::Limiter::close), and refuses all calls.
    pub closed: bool,
    /// Remaining time of the cooldown, if there is one: a server or the program asked for it.
    pub cooldown: Option<Duration>,
    /// Time that all calls together have waited so far, by cause.
    /// A backoff counts once its call asks for its next permit.
    pub waits: Waits,
    /// Counts of what has happened so far.
    pub counts: Counts,
    /// Waits that calls would have had so far while the limiter was in [`Mode::Observe`](crate::Mode::Observe): for
    /// permits and for cooldowns.
    pub would_have_waited: ObservedWaits,
    /// Number of calls so far that would have been refused while the limiter was in
    /// [`Mode::Observe`](crate::Mode::Observe): by their `max_wait` or their deadline, because they take more than a limit
    /// holds, or because they do not wait, as [`try_acquire`](crate::Limiter::try_acquire). They are not among those
    /// that would have waited.
    pub would_have_refused: u64,
    /// States of the limits, of a limiter with several: see [`row`](Self::row).
    pub(in crate::limiter) rows: [Option<RowSnapshot>; MAX_ROWS],
}

/// State of one limit of a [`Limiter`](crate::Limiter) with several, at one moment.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{Limiter, Quota, RowSnapshot};
///
/// let per_minute = |count| Quota::per_minute(NonZeroU32::new(count).unwrap());
/// let openai = Limiter::builder(per_minute(500)).row("tokens", per_minute(30_000)).build()?;
/// let RowSnapshot { unit, quota, available, .. } = openai.snapshot().row("tokens").unwrap();
/// assert_eq!((unit, quota, available), ("tokens", per_minute(30_000), 500));
/// # Ok::<(), paced::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RowSnapshot {
    /// Unit that the limit counts.
    pub unit: &'static str,
    /// Quota that was declared, or set later.
    pub quota: Quota,
    /// Rate at which the limit grants: the declared one, or less where the server turned out to allow less.
    pub rate: Rate,
    /// Tokens that could be taken at once; 0 while they are owed.
    pub available: u64,
    /// Time that calls have waited for this limit so far, because it had their tokens last.
    pub waited: Duration,
    /// Tokens that were spent beyond what the limit can owe, which is the tokens of one period. They are not made up for.
    pub forgiven: u64,
    /// Remaining time for which the server's limit is used up, if it says so. Calls that take nothing of this limit go
    /// on, unless it is the first limit of requests.
    pub closed_for: Option<Duration>,
    /// Waits of [`Snapshot::would_have_waited`] in which this limit would have had its tokens last. Waits for the end of a
    /// cooldown alone belong to no limit.
    pub would_have_waited: ObservedWaits,
    /// Calls of [`Snapshot::would_have_refused`] for which this limit would have had its tokens last, or never.
    pub would_have_refused: u64,
}

impl Snapshot {
    /// Returns the state of the limit of this unit; of several, the one with the fewest tokens. `None`: there is none, or
    /// the limiter has one limit of requests, which the snapshot itself is about.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let per_minute = |count| Quota::per_minute(NonZeroU32::new(count).unwrap());
    /// let openai = Limiter::builder(per_minute(500)).row("tokens", per_minute(30_000)).build()?;
    /// assert_eq!(openai.snapshot().row("tokens").unwrap().available, 500);
    /// assert_eq!(openai.snapshot().row("points"), None);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn row(&self, unit: &str) -> Option<RowSnapshot> {
        let rows = self.rows().filter(|row| row.unit == unit);
        rows.min_by_key(|row| row.available)
    }

    /// Returns the states of all limits, in the order in which they were declared, but for the first one of requests, which
    /// comes before all others. None for a limiter with one limit of requests.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let per_minute = |count| Quota::per_minute(NonZeroU32::new(count).unwrap());
    /// let openai = Limiter::builder(per_minute(500)).row("tokens", per_minute(30_000)).build()?;
    /// let snapshot = openai.snapshot();
    /// let units: Vec<_> = snapshot.rows().map(|row| row.unit).collect();
    /// assert_eq!(units, ["requests", "tokens"]);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn rows(&self) -> impl Iterator<Item = RowSnapshot> {
        self.rows.iter().flatten().copied()
    }
}
