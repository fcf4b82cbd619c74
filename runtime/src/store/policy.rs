//! Behaviour of a limiter while its store is away.

use core::time::Duration;

/// Behaviour of a limiter while its store cannot be reached, or has not answered within the
/// [timeout](Policy::timeout).
///
/// The store is tried again about every 100 ms while calls are made, and used as soon as it answers.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use std::sync::Arc;
/// use paced::store::{OnStoreError, Policy, Request, Store, StoreError, StoreFuture};
/// use paced::{Limiter, Quota};
///
/// #[derive(Debug)]
/// struct Down;
///
/// impl Store for Down {
///     fn transact<'a>(&'a self, _: &'a str, _: &'a Request) -> StoreFuture<'a> {
///         Box::pin(async { Err(StoreError::unavailable("no connection")) })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
/// let closed = Policy::new().on_error(OnStoreError::Closed);
/// let limiter = Limiter::builder(quota).name("github").store(Arc::new(Down)).store_policy(closed).build()?;
/// assert!(limiter.acquire().await.unwrap_err().is_store());
///
/// let local = Policy::new().on_error(OnStoreError::Local);
/// let limiter = Limiter::builder(quota).name("gitlab").store(Arc::new(Down)).store_policy(local).build()?;
/// assert!(limiter.acquire().await.is_ok());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnStoreError {
    /// Each process falls back to a local bucket with a burst of 1 at 90 % of the share of the rate that it
    /// last used, so that all processes together stay below the limit.
    #[default]
    Local,
    /// Calls are not paced. Several processes can exceed the limit many times over.
    Open,
    /// Calls are refused, with an error for which [`Error::is_store`](crate::Error::is_store) holds; those
    /// with a bound on their wait only once a request has failed, or the bound is reached.
    /// Calls of a function whose error type has no room for a refusal wait for the store.
    Closed,
}

/// Policy of a limiter towards its store: its behaviour while the store is away, and its timeout.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use std::sync::Arc;
/// use paced::store::{MemoryStore, OnStoreError, Policy};
/// use paced::{Limiter, Quota};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// const POLICY: Policy = Policy::new()
///     .on_error(OnStoreError::Open)
///     .timeout(Duration::from_millis(500));
/// let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
/// let limiter = Limiter::builder(quota).name("github").store(Arc::new(MemoryStore::new())).store_policy(POLICY).build()?;
/// limiter.acquire().await?;
/// assert_ne!(POLICY, Policy::default());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(crate) on_error: OnStoreError,
    pub(crate) timeout: Duration,
    pub(crate) processes: u32,
}

impl Policy {
    /// Creates the default policy: [`OnStoreError::Local`], 150 ms for a request, and four processes.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{OnStoreError, Policy};
    /// use std::time::Duration;
    ///
    /// let written_out = Policy::new()
    ///     .on_error(OnStoreError::Local)
    ///     .timeout(Duration::from_millis(150))
    ///     .processes(4);
    /// assert_eq!(Policy::new(), written_out);
    /// ```
    pub const fn new() -> Self {
        Self {
            on_error: OnStoreError::Local,
            timeout: Duration::from_millis(150),
            processes: 4,
        }
    }

    /// Sets the behaviour while the store cannot be reached. Default: [`OnStoreError::Local`].
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use std::sync::Arc;
    /// use paced::store::{OnStoreError, Policy, Request, Store, StoreError, StoreFuture};
    /// use paced::{Limiter, Quota};
    ///
    /// #[derive(Debug)]
    /// struct Down;
    ///
    /// impl Store for Down {
    ///     fn transact<'a>(&'a self, _: &'a str, _: &'a Request) -> StoreFuture<'a> {
    ///         Box::pin(async { Err(StoreError::unavailable("no connection")) })
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
    /// let policy = Policy::new().on_error(OnStoreError::Open);
    /// let limiter = Limiter::builder(quota).name("github").store(Arc::new(Down)).store_policy(policy).build()?;
    /// let start = tokio::time::Instant::now();
    /// for _ in 0..100 {
    ///     limiter.acquire().await?;
    /// }
    /// assert!(start.elapsed().as_millis() < 150, "calls are not paced");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn on_error(self, on_error: OnStoreError) -> Self {
        Self { on_error, ..self }
    }

    /// Sets how long a call waits for an answer of the store before [`on_error`](Self::on_error) applies. Default:
    /// 150 ms. For a store that is far, ten round trips are a good value.
    ///
    /// A call that would be refused without the store (its `max_wait` or `deadline` is shorter than the wait
    /// for a permit would be, or the limiter is [closed](OnStoreError::Closed)) waits for the late answer for
    /// as long as it may wait at all, up to 30 s. It is refused at once where a request has failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use std::sync::Arc;
    /// use paced::store::{OnStoreError, Policy, Request, Store, StoreFuture};
    /// use paced::{Limiter, Quota};
    /// use std::time::Duration;
    ///
    /// #[derive(Debug)]
    /// struct Hangs;
    ///
    /// impl Store for Hangs {
    ///     fn transact<'a>(&'a self, _: &'a str, _: &'a Request) -> StoreFuture<'a> {
    ///         Box::pin(std::future::pending())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
    /// let policy = Policy::new().on_error(OnStoreError::Open).timeout(Duration::from_secs(1));
    /// let limiter = Limiter::builder(quota).name("github").store(Arc::new(Hangs)).store_policy(policy).build()?;
    /// let start = tokio::time::Instant::now();
    /// limiter.acquire().await?;
    /// assert_eq!(start.elapsed().as_secs(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Sets how many processes share the limit, as far as that is known: for [`OnStoreError::Local`] in a
    /// process that has not seen yet how much the others use. 4 by default; 0 counts as 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use std::sync::Arc;
    /// use paced::store::{Policy, Request, Store, StoreError, StoreFuture};
    /// use paced::{Limiter, Quota};
    ///
    /// #[derive(Debug)]
    /// struct Down;
    ///
    /// impl Store for Down {
    ///     fn transact<'a>(&'a self, _: &'a str, _: &'a Request) -> StoreFuture<'a> {
    ///         Box::pin(async { Err(StoreError::unavailable("no connection")) })
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let quota = Quota::per_second(NonZeroU32::new(20).unwrap());
    /// let limiter = Limiter::builder(quota).name("github").store(Arc::new(Down)).store_policy(Policy::new().processes(2)).build()?;
    /// limiter.acquire().await?;
    /// let start = tokio::time::Instant::now();
    /// for _ in 0..9 {
    ///     limiter.acquire().await?;
    /// }
    /// // One of two processes paces itself by 90 % of its half: nine per second.
    /// assert!(start.elapsed().as_millis().abs_diff(1000) < 10);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn processes(self, processes: u32) -> Self {
        Self { processes, ..self }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}
