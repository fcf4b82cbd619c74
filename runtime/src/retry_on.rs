//! Set of failures on which a call is retried.

use crate::failure::Failure;

/// Set of failures on which a call is retried: the option `retry_on` of
/// [`CallOptions`](crate::CallOptions::retry_on) and of the attribute.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{CallOptions, Limiter, Quota, RetryOn};
/// use std::io;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
/// let options = CallOptions::new().retry_on(RetryOn::standard().timeout());
/// let mut attempts = 0;
/// let out = limiter.call_with(options, || {
///     attempts += 1;
///     async { Err::<(), io::Error>(io::ErrorKind::TimedOut.into()) }
/// });
/// assert!(out.await.is_err());
/// assert_eq!(attempts, 6);
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RetryOn {
    /// Bit `n` of word `w` stands for status `400 + 64 * w + n`.
    statuses: [u64; 4],
    connect: bool,
    timeout: bool,
    reset: bool,
}

impl RetryOn {
    /// Returns the empty set.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallOptions, Limiter, Quota, RetryOn};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().retry_on(RetryOn::none());
    /// let mut attempts = 0;
    /// let out = limiter.call_with(options, || {
    ///     attempts += 1;
    ///     async { Err::<(), io::Error>(io::ErrorKind::ConnectionRefused.into()) }
    /// });
    /// assert!(out.await.is_err());
    /// assert_eq!(attempts, 1);
    /// # }
    /// ```
    pub const fn none() -> Self {
        Self {
            statuses: [0; 4],
            connect: false,
            timeout: false,
            reset: false,
        }
    }

    /// Returns the default set: 429, 503 and failures to connect. In these cases the request was not carried out.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallOptions, Limiter, Quota, RetryOn};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().retry_on(RetryOn::standard());
    /// let mut attempts = 0;
    /// let out = limiter.call_with(options, || {
    ///     attempts += 1;
    ///     async { Err::<(), io::Error>(io::ErrorKind::ConnectionRefused.into()) }
    /// });
    /// assert!(out.await.is_err());
    /// assert_eq!(attempts, 6);
    /// # }
    /// ```
    pub const fn standard() -> Self {
        Self::none().status(429).status(503).connect()
    }

    /// Adds a status. A status outside 400 to 599 is no failure and is ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "http")] mod example {
    /// use core::num::NonZeroU32;
    /// use http::Response;
    /// use paced::{CallOptions, Limiter, Quota, RetryOn};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] pub async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().max_retries(2).retry_on(RetryOn::none().status(500));
    /// let mut attempts = 0;
    /// let out = limiter.call_with(options, || {
    ///     attempts += 1;
    ///     async { Ok::<_, io::Error>(Response::builder().status(500).body(()).unwrap()) }
    /// });
    /// assert_eq!(out.await.unwrap().status(), 500);
    /// assert_eq!(attempts, 3);
    /// # }}
    /// # #[cfg(feature = "http")] fn main() { example::main() }
    /// # #[cfg(not(feature = "http"))] fn main() {}
    /// ```
    #[must_use]
    pub const fn status(mut self, status: u16) -> Self {
        if let Some((word, bit)) = position(status) {
            self.statuses[word] |= bit;
        }
        self
    }

    /// Adds every status of a class: 4 for 400 to 499, 5 for 500 to 599. Others are no failures and are ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "http")] mod example {
    /// use core::num::NonZeroU32;
    /// use http::Response;
    /// use paced::{CallOptions, Limiter, Quota, RetryOn};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] pub async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().max_retries(2).retry_on(RetryOn::none().class(5));
    /// let mut attempts = 0;
    /// let out = limiter.call_with(options, || {
    ///     attempts += 1;
    ///     async { Ok::<_, io::Error>(Response::builder().status(502).body(()).unwrap()) }
    /// });
    /// assert_eq!(out.await.unwrap().status(), 502);
    /// assert_eq!(attempts, 3);
    /// # }}
    /// # #[cfg(feature = "http")] fn main() { example::main() }
    /// # #[cfg(not(feature = "http"))] fn main() {}
    /// ```
    #[must_use]
    pub const fn class(mut self, class: u16) -> Self {
        if class != 4 && class != 5 {
            return self;
        }
        let mut status = class * 100;
        while status < class * 100 + 100 {
            self = self.status(status);
            status += 1;
        }
        self
    }

    /// Adds failures to connect, after which nothing was sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallOptions, Limiter, Quota, RetryOn};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().retry_on(RetryOn::none().connect());
    /// let mut attempts = 0;
    /// let out = limiter.call_with(options, || {
    ///     attempts += 1;
    ///     async { Err::<(), io::Error>(io::ErrorKind::ConnectionRefused.into()) }
    /// });
    /// assert!(out.await.is_err());
    /// assert_eq!(attempts, 6);
    /// # }
    /// ```
    #[must_use]
    pub const fn connect(self) -> Self {
        Self {
            connect: true,
            ..self
        }
    }

    /// Adds timeouts, after which the request may have been carried out.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallOptions, Limiter, Quota, RetryOn};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().retry_on(RetryOn::none().timeout());
    /// let mut attempts = 0;
    /// let out = limiter.call_with(options, || {
    ///     attempts += 1;
    ///     async { Err::<(), io::Error>(io::ErrorKind::TimedOut.into()) }
    /// });
    /// assert!(out.await.is_err());
    /// assert_eq!(attempts, 6);
    /// # }
    /// ```
    #[must_use]
    pub const fn timeout(self) -> Self {
        Self {
            timeout: true,
            ..self
        }
    }

    /// Adds broken connections, after which the request may have been carried out.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallOptions, Limiter, Quota, RetryOn};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().retry_on(RetryOn::none().reset());
    /// let mut attempts = 0;
    /// let out = limiter.call_with(options, || {
    ///     attempts += 1;
    ///     async { Err::<(), io::Error>(io::ErrorKind::ConnectionReset.into()) }
    /// });
    /// assert!(out.await.is_err());
    /// assert_eq!(attempts, 6);
    /// # }
    /// ```
    #[must_use]
    pub const fn reset(self) -> Self {
        Self {
            reset: true,
            ..self
        }
    }

    /// Adds the failures after which the request may have been carried out, for idempotent requests: 408, 425, 500,
    /// 502, 504, a proxy's 520 to 524 (Cloudflare), timeouts and broken connections.
    #[must_use]
    pub(crate) const fn ambiguous(mut self) -> Self {
        let statuses = [408, 425, 500, 502, 504, 520, 521, 522, 523, 524];
        let mut index = 0;
        while index < statuses.len() {
            self = self.status(statuses[index]);
            index += 1;
        }
        self.timeout().reset()
    }

    /// Returns whether the set contains a failure.
    pub(crate) fn has(&self, failure: Failure) -> bool {
        match failure {
            Failure::Status(status) => {
                position(status).is_some_and(|(word, bit)| self.statuses[word] & bit != 0)
            }
            Failure::Connect => self.connect,
            Failure::Timeout => self.timeout,
            Failure::Reset => self.reset,
            Failure::Other => false,
        }
    }
}

/// Returns the word and the bit of a status.
const fn position(status: u16) -> Option<(usize, u64)> {
    if status < 400 || status > 599 {
        return None;
    }
    let index = status as usize - 400;
    Some((index / 64, 1 << (index % 64)))
}
