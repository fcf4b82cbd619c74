//! Options of a call without the attribute.

use core::fmt;
use core::panic::Location;
use core::time::Duration;

use crate::backoff::Backoff;
#[cfg(feature = "http")]
use crate::context::ResetUnit;
use crate::grammar;
#[cfg(feature = "http")]
use crate::headers::ResetKind;
use crate::limiter::Function;
use crate::limiter::KnownUnits;
use crate::report::Report;
use crate::retry_on::RetryOn;
use crate::row::REQUESTS;
use crate::time::Span;
use crate::verdict::Verdict;

use super::by_type::ByOwnSignal;
use super::by_type::ByTypes;
use super::by_type::Judged;
use super::by_type::NotRead;
use super::config::Config;
use super::config::Hooks;
use super::config::Setup;
use super::named_costs::NamedCosts;
use super::origin::Origin;

/// Options of [`Limiter::call_with`](crate::Limiter::call_with), by the names of the attribute's options.
///
/// Without a `classify`, they can be a constant. `R` is how the outcomes are read: by their types, unless
/// [`by_signal`](Self::by_signal), [`unreadable`](Self::unreadable) or [`classify`](Self::classify) says otherwise.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use core::time::Duration;
/// use paced::{CallOptions, Limiter, Quota};
/// use std::io;
///
/// static API: Limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
/// const PATIENT: CallOptions = CallOptions::new().max_retries(10).max_wait(Duration::from_secs(60));
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let pong = API.call_with(PATIENT, || async { Ok::<_, io::Error>("pong") }).await;
/// assert_eq!(pong.unwrap(), "pong");
/// # }
/// ```
#[derive(Clone, Copy)]
#[must_use = "options do nothing until they are passed to `call_with`"]
pub struct CallOptions<R = ByTypes> {
    config: Config,
    hooks: Hooks,
    idempotent: bool,
    costs: NamedCosts,
    reader: R,
}

impl CallOptions {
    /// The defaults, in a place from which calls borrow them.
    pub(super) const DEFAULT: &Self = &Self::new();

    /// Returns the defaults, which are those of the attribute.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallOptions, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let pong = limiter.call_with(CallOptions::new(), || async { Ok::<_, io::Error>("pong") }).await;
    /// assert_eq!(pong.unwrap(), "pong");
    /// # }
    /// ```
    pub const fn new() -> Self {
        Self {
            config: Config::DEFAULT,
            hooks: Hooks::NONE,
            idempotent: false,
            costs: NamedCosts::NONE,
            reader: ByTypes,
        }
    }

