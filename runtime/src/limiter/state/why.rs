//! Reasons for which a limiter is closed, or a call waits.

pub(in crate::limiter) const ASKED: &str = "the server asked for it";
pub(in crate::limiter) const REFUSED: &str =
    "the server refuses, and no header was seen that says for how long";
pub(in crate::limiter) const USED_UP: &str = "the server's limit is used up";
pub(in crate::limiter) const BY_HAND: &str = "the program asked for it";
pub(in crate::limiter) const STORE: &str = "another process was asked for it";
pub(in crate::limiter) const BACKOFF: &str = "the call backs off";
pub(in crate::limiter) const QUEUE: &str = "other calls are ahead";
pub(in crate::limiter) const SLOTS: &str =
    "as many calls as `max_concurrency` allows are in flight";
