//! One window of a server's limits.

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;

use super::count;

/// The unit of a window that counts requests, which is what almost all of them do.
const REQUESTS: &str = "requests";

/// One window of a server's limits, as told in a [`Hint`](super::Hint).
///
/// ```
/// use paced::Policy;
/// use std::time::Duration;
///
/// let daily = Policy::new().with_name("daily").with_limit(5000.0).with_window(Duration::from_secs(86_400));
/// assert_eq!(daily.name(), Some("daily"));
/// assert_eq!(daily.unit(), "requests");
/// assert_eq!(daily.remaining(), None);
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    name: Option<Box<str>>,
    unit: Cow<'static, str>,
    limit: Option<f64>,
    remaining: Option<f64>,
    used: Option<f64>,
    window: Option<Duration>,
    reset_after: Option<Duration>,
    partition: Option<Box<[u8]>>,
}

impl Policy {
    /// A window of requests of which nothing more is known.
    pub const fn new() -> Self {
        Self {
            name: None,
            unit: Cow::Borrowed(REQUESTS),
            limit: None,
            remaining: None,
            used: None,
            window: None,
            reset_after: None,
            partition: None,
        }
    }

    /// The server's name for the window, or the part of the header's name that tells it apart.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What is counted: `"requests"` unless the server says otherwise; `"tokens"` and
    /// `"content-bytes"` are other common ones.
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// How much the window allows in all. Finite, at least 0.
    pub const fn limit(&self) -> Option<f64> {
        self.limit
    }

    /// How much of the limit is left. Finite, at least 0; may be above the limit.
    pub const fn remaining(&self) -> Option<f64> {
        self.remaining
    }

    /// How much has been used, where the server tells that as well. Finite, at least 0.
    pub const fn used(&self) -> Option<f64> {
        self.used
    }

    /// How long the window is.
    pub const fn window(&self) -> Option<Duration> {
        self.window
    }

    /// How long until the window is full again, or begins anew. Zero when that has passed.
    pub const fn reset_after(&self) -> Option<Duration> {
        self.reset_after
    }

    /// The key of the caller's own share, as the server wrote it (`pk`, decoded from base64).
    pub fn partition(&self) -> Option<&[u8]> {
        self.partition.as_deref()
    }

    /// Sets [`name`](Self::name).
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Box<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets [`unit`](Self::unit).
    #[must_use]
    pub fn with_unit(mut self, unit: impl Into<Cow<'static, str>>) -> Self {
        self.unit = unit.into();
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

    /// Sets [`used`](Self::used). A negative, infinite or NaN value is taken as not known.
    #[must_use]
    pub const fn with_used(mut self, used: f64) -> Self {
        self.used = count(used);
        self
    }

    /// Sets [`window`](Self::window).
    #[must_use]
    pub const fn with_window(mut self, window: Duration) -> Self {
        self.window = Some(window);
        self
    }

    /// Sets [`reset_after`](Self::reset_after).
    #[must_use]
    pub const fn with_reset_after(mut self, wait: Duration) -> Self {
        self.reset_after = Some(wait);
        self
    }

    /// Sets [`partition`](Self::partition).
    #[must_use]
    pub fn with_partition(mut self, key: impl Into<Box<[u8]>>) -> Self {
        self.partition = Some(key.into());
        self
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("name", &self.name)
            .field("unit", &self.unit)
            .field("limit", &self.limit)
            .field("remaining", &self.remaining)
            .field("used", &self.used)
            .field("window", &self.window)
            .field("reset_after", &self.reset_after)
            // A partition key may name a user, and debug output ends up in logs.
            .field("partition", &self.partition.as_ref().map(|_| ".."))
            .finish()
    }
}