    /// Reads errors by their [`Signal`](crate::Signal) alone. Needed for a type that is a standard error as well; a type
    /// that has only a `Signal` is read by it anyway.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallOptions, Failure, Limiter, Quota, Signal};
    ///
    /// #[derive(Debug)]
    /// struct Busy;
    ///
    /// impl std::fmt::Display for Busy {
    ///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    ///         f.write_str("busy")
    ///     }
    /// }
    ///
    /// impl std::error::Error for Busy {}
    ///
    /// impl Signal for Busy {
    ///     fn failure(&self) -> Failure {
    ///         Failure::Status(429)
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let out = limiter.call_with(CallOptions::new().by_signal(), || async {
    ///     match paced::attempt().number() {
    ///         1 => Err(Busy),
    ///         number => Ok(number),
    ///     }
    /// });
    /// assert_eq!(out.await.unwrap(), 2);
    /// # }
    /// ```
    pub const fn by_signal(self) -> CallOptions<ByOwnSignal> {
        self.with_reader(ByOwnSignal)
    }

    /// Accepts errors of any type and reads nothing in them: an attempt that ends with one has failed, and is not tried
    /// again. [`classify`](Self::classify), or the response that the closure shows to `observe`, can say more.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallOptions, Limiter, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let out = limiter.call_with(CallOptions::new().unreadable(), || async {
    ///     Err::<(), _>("no error type at all")
    /// });
    /// assert!(out.await.is_err());
    /// # }
    /// ```
    pub const fn unreadable(self) -> CallOptions<NotRead> {
        self.with_reader(NotRead)
    }

    const fn with_reader<R: Copy>(self, reader: R) -> CallOptions<R> {
        CallOptions {
            config: self.config,
            hooks: self.hooks,
            idempotent: self.idempotent,
            costs: self.costs,
            reader,
        }
    }
}

impl<R> CallOptions<R> {
    /// Sets how often a call is retried after its first attempt. Default: 5. 0: never.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallOptions, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let mut attempts = 0;
    /// let out = limiter.call_with(CallOptions::new().max_retries(2), || {
    ///     attempts += 1;
    ///     async { Err::<(), io::Error>(io::ErrorKind::ConnectionRefused.into()) }
    /// });
    /// assert!(out.await.is_err());
    /// assert_eq!(attempts, 3);
    /// # }
    /// ```
    pub const fn max_retries(mut self, retries: u32) -> Self {
        self.config.retry.max_retries = retries;
        self
    }

    /// Sets how many retries a call may make in addition to [`max_retries`](Self::max_retries), each after a wait that
    /// the server asked for. Default: 0.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "http")] mod example {
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use http::Response;
    /// use paced::{CallOptions, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] pub async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().max_retries(0).max_throttles(3);
    /// // In a program: the response of a client.
    /// let send = || async {
    ///     let response = Response::builder().status(429).header("retry-after", "2");
    ///     Ok::<_, io::Error>(response.body(()).unwrap())
    /// };
    /// let start = tokio::time::Instant::now();
    /// assert_eq!(limiter.call_with(options, send).await.unwrap().status(), 429);
    /// assert_eq!(start.elapsed(), Duration::from_secs(6), "three retries");
    /// # }}
    /// # #[cfg(feature = "http")] fn main() { example::main() }
    /// # #[cfg(not(feature = "http"))] fn main() {}
    /// ```
    pub const fn max_throttles(mut self, throttles: u32) -> Self {
        self.config.retry.max_throttles = throttles;
        self
    }

    /// Sets the delay before a retry where the server told none. Default: [`Backoff::new`].
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Backoff, CallOptions, Jitter, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let backoff = Backoff::new().base(Duration::from_secs(2)).jitter(Jitter::None);
    /// let options = CallOptions::new().max_retries(2).backoff(backoff);
    /// let start = tokio::time::Instant::now();
    /// let out = limiter.call_with(options, || async { Err::<(), io::Error>(io::ErrorKind::ConnectionRefused.into()) });
    /// assert!(out.await.is_err());
    /// assert_eq!(start.elapsed(), Duration::from_secs(2 + 4));
    /// # }
    /// ```
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.config.retry.backoff = backoff;
        self
    }

    /// Sets the failures on which a call is retried. Default: [`RetryOn::standard`].
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
    /// let mut attempts = 0;
    /// let out = limiter.call_with(CallOptions::new().retry_on(RetryOn::none().status(429)), || {
    ///     attempts += 1;
    ///     async { Err::<(), io::Error>(io::ErrorKind::ConnectionRefused.into()) }
    /// });
    /// assert!(out.await.is_err());
    /// assert_eq!(attempts, 1);
    /// # }
    /// ```
    pub const fn retry_on(mut self, retry_on: RetryOn) -> Self {
        self.config.retry.retry_on = retry_on;
        self
    }

    /// Also retries a call where the server may have carried out the request: after a 500, 502 or 504, a timeout, a broken
    /// connection and the like. Default: off. [`retry_on`](Self::retry_on) may stand before or after it.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallOptions, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let mut attempts = 0;
    /// let out = limiter.call_with(CallOptions::new().idempotent(), || {
    ///     attempts += 1;
    ///     async { Err::<(), io::Error>(io::ErrorKind::ConnectionReset.into()) }
    /// });
    /// assert!(out.await.is_err());
    /// assert_eq!(attempts, 6);
    /// # }
    /// ```
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Sets the time that the whole call may take, from its first poll: queue, cooldowns, backoffs and attempts. An attempt
    /// that is under way then is cut off. Zero refuses the call. Default: none; instead the cooldowns and backoffs of the
    /// call may take 300 s in all.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{CallOptions, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().deadline(Duration::from_secs(2));
    /// let hangs = || std::future::pending::<io::Result<()>>();
    /// let error = limiter.call_with(options, hangs).await.unwrap_err();
    /// assert!(error.refusal().is_some_and(paced::Error::is_deadline));
    /// # }
    /// ```
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.config.deadline = Some(Span::of(deadline));
        self
    }

