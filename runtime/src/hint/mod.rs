//! Statements of a server about its limits: a [`Hint`], with a [`Window`] for each limit that it names.
//!
//! # Examples
//!
//! ```
//! use paced::Hint;
//! use paced::hint::Window;
//! use std::time::Duration;
//!
//! let minute = Window::new().with_limit(60.0).with_remaining(12.0).with_length(Duration::from_secs(60));
//! let hint = Hint::new().with_windows(vec![minute]);
//! assert_eq!(hint.windows()[0].remaining(), Some(12.0));
//! ```

mod in_flight;
mod joined;
mod window;

use core::time::Duration;

pub use self::window::Window;

/// Statement of one response about the server's limits: how long to wait, and how much is left.
///
/// `paced::headers::parse` (feature `http`) reads a hint from status and headers. For a server that tells its
/// limits elsewhere, in the body for example, build one and return it from
/// [`Signal::hint`](crate::Signal::hint).
///
/// The values are those of the server and have no upper bound: the limiter decides how far to believe them.
/// `limit`, `remaining` and `reset_after` describe one window, the one that allows the fewest calls now;
/// [`windows`](Self::windows) has all windows.
///
/// # Examples
///
/// ```
/// use paced::Hint;
/// use std::time::Duration;
///
/// let hint = Hint::new().with_limited(true).with_retry_after(Duration::from_secs(35));
/// assert_eq!(hint.retry_after(), Some(Duration::from_secs(35)));
/// assert_eq!(hint.remaining(), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that are independent of each other"
)]
pub struct Hint {
    retry_after: Option<Duration>,
    limit: Option<f64>,
    remaining: Option<f64>,
    reset_after: Option<Duration>,
    windows: Vec<Window>,
    server_says_retry: Option<bool>,
    limited: bool,
    counts_requests: bool,
    reset_is_instant: bool,
    resource: Option<Box<str>>,
    too_many_in_flight: bool,
}

impl Hint {
    /// Returns a hint that says nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// assert!(Hint::new().is_empty());
    /// ```
    pub const fn new() -> Self {
        Self {
            retry_after: None,
            limit: None,
            remaining: None,
            reset_after: None,
            windows: Vec::new(),
            server_says_retry: None,
            limited: false,
            counts_requests: true,
            reset_is_instant: false,
            resource: None,
            too_many_in_flight: false,
        }
    }

    /// Returns the time for which the server asks its clients to send nothing. Zero if that time has passed.
    ///
    /// `None` if the server asks for no wait, or in a form that cannot be read.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// # use std::time::Duration;
    /// let hint = Hint::new().with_retry_after(Duration::from_secs(120));
    /// assert_eq!(hint.retry_after(), Some(Duration::from_secs(120)));
    /// ```
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Returns the size of the window that allows the fewest calls now, in requests unless
    /// [`counts_requests`](Self::counts_requests) is `false`. Finite, at least 0. `None`: the server did not say.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// assert_eq!(Hint::new().with_limit(60.0).limit(), Some(60.0));
    /// ```
    pub const fn limit(&self) -> Option<f64> {
        self.limit
    }

    /// Returns how much of [`limit`](Self::limit) is left until the reset, in the same unit. Finite, at least 0; some
    /// servers send more than the limit. `None`: the server did not say.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// assert_eq!(Hint::new().with_remaining(59.0).remaining(), Some(59.0));
    /// ```
    pub const fn remaining(&self) -> Option<f64> {
        self.remaining
    }

    /// Returns the time until the window begins anew, or until the server's bucket is full again. Zero if that
    /// instant has passed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// # use std::time::Duration;
    /// let hint = Hint::new().with_reset_after(Duration::from_secs(30));
    /// assert_eq!(hint.reset_after(), Some(Duration::from_secs(30)));
    /// ```
    pub const fn reset_after(&self) -> Option<Duration> {
        self.reset_after
    }

    /// Returns whether status and headers together show that a limit refused the request: then a 403, for example,
    /// counts as a 429. Default: `false`, which takes nothing away: a 429 or a 503 is a refusal in any case.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// assert!(Hint::new().with_limited(true).limited());
    /// ```
    pub const fn limited(&self) -> bool {
        self.limited
    }

    /// Returns the server's explicit advice to retry or not to retry, such as that of Stripe's header
    /// `stripe-should-retry`. It takes precedence over the status.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// assert_eq!(Hint::new().server_says_retry(), None);
    /// assert_eq!(Hint::new().with_server_says_retry(false).server_says_retry(), Some(false));
    /// ```
    pub const fn server_says_retry(&self) -> Option<bool> {
        self.server_says_retry
    }

    /// Returns whether `limit` and `remaining` count requests. Default: `true`.
    ///
    /// Where they count something else, such as tokens or bytes, the limiter does not derive a number of calls from
    /// them. It only waits when nothing is left.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// assert!(Hint::new().counts_requests());
    /// ```
    pub const fn counts_requests(&self) -> bool {
        self.counts_requests
    }

