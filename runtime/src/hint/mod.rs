//! What a server told us about its limits: a [`Hint`], and the [`Policy`] of each window in it.

mod policy;

use core::time::Duration;

pub use self::policy::Policy;

/// What one response says about the server's limits: how long to wait, and how much is left.
///
/// `paced::headers::parse` (feature `http`) reads one from status and headers. Where a server speaks
/// another way, in the body for example, build your own:
///
/// ```
/// use paced::Hint;
/// use std::time::Duration;
///
/// let hint = Hint::new().with_limited(true).with_retry_after(Duration::from_secs(35));
/// assert_eq!(hint.retry_after(), Some(Duration::from_secs(35)));
/// assert_eq!(hint.remaining(), None);
/// ```
///
/// The values are those of the server, uncapped: how much of them to believe is for the caller to
/// decide. `limit`, `remaining` and `reset_after` describe one window, the one that matters now.
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    retry_after: Option<Duration>,
    limit: Option<f64>,
    remaining: Option<f64>,
    reset_after: Option<Duration>,
    policies: Vec<Policy>,
    server_says_retry: Option<bool>,
    limited: bool,
    counts_requests: bool,
    reset_is_instant: bool,
    resource: Option<Box<str>>,
}

impl Hint {
    /// A hint that says nothing.
    pub const fn new() -> Self {
        Self {
            retry_after: None,
            limit: None,
            remaining: None,
            reset_after: None,
            policies: Vec::new(),
            server_says_retry: None,
            limited: false,
            counts_requests: true,
            reset_is_instant: false,
            resource: None,
        }
    }

    /// How long the server asks to wait before the next call. Zero when its instant has passed.
    ///
    /// `None` when it asks for nothing, or for something that cannot be understood.
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// How much the window allows in all. Finite, at least 0.
    pub const fn limit(&self) -> Option<f64> {
        self.limit
    }

    /// How much of the limit is left. Finite, at least 0; may be above the limit.
    pub const fn remaining(&self) -> Option<f64> {
        self.remaining
    }

    /// How long until the window is full again, or begins anew. Zero when that has passed.
    pub const fn reset_after(&self) -> Option<Duration> {
        self.reset_after
    }

    /// Whether this response is itself a refusal for going too fast.
    pub const fn limited(&self) -> bool {
        self.limited
    }

    /// The server's own word on whether to try again, which counts for more than its status.
    pub const fn server_says_retry(&self) -> Option<bool> {
        self.server_says_retry
    }

    /// Whether `limit` and `remaining` count requests. Where they count something else (tokens,
    /// bytes), a share of them still means something, but calls cannot be divided among them.
    pub const fn counts_requests(&self) -> bool {
        self.counts_requests
    }

    /// The server's name for the part of its API that `limit` and `remaining` are about, such as
    /// GitHub's `core` and `search`. `None` where it names none. A limiter follows at most 8 of them.
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }

    /// Whether the reset was told as an instant in whole seconds, so that it may be late by a second for
    /// the instant and by another one for the server's clock.
    pub(crate) const fn reset_is_instant(&self) -> bool {
        self.reset_is_instant
    }

    /// Every window the response told of. Empty when it told of at most one, without a name or a
    /// length: then the values of the hint itself are all there is.
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// Whether the server said nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::new()
    }

    /// Sets [`retry_after`](Self::retry_after).
    #[must_use]
    pub const fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Sets [`limit`](Self::limit). A negative, infinite or NaN value is taken as not known.
    #[must_use]
    pub const fn with_limit(mut self, limit: f64) -> Self {
        self.limit = count(limit);
        self
    }

    /// Sets [`remaining`](Self::remaining). A negative, infinite or NaN value is taken as not known.
    #[must_use]
    pub const fn with_remaining(mut self, remaining: f64) -> Self {
        self.remaining = count(remaining);
        self
    }

    /// Sets [`reset_after`](Self::reset_after).
    #[must_use]
    pub const fn with_reset_after(mut self, wait: Duration) -> Self {
        self.reset_after = Some(wait);
        self
    }

    /// Sets [`limited`](Self::limited).
    #[must_use]
    pub const fn with_limited(mut self, limited: bool) -> Self {
        self.limited = limited;
        self
    }

    /// Sets [`server_says_retry`](Self::server_says_retry).
    #[must_use]
    pub const fn with_server_says_retry(mut self, retry: bool) -> Self {
        self.server_says_retry = Some(retry);
        self
    }

    /// Sets [`counts_requests`](Self::counts_requests), which is true unless set.
    #[must_use]
    pub const fn with_counts_requests(mut self, requests: bool) -> Self {
        self.counts_requests = requests;
        self
    }

    /// Sets [`resource`](Self::resource).
    #[must_use]
    pub fn with_resource(mut self, resource: impl Into<Box<str>>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    #[cfg(feature = "http")]
    pub(crate) const fn with_reset_as_instant(mut self, instant: bool) -> Self {
        self.reset_is_instant = instant;
        self
    }

    /// Sets [`policies`](Self::policies).
    #[must_use]
    pub fn with_policies(mut self, policies: Vec<Policy>) -> Self {
        self.policies = policies;
        self
    }
}

impl Default for Hint {
    fn default() -> Self {
        Self::new()
    }
}

/// A count of something, or nothing where the number cannot be one.
const fn count(value: f64) -> Option<f64> {
    if value.is_finite() && value >= 0.0 {
        Some(value)
    } else {
        None
    }
}