    /// Sets the time that one attempt may take, without its wait for a permit. The next attempt follows where timeouts are
    /// retried, see [`idempotent`](Self::idempotent). Default: none.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{CallOptions, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().attempt_timeout(Duration::from_secs(2));
    /// let hangs = || std::future::pending::<io::Result<()>>();
    /// let error = limiter.call_with(options, hangs).await.unwrap_err();
    /// assert!(error.refusal().is_some_and(paced::Error::is_attempt_timeout));
    /// # }
    /// ```
    pub const fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.config.attempt_timeout = Some(Span::of(timeout));
        self
    }

    /// Sets the longest single wait, for a permit or before a retry. A call that would wait longer for its first permit is
    /// refused at once; one that would wait longer before a retry ends with its last outcome. Zero admits only calls that need
    /// not wait. Default: none.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{CallOptions, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().max_wait(Duration::from_millis(100));
    /// limiter.acquire_many(5).await.unwrap();
    /// let error = limiter.call_with(options, || async { io::Result::Ok(()) }).await.unwrap_err();
    /// assert!(error.refusal().is_some_and(paced::Error::is_max_wait));
    /// # }
    /// ```
    pub const fn max_wait(mut self, wait: Duration) -> Self {
        self.config.max_wait = Some(Span::of(wait));
        self
    }

    /// Sets what each attempt of the call takes of the requests that the limiter counts: of all its limits whose unit is
    /// `requests`, or that have no name. Default: 1. 0: nothing. More than `u32::MAX` counts as that.
    ///
    /// A call whose cost is above what a limit ever holds is refused at once:
    /// [`is_insufficient_capacity`](crate::Error::is_insufficient_capacity). [`spent`](crate::spent()) in the closure
    /// corrects the cost once the server has said what the request took.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallOptions, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let ids = [7, 8, 9];
    /// let options = CallOptions::new().cost(ids.len() as u64);
    /// limiter.call_with(options, || async { io::Result::Ok(()) }).await.unwrap();
    /// assert_eq!(limiter.snapshot().available, 2);
    ///
    /// let too_large = limiter.call_with(options.cost(6), || async { io::Result::Ok(()) }).await.unwrap_err();
    /// assert!(too_large.refusal().is_some_and(paced::Error::is_insufficient_capacity));
    /// # }
    /// ```
    pub const fn cost(mut self, cost: u64) -> Self {
        self.costs.add(REQUESTS, cost);
        self
    }

    /// Sets what each attempt of the call takes of several units. Limits of other units have their usual cost: 1 of
    /// `requests`, and nothing of any other unit. The last cost of a unit counts.
    ///
    /// A unit that the limiter does not count, or more than 8 costs, refuse the call:
    /// [`is_conflict`](crate::Error::is_conflict). A cost above what a limit ever holds does, too:
    /// [`is_insufficient_capacity`](crate::Error::is_insufficient_capacity).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallOptions, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().costs(&[("requests", 2)]);
    /// limiter.call_with(options, || async { io::Result::Ok(()) }).await.unwrap();
    /// assert_eq!(limiter.snapshot().available, 3);
    ///
    /// let misspelt = CallOptions::new().costs(&[("request", 2)]);
    /// let error = limiter.call_with(misspelt, || async { io::Result::Ok(()) }).await.unwrap_err();
    /// assert!(error.refusal().is_some_and(paced::Error::is_conflict));
    /// # }
    /// ```
    pub const fn costs(mut self, costs: &[(&'static str, u64)]) -> Self {
        let mut at = 0;
        while at < costs.len() {
            let (unit, cost) = costs[at];
            self.costs.add(unit, cost);
            at += 1;
        }
        self
    }

    /// Sets whether hints in headers count. With `false` only the status does. Default: `true`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "http")] mod example {
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use http::Response;
    /// use paced::{CallOptions, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] pub async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().max_retries(0).respect_headers(false);
    /// // In a program: the response of a client.
    /// let send = || async {
    ///     let response = Response::builder().status(429).header("retry-after", "60");
    ///     Ok::<_, io::Error>(response.body(()).unwrap())
    /// };
    /// assert!(limiter.call_with(options, send).await.is_ok());
    /// assert_eq!(limiter.snapshot().cooldown, Some(Duration::from_secs(1)));
    /// # }}
    /// # #[cfg(feature = "http")] fn main() { example::main() }
    /// # #[cfg(not(feature = "http"))] fn main() {}
    /// ```
    pub const fn respect_headers(mut self, respected: bool) -> Self {
        self.config.respects_headers = respected;
        self
    }

    /// Sets what a bare number in a reset field means: the attribute's `headers(reset = ..)`. Default:
    /// [`ResetKind::Guess`].
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "http")] mod example {
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use http::Response;
    /// use paced::headers::ResetKind;
    /// use paced::{CallOptions, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] pub async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().max_retries(0).reset_kind(ResetKind::Millis);
    /// // In a program: the response of a client.
    /// let send = || async {
    ///     let response = Response::builder().status(429)
    ///         .header("x-ratelimit-remaining", "0")
    ///         .header("x-ratelimit-reset", "5000");
    ///     Ok::<_, io::Error>(response.body(()).unwrap())
    /// };
    /// assert!(limiter.call_with(options, send).await.is_ok());
    /// assert_eq!(limiter.snapshot().cooldown, Some(Duration::from_secs(5)));
    /// # }}
    /// # #[cfg(feature = "http")] fn main() { example::main() }
    /// # #[cfg(not(feature = "http"))] fn main() {}
    /// ```
    #[cfg(feature = "http")]
    pub const fn reset_kind(mut self, kind: ResetKind) -> Self {
        self.config.reset_unit = ResetUnit::of(kind);
        self
    }

    /// Sets the share of a server's limit below which the limiter slows down: from 0 to 1. The headers tell how much is
    /// left. Default: 0.1.
    ///
    /// # Panics
    ///
    /// If `share` is not from 0 to 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::CallOptions;
    ///
    /// const CAREFUL: CallOptions = CallOptions::new().throttle_below(0.5);
    /// assert!(format!("{CAREFUL:?}").contains("throttle_below: 0.5"));
    /// ```
    pub const fn throttle_below(mut self, share: f64) -> Self {
        assert!(grammar::is_share(share), "{}", grammar::NO_SHARE);
        self.config.throttle_below = share;
        self
    }

    /// Sets the longest wait that a server may ask for. A call that is asked to wait for longer ends with its outcome, and
    /// the limiter is closed for this long. Default: 1 h.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "http")] mod example {
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use http::Response;
    /// use paced::{CallOptions, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] pub async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().max_cooldown(Duration::from_secs(10));
    /// // In a program: the response of a client.
    /// let send = || async {
    ///     let response = Response::builder().status(429).header("retry-after", "86400");
    ///     Ok::<_, io::Error>(response.body(()).unwrap())
    /// };
    /// assert_eq!(limiter.call_with(options, send).await.unwrap().status(), 429);
    /// assert_eq!(limiter.snapshot().cooldown, Some(Duration::from_secs(10)));
    /// # }}
    /// # #[cfg(feature = "http")] fn main() { example::main() }
    /// # #[cfg(not(feature = "http"))] fn main() {}
    /// ```
    pub const fn max_cooldown(mut self, longest: Duration) -> Self {
        self.config.max_cooldown = Span::of(longest);
        self
    }

    /// Adds a random time to each wait that the server asked for: up to this share of it, from 0 to 1, and 1 s at most. So
    /// processes without a store do not all come back at one instant. Default: 0.
    ///
    /// # Panics
    ///
    /// If `share` is not from 0 to 1.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "http")] mod example {
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use http::Response;
    /// use paced::{CallOptions, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] pub async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().max_retries(0).hint_spread(0.05);
    /// // In a program: the response of a client.
    /// let send = || async {
    ///     let response = Response::builder().status(429).header("retry-after", "10");
    ///     Ok::<_, io::Error>(response.body(()).unwrap())
    /// };
    /// assert!(limiter.call_with(options, send).await.is_ok());
    /// let cooldown = limiter.snapshot().cooldown.unwrap();
    /// assert!(cooldown >= Duration::from_secs(10) && cooldown <= Duration::from_millis(10_500));
    /// # }}
    /// # #[cfg(feature = "http")] fn main() { example::main() }
    /// # #[cfg(not(feature = "http"))] fn main() {}
    /// ```
    pub const fn hint_spread(mut self, share: f64) -> Self {
        assert!(grammar::is_share(share), "{}", grammar::NO_SHARE);
        self.config.hint_spread = share;
        self
    }

    /// Sets the longest wait that is not announced by an event. Default: 5 s.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::time::Duration;
    /// use paced::CallOptions;
    ///
    /// const BATCH: CallOptions = CallOptions::new().slow(Duration::from_secs(60));
    /// # let _ = BATCH;
    /// ```
    pub const fn slow(mut self, wait: Duration) -> Self {
        self.config.slow = Span::of(wait);
        self
    }

    /// Sets a function that is called before each retry, in the task of the call and outside of all locks. It should return
    /// at once; a panic in it is the call's. Default: none.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallOptions, Limiter, Quota, Report};
    /// use std::io;
    ///
    /// fn log(report: &Report<'_>) {
    ///     eprintln!("{}: {} attempts, {:?}", report.function(), report.attempts(), report.failures());
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().max_retries(1).on_retry(log);
    /// let out = limiter.call_with(options, || async { Err::<(), io::Error>(io::ErrorKind::ConnectionRefused.into()) });
    /// assert!(out.await.is_err());
    /// # }
    /// ```
    pub const fn on_retry(mut self, hook: fn(&Report<'_>)) -> Self {
        self.hooks.on_retry = Some(hook);
        self
    }

    /// Sets a function that is called when a call ends with a failure that a retry might have mended, as
    /// [`on_retry`](Self::on_retry) is. Default: none.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallOptions, Limiter, Quota, Report};
    /// use std::io;
    ///
    /// fn log(report: &Report<'_>) {
    ///     eprintln!("{}: {} attempts, {:?}", report.function(), report.attempts(), report.failures());
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let options = CallOptions::new().max_retries(1).on_give_up(log);
    /// let out = limiter.call_with(options, || async { Err::<(), io::Error>(io::ErrorKind::ConnectionRefused.into()) });
    /// assert!(out.await.is_err());
    /// # }
    /// ```
    pub const fn on_give_up(mut self, hook: fn(&Report<'_>)) -> Self {
        self.hooks.on_give_up = Some(hook);
        self
    }

    /// Sets a function that judges each outcome. Where it returns [`Verdict::Auto`], the outcome is read as without it.
    /// Default: none.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallOptions, Limiter, Quota, Verdict};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// // A server that says with a status 200 that it is busy.
    /// let options = CallOptions::new().classify(|out: &io::Result<u32>| match out {
    ///     Ok(0) => Verdict::Throttled { retry_after: None },
    ///     _ => Verdict::Auto,
    /// });
    /// let out = limiter.call_with(options, || async { Ok(paced::attempt().number() - 1) });
    /// assert_eq!(out.await.unwrap(), 1);
    /// # }
    /// ```
    pub fn classify<T, E, C>(self, classify: C) -> CallOptions<Judged<C, R>>
    where
        C: Fn(&Result<T, E>) -> Verdict,
    {
        CallOptions {
            config: self.config,
            hooks: self.hooks,
            idempotent: self.idempotent,
            costs: self.costs,
            reader: Judged {
                judge: classify,
                reader: self.reader,
            },
        }
    }

    /// Returns the setup of a call from this line, which brings its limiter.
    #[inline]
    pub(super) fn setup(&self, caller: &'static Location<'static>) -> Setup {
        let mut setup = Setup {
            config: self.config,
            limiter: None,
            keys: None,
            function: Function::of(caller),
            origin: Origin::Line(caller),
            hooks: self.hooks,
            units: &[],
            known: KnownUnits::NONE,
        };
        if self.idempotent {
            let retry_on = &mut setup.config.retry.retry_on;
            *retry_on = retry_on.ambiguous();
        }
        setup
    }

    /// Returns the costs that the options name.
    #[inline]
    pub(super) const fn named_costs(&self) -> &NamedCosts {
        &self.costs
    }

    /// Returns the reader of the outcomes.
    #[inline]
    pub(super) const fn reader(&self) -> &R {
        &self.reader
    }
}

impl Default for CallOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> fmt::Debug for CallOptions<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("config", &self.config)
            .field("hooks", &self.hooks)
            .field("idempotent", &self.idempotent)
            .field("costs", &self.costs)
            .finish_non_exhaustive()
    }
}
