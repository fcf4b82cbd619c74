//! One window of a server's limits.

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;

use super::count;

/// Default unit of a window.
const REQUESTS: &str = "requests";

/// One window of a server's limits, as part of a [`Hint`](super::Hint).
///
/// # Examples
///
/// ```
/// use paced::hint::Window;
/// use std::time::Duration;
///
/// let daily = Window::new().with_name("daily").with_limit(5000.0).with_length(Duration::from_secs(86_400));
/// assert_eq!(daily.name(), Some("daily"));
/// assert_eq!(daily.unit(), "requests");
/// assert_eq!(daily.remaining(), None);
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Window {
    name: Option<Box<str>>,
    unit: Cow<'static, str>,
    limit: Option<f64>,
    remaining: Option<f64>,
    used: Option<f64>,
    length: Option<Duration>,
    reset_after: Option<Duration>,
    partition: Option<Box<[u8]>>,
}

impl Window {
    /// Returns a window that counts requests. Everything else about it is unknown.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// assert_eq!(Window::new().unit(), "requests");
    /// assert_eq!(Window::new().limit(), None);
    /// ```
    pub const fn new() -> Self {
        Self {
            name: None,
            unit: Cow::Borrowed(REQUESTS),
            limit: None,
            remaining: None,
            used: None,
            length: None,
            reset_after: None,
            partition: None,
        }
    }

    /// Returns the server's name for the window, or the part of the header's name that distinguishes it from other
    /// windows.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// assert_eq!(Window::new().with_name("burst").name(), Some("burst"));
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the unit of the counts. Default: `"requests"`; `"tokens"` and `"content-bytes"` are other common
    /// units.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// assert_eq!(Window::new().with_unit("tokens").unit(), "tokens");
    /// ```
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// Returns the size of the window, in its unit. Finite, at least 0. `None`: the server did not say.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// assert_eq!(Window::new().with_limit(60.0).limit(), Some(60.0));
    /// ```
    pub const fn limit(&self) -> Option<f64> {
        self.limit
    }

    /// Returns how much of the window's limit is left until its reset, in the window's unit. Finite, at least 0; some
    /// servers send more than the limit. `None`: the server did not say.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// assert_eq!(Window::new().with_remaining(59.0).remaining(), Some(59.0));
    /// ```
    pub const fn remaining(&self) -> Option<f64> {
        self.remaining
    }

    /// Returns the used part of the limit, in the window's unit, if the server tells it. Finite, at least 0.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// assert_eq!(Window::new().with_used(1.0).used(), Some(1.0));
    /// ```
    pub const fn used(&self) -> Option<f64> {
        self.used
    }

    /// Returns the length of the window.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// # use std::time::Duration;
    /// let hourly = Window::new().with_length(Duration::from_secs(3600));
    /// assert_eq!(hourly.length(), Some(Duration::from_secs(3600)));
    /// ```
    pub const fn length(&self) -> Option<Duration> {
        self.length
    }

    /// Returns the time until the window begins anew, or until the server's bucket is full again. Zero if that
    /// instant has passed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// # use std::time::Duration;
    /// let window = Window::new().with_reset_after(Duration::from_secs(30));
    /// assert_eq!(window.reset_after(), Some(Duration::from_secs(30)));
    /// ```
    pub const fn reset_after(&self) -> Option<Duration> {
        self.reset_after
    }

    /// Returns the partition key: the server's key for the share that this client has of the limit. It is the
    /// parameter `pk` of the field `RateLimit`
    /// ([draft-ietf-httpapi-ratelimit-headers](https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/)),
    /// decoded from base64. `Debug` does not print it, because it may identify a user.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// assert_eq!(Window::new().with_partition(*b"team-7").partition(), Some(&b"team-7"[..]));
    /// ```
    pub fn partition(&self) -> Option<&[u8]> {
        self.partition.as_deref()
    }

    /// Sets [`name`](Self::name). Default: `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// assert_eq!(Window::new().with_name("daily").name(), Some("daily"));
    /// ```
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Box<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets [`unit`](Self::unit). Default: `"requests"`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// assert_eq!(Window::new().with_unit("content-bytes").unit(), "content-bytes");
    /// ```
    #[must_use]
    pub fn with_unit(mut self, unit: impl Into<Cow<'static, str>>) -> Self {
        self.unit = unit.into();
        self
    }

    /// Sets [`limit`](Self::limit). Default: `None`, as for a negative, infinite or NaN value.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// assert_eq!(Window::new().with_limit(1000.0).limit(), Some(1000.0));
    /// assert_eq!(Window::new().with_limit(f64::INFINITY).limit(), None);
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
    /// # use paced::hint::Window;
    /// assert_eq!(Window::new().with_remaining(999.0).remaining(), Some(999.0));
    /// assert_eq!(Window::new().with_remaining(-1.0).remaining(), None);
    /// ```
    #[must_use]
    pub const fn with_remaining(mut self, remaining: f64) -> Self {
        self.remaining = count(remaining);
        self
    }

    /// Sets [`used`](Self::used). Default: `None`, as for a negative, infinite or NaN value.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// assert_eq!(Window::new().with_used(12.0).used(), Some(12.0));
    /// assert_eq!(Window::new().with_used(-1.0).used(), None);
    /// ```
    #[must_use]
    pub const fn with_used(mut self, used: f64) -> Self {
        self.used = count(used);
        self
    }

    /// Sets [`length`](Self::length). Default: `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// # use std::time::Duration;
    /// let daily = Window::new().with_length(Duration::from_secs(86_400));
    /// assert_eq!(daily.length(), Some(Duration::from_secs(86_400)));
    /// ```
    #[must_use]
    pub const fn with_length(mut self, length: Duration) -> Self {
        self.length = Some(length);
        self
    }

    /// Sets [`reset_after`](Self::reset_after). Default: `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// # use std::time::Duration;
    /// let window = Window::new().with_reset_after(Duration::from_millis(1500));
    /// assert_eq!(window.reset_after(), Some(Duration::from_millis(1500)));
    /// ```
    #[must_use]
    pub const fn with_reset_after(mut self, wait: Duration) -> Self {
        self.reset_after = Some(wait);
        self
    }

    /// Sets [`partition`](Self::partition). Default: `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::hint::Window;
    /// let window = Window::new().with_partition(*b"user-1");
    /// assert!(!format!("{window:?}").contains("user-1"));
    /// ```
    #[must_use]
    pub fn with_partition(mut self, key: impl Into<Box<[u8]>>) -> Self {
        self.partition = Some(key.into());
        self
    }
}

impl Default for Window {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window")
            .field("name", &self.name)
            .field("unit", &self.unit)
            .field("limit", &self.limit)
            .field("remaining", &self.remaining)
            .field("used", &self.used)
            .field("length", &self.length)
            .field("reset_after", &self.reset_after)
            // A partition key may name a user, and debug output ends up in logs.
            .field("partition", &self.partition.as_ref().map(|_| ".."))
            .finish()
    }
}
