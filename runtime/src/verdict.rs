//! What an outcome means for the call and for everybody else on its limiter.

use core::time::Duration;

/// What a `classify` function makes of an outcome.
///
/// ```
/// use paced::{Verdict, rate_limited};
/// use std::io;
/// use std::time::Duration;
///
/// /// The API says in its body that it is busy.
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
    /// Let `paced` decide as if there were no `classify`.
    Auto,
    /// It is what the caller wants: return it.
    Done,
    /// It failed, and would fail again: return it.
    Stop,
    /// It failed, and is worth another attempt. Other calls are not held back.
    Retry {
        /// Delay before the attempt, which still takes a permit: zero for the next permit. It is never sooner
        /// than the server asked. `None`: what the server asked for, or the backoff.
        retry_after: Option<Duration>,
    },
    /// The server asks to slow down: every call on the limiter waits, this one for another attempt.
    Throttled {
        /// How long the server asked for. `None`: what the response said that the body observed or returned,
        /// else the backoff; zero: the backoff.
        retry_after: Option<Duration>,
    },
}