    /// Returns the server's name for the part of its API to which `limit` and `remaining` apply, such as
    /// [GitHub's](https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api) `core` and
    /// `search`. `None` if it names none. A limiter follows at most 8 resources.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// assert_eq!(Hint::new().with_resource("search").resource(), Some("search"));
    /// ```
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }

    /// Returns whether the response refuses its request by a limit of zero: the server never accepts such a request.
    pub(crate) fn says_never(&self) -> bool {
        let is_zero = |limit: Option<f64>| limit.is_some_and(|limit| limit <= 0.0);
        let mut windows = self.windows.iter().map(Window::limit);
        self.limited && (is_zero(self.limit) || windows.any(is_zero))
    }

    /// Returns whether the server sent the reset as an instant in whole seconds. Such a reset may be late by one
    /// second of rounding, and by another one because the `Date` of the response is rounded too.
    pub(crate) const fn reset_is_instant(&self) -> bool {
        self.reset_is_instant
    }

    /// Returns the windows of which the response tells a name or a length. Empty if it tells of a single window
    /// without either: the values of the hint itself describe it.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::Hint;
    /// use paced::hint::Window;
    ///
    /// let daily = Window::new().with_name("daily").with_limit(1000.0);
    /// let hint = Hint::new().with_windows(vec![daily]);
    /// assert_eq!(hint.windows()[0].name(), Some("daily"));
    /// ```
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Returns whether the hint says nothing at all.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// assert!(Hint::new().is_empty());
    /// assert!(!Hint::new().with_limit(60.0).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        *self == Self::new()
    }

    /// Sets [`retry_after`](Self::retry_after). Default: `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// # use std::time::Duration;
    /// let hint = Hint::new().with_retry_after(Duration::from_secs(1));
    /// assert_eq!(hint.retry_after(), Some(Duration::from_secs(1)));
    /// ```
    #[must_use]
    pub const fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Sets [`limit`](Self::limit). Default: `None`, as for a negative, infinite or NaN value.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// assert_eq!(Hint::new().with_limit(100.0).limit(), Some(100.0));
    /// assert_eq!(Hint::new().with_limit(-1.0).limit(), None);
    /// ```
    #[must_use]
    pub const fn with_limit(mut self, limit: f64) -> Self {
        self.limit = count(limit);
        self
    }

    /// Sets [`remaining`](Self::remaining). Default: `None`, as for a negative, infinite or NaN value.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// assert_eq!(Hint::new().with_remaining(0.0).remaining(), Some(0.0));
    /// assert_eq!(Hint::new().with_remaining(f64::NAN).remaining(), None);
    /// ```
    #[must_use]
    pub const fn with_remaining(mut self, remaining: f64) -> Self {
        self.remaining = count(remaining);
        self
    }

    /// Sets [`reset_after`](Self::reset_after). Default: `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// # use std::time::Duration;
    /// let hint = Hint::new().with_remaining(0.0).with_reset_after(Duration::from_secs(60));
    /// assert_eq!(hint.reset_after(), Some(Duration::from_secs(60)));
    /// ```
    #[must_use]
    pub const fn with_reset_after(mut self, wait: Duration) -> Self {
        self.reset_after = Some(wait);
        self
    }

    /// Sets [`limited`](Self::limited). Default: `false`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// assert!(!Hint::new().limited());
    /// assert!(Hint::new().with_limited(true).limited());
    /// ```
    #[must_use]
    pub const fn with_limited(mut self, limited: bool) -> Self {
        self.limited = limited;
        self
    }

    /// Sets [`server_says_retry`](Self::server_says_retry). Default: `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// assert_eq!(Hint::new().with_server_says_retry(true).server_says_retry(), Some(true));
    /// ```
    #[must_use]
    pub const fn with_server_says_retry(mut self, retry: bool) -> Self {
        self.server_says_retry = Some(retry);
        self
    }

    /// Sets [`counts_requests`](Self::counts_requests). Default: `true`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// let tokens = Hint::new().with_remaining(40_000.0).with_counts_requests(false);
    /// assert!(!tokens.counts_requests());
    /// ```
    #[must_use]
    pub const fn with_counts_requests(mut self, requests: bool) -> Self {
        self.counts_requests = requests;
        self
    }

    /// Sets [`resource`](Self::resource). Default: `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// assert_eq!(Hint::new().with_resource("core").resource(), Some("core"));
    /// ```
    #[must_use]
    pub fn with_resource(mut self, resource: impl Into<Box<str>>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// Removes the [`resource`](Self::resource).
    #[must_use]
    pub(crate) fn without_resource(mut self) -> Self {
        self.resource = None;
        self
    }

    /// Sets [`reset_is_instant`](Self::reset_is_instant). Default: `false`.
    #[cfg(feature = "http")]
    pub(crate) const fn with_reset_as_instant(mut self, instant: bool) -> Self {
        self.reset_is_instant = instant;
        self
    }

    /// Sets [`windows`](Self::windows). Default: empty.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::Hint;
    /// use paced::hint::Window;
    ///
    /// let hint = Hint::new().with_windows(vec![Window::new().with_name("hourly")]);
    /// assert_eq!(hint.windows().len(), 1);
    /// ```
    #[must_use]
    pub fn with_windows(mut self, windows: Vec<Window>) -> Self {
        self.windows = windows;
        self
    }
}

impl Default for Hint {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the value if it can be a count: finite and at least 0.
const fn count(value: f64) -> Option<f64> {
    if value.is_finite() && value >= 0.0 {
        Some(value)
    } else {
        None
    }
}
