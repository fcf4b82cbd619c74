//! Report of a call that is retried or given up, for hooks and events.

use core::fmt;
use core::time::Duration;

use crate::failure::Failure;
use crate::waits::Waits;

/// Report of a call that is about to be retried or is given up: the argument of the hooks `on_retry` and
/// `on_give_up`.
///
/// # Examples
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
    /// Maximum number of failures that are kept for a call.
    pub(crate) const MOST: usize = 64;

    /// Returns the path of the annotated function, such as `my_crate::api::user`, or the line that made a call without
    /// the attribute, such as `src/sync.rs:41`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Report;
    /// fn on_retry(report: &Report<'_>) {
    ///     assert!(report.function().ends_with("::user"));
    /// }
    /// # #[paced::rate_limited(rate = 5, on_retry = on_retry)]
    /// # async fn user() -> Result<(), std::io::Error> {
    /// #     Err(std::io::ErrorKind::ConnectionRefused.into())
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() { user().await.unwrap_err(); }
    /// ```
    pub const fn function(&self) -> &'a str {
        self.function
    }

    /// Returns the name of the limiter. A limiter without a name has that of the first function that called through it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Report;
    /// fn on_retry(report: &Report<'_>) {
    ///     assert_eq!(report.limiter(), "users");
    /// }
    /// # #[paced::rate_limited(rate = 5, limiter = "users", on_retry = on_retry)]
    /// # async fn user() -> Result<(), std::io::Error> {
    /// #     Err(std::io::ErrorKind::ConnectionRefused.into())
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() { user().await.unwrap_err(); }
    /// ```
    pub const fn limiter(&self) -> &'a str {
        self.limiter
    }

    /// Returns the number of attempts that the call has made.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Report;
    /// fn on_give_up(report: &Report<'_>) {
    ///     assert_eq!(report.attempts(), 3);
    /// }
    /// # #[paced::rate_limited(rate = 5, max_retries = 2, on_give_up = on_give_up)]
    /// # async fn user() -> Result<(), std::io::Error> {
    /// #     Err(std::io::ErrorKind::ConnectionRefused.into())
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() { user().await.unwrap_err(); }
    /// ```
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Returns the failures of the attempts in order, at most the last 64.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Report;
    /// use paced::Failure;
    ///
    /// fn on_give_up(report: &Report<'_>) {
    ///     assert_eq!(report.failures(), [Failure::Connect, Failure::Connect]);
    /// }
    /// # #[paced::rate_limited(rate = 5, max_retries = 1, on_give_up = on_give_up)]
    /// # async fn user() -> Result<(), std::io::Error> {
    /// #     Err(std::io::ErrorKind::ConnectionRefused.into())
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() { user().await.unwrap_err(); }
    /// ```
    pub const fn failures(&self) -> &'a [Failure] {
        self.failures
    }

    /// Returns the HTTP statuses among the [`failures`](Self::failures), in order.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Report;
    /// fn on_give_up(report: &Report<'_>) {
    ///     assert_eq!(report.statuses().count(), 0, "no response arrived");
    /// }
    /// # #[paced::rate_limited(rate = 5, max_retries = 1, on_give_up = on_give_up)]
    /// # async fn user() -> Result<(), std::io::Error> {
    /// #     Err(std::io::ErrorKind::ConnectionRefused.into())
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() { user().await.unwrap_err(); }
    /// ```
    pub fn statuses(&self) -> impl Iterator<Item = u16> + 'a {
        self.failures.iter().filter_map(|failure| match failure {
            Failure::Status(status) => Some(*status),
            _ => None,
        })
    }

    /// Returns the time that the call has waited so far, by cause.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Report;
    /// fn on_give_up(report: &Report<'_>) {
    ///     assert!(!report.waits().backoff.is_zero());
    /// }
    /// # #[paced::rate_limited(rate = 5, max_retries = 1, on_give_up = on_give_up)]
    /// # async fn user() -> Result<(), std::io::Error> {
    /// #     Err(std::io::ErrorKind::ConnectionRefused.into())
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() { user().await.unwrap_err(); }
    /// ```
    pub const fn waits(&self) -> Waits {
        self.waits
    }

    /// Returns the minimum time until the next attempt. `None` where the call is given up.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Report;
    /// fn on_retry(report: &Report<'_>) {
    ///     assert!(report.retry_in().is_some());
    /// }
    /// fn on_give_up(report: &Report<'_>) {
    ///     assert_eq!(report.retry_in(), None);
    /// }
    /// # #[paced::rate_limited(rate = 5, max_retries = 1, on_retry = on_retry, on_give_up = on_give_up)]
    /// # async fn user() -> Result<(), std::io::Error> {
    /// #     Err(std::io::ErrorKind::ConnectionRefused.into())
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() { user().await.unwrap_err(); }
    /// ```
    pub const fn retry_in(&self) -> Option<Duration> {
        self.retry_in
    }

    pub(crate) const fn list(&self) -> FailureList<'a> {
        FailureList(self.failures)
    }
}

/// List of failures as text: `status 429, no connection`.
pub(crate) struct FailureList<'a>(&'a [Failure]);

impl fmt::Display for FailureList<'_> {
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
