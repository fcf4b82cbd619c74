//! Verdict on an outcome: its consequences for the call, and for the other calls of the limiter.

use core::time::Duration;

/// Verdict of a `classify` function on an outcome.
///
/// # Examples
///
/// ```
/// use paced::{Verdict, rate_limited};
/// use std::io;
/// use std::time::Duration;
///
/// /// Reads the body, where this API reports that it is busy.
/// fn judge(out: &io::Result<String>) -> Verdict {
///     match out {
///         Ok(body) if body == "busy" => Verdict::Throttled { retry_after: None },
///         Ok(body) if body == "again" => Verdict::Retry { retry_after: Some(Duration::ZERO) },
///         _ => Verdict::Auto,
///     }
/// }
///
/// #[rate_limited(rate = 5, classify = judge)]
/// async fn status() -> io::Result<String> {
///     Ok("fine".to_owned())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> io::Result<()> {
/// assert_eq!(status().await?, "fine");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Leaves this outcome to the rules that hold without `classify`; `idempotent` counts as usual.
    Auto,
    /// The outcome is a success and is returned.
    Done,
    /// The outcome is a failure that a retry would repeat. It is returned.
    Stop,
    /// The outcome is a failure that a retry may mend. Other calls are not held back.
    Retry {
        /// Delay before the retry, which then waits for a permit as usual. Zero: no delay. A longer wait that the
        /// server asked for takes precedence. `None`: the wait that the server asked for, else the backoff.
        retry_after: Option<Duration>,
    },
    /// The server asks its clients to slow down. Every call on the limiter waits, and this call is retried.
    Throttled {
        /// Wait that the server asked for. `None`: the wait in the response that the body observed or returned,
        /// else the backoff. Zero: the backoff.
        retry_after: Option<Duration>,
    },
}
