//! What an outcome means for the call and for everybody else on its limiter.

use core::time::Duration;

/// What a `classify` function makes of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Let `paced` decide as if there were no `classify`.
    Auto,
    /// It is what the caller wants: return it.
    Done,
    /// It failed, and would fail again: return it.
    Stop,
    /// It failed, and is worth another attempt after a backoff. Other calls are not held back.
    Retry,
    /// The server asks to slow down: every call on the limiter waits, this one for another attempt.
    Throttled {
        /// How long the server asked for. `None`: the backoff decides.
        retry_after: Option<Duration>,
    },
}
