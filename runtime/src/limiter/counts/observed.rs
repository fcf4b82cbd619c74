//! Counts of a limiter that observes: what would have waited, and what would have been refused.

use core::time::Duration;

use crate::costs::MAX_ROWS;
use crate::time::Span;

use super::event_interval::EventInterval;
use super::unpaid_calls::UnpaidCalls;

/// Waits that a limiter in [`Mode::Observe`](crate::Mode::Observe) would have imposed on calls.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use core::time::Duration;
/// use paced::{Limiter, Mode, ObservedWaits, Quota};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
/// limiter.set_mode(Mode::Observe);
/// for _ in 0..8 {
///     limiter.acquire().await?;
/// }
/// let ObservedWaits { count, total, longest, .. } = limiter.snapshot().would_have_waited;
/// assert_eq!(count, 3);
/// assert_eq!(total, Duration::from_millis(200 + 400 + 600));
/// assert_eq!(longest, Duration::from_millis(600));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObservedWaits {
    /// Number of calls that would have waited. An attempt counts as a call, a retry included.
    pub count: u64,
    /// Sum of their waits.
    pub total: Duration,
    /// Longest of their waits.
    pub longest: Duration,
}

impl ObservedWaits {
    fn add(&mut self, wait: Span) {
        let wait = Duration::from(wait);
        self.count += 1;
        self.total = self.total.saturating_add(wait);
        self.longest = self.longest.max(wait);
    }
}

/// Counts about one limit, or about all of them.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::limiter) struct Observed {
    pub(in crate::limiter) waits: ObservedWaits,
    pub(in crate::limiter) refused: u64,
}

/// Counts of a limiter.
#[derive(Debug, Default)]
pub(in crate::limiter) struct ObservedCounts {
    pub(in crate::limiter) all: Observed,
    /// The same for the limit that would have had the tokens last.
    pub(in crate::limiter) rows: [Observed; MAX_ROWS],
    /// Calls that would have been refused, and have taken nothing.
    pub(in crate::limiter) unpaid: UnpaidCalls,
    /// Interval of the events about them.
    pub(in crate::limiter) interval: EventInterval,
}

impl ObservedCounts {
    fn each(&mut self, row: Option<usize>, count: impl Fn(&mut Observed)) {
        count(&mut self.all);
        if let Some(row) = row.and_then(|row| self.rows.get_mut(row)) {
            count(row);
        }
    }

    /// Counts a wait. `row`: the limit that would have been waited for, unless it is the end of a cooldown alone.
    pub(in crate::limiter) fn wait(&mut self, wait: Span, row: Option<usize>) {
        self.each(row, |observed| observed.waits.add(wait));
    }

    /// Counts a call that would have been refused.
    pub(in crate::limiter) fn refuse(&mut self, row: Option<usize>) {
        self.each(row, |observed| observed.refused += 1);
    }
}
