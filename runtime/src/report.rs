//! Report of a call that did not go well.

use core::fmt;
use core::time::Duration;

use crate::failure::Failure;
use crate::waits::Waits;

/// A call that is about to be retried, or that is given up: what the hooks `on_retry` and `on_give_up` get.
///
/// ```
/// use paced::{Report, rate_limited};
///
/// fn alert(report: &Report<'_>) {
///     eprintln!("{} gave up after {} attempts: {:?}", report.function(), report.attempts(), report.failures());
/// }
///
/// #[rate_limited(rate = 5, on_give_up = alert)]
/// async fn user(id: u64) -> Result<String, std::io::Error> {
///     Ok(format!("user {id}"))
/// }
/// # drop(user(7));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    pub(crate) function: &'a str,
    pub(crate) limiter: &'a str,
    pub(crate) attempts: u32,
    pub(crate) failures: &'a [Failure],
    pub(crate) waits: Waits,
    pub(crate) retry_in: Option<Duration>,
}

impl<'a> Report<'a> {
    /// The failures that are remembered of a call.
    pub(crate) const MOST: usize = 64;

    /// Returns the path of the annotated function.
    pub const fn function(&self) -> &'a str {
        self.function
    }

    /// Returns the name of the limiter, or of the first function that called through it where it has none.
    pub const fn limiter(&self) -> &'a str {
        self.limiter
    }

    /// Returns the number of attempts that were made.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Returns the failures of the attempts in order, the last 64 of them.
    pub const fn failures(&self) -> &'a [Failure] {
        self.failures
    }

    /// Returns the statuses among the failures.
    pub fn statuses(&self) -> impl Iterator<Item = u16> + 'a {
        self.failures.iter().filter_map(|failure| match failure {
            Failure::Status(status) => Some(*status),
            _ => None,
        })
    }

    /// Returns what the call has waited for so far, by cause.
    pub const fn waits(&self) -> Waits {
        self.waits
    }

    /// Returns the shortest time until the next attempt; `None` where the call is given up.
    pub const fn retry_in(&self) -> Option<Duration> {
        self.retry_in
    }

    pub(crate) const fn list(&self) -> List<'a> {
        List(self.failures)
    }
}

/// `status 429, no connection`
pub(crate) struct List<'a>(&'a [Failure]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, failure) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            failure.fmt(f)?;
        }
        Ok(())
    }
}
