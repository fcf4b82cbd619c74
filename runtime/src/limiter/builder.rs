//! Building a limiter that has a name, or its limit in a store.

use core::num::NonZeroU32;
use std::sync::Arc;

use crate::error::Error;
use crate::mode::Mode;
use crate::quota::Quota;
use crate::row::MaxConcurrency;
use crate::row::Row;
use crate::row::Rows;
use crate::store::Policy;
use crate::store::Store;

use super::Limiter;
use super::names::registry;
use super::remote::RemoteConfig;
use super::remote::client::StoreClient;
use super::shared::Shared;

/// Builder of a [`Limiter`] that has a name, or its limit in a store: [`Limiter::builder`].
///
/// All values are optional. A value that is set twice is the later one.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use std::sync::Arc;
/// use paced::store::{MemoryStore, OnStoreError, Policy};
/// use paced::{Limiter, LimiterBuilder, Quota};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// let builder: LimiterBuilder = Limiter::builder(Quota::per_second(NonZeroU32::new(5).unwrap()));
/// let github = builder
///     .name("github")
///     .store(Arc::new(MemoryStore::new()))
///     .store_policy(Policy::new().on_error(OnStoreError::Closed))
///     .build()?;
/// github.acquire().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder makes a limiter only by `build`"]
pub struct LimiterBuilder {
    rows: Rows,
    name: Option<Arc<str>>,
    store: Option<Arc<dyn Store>>,
    policy: Option<Policy>,
    unregistered: bool,
    mode: Option<Mode>,
}

impl LimiterBuilder {
    pub(super) const fn new(quota: Quota) -> Self {
        Self {
            rows: Rows::one(quota),
            name: None,
            store: None,
            policy: None,
            unregistered: false,
            mode: None,
        }
    }

    /// Sets the name of the limiter in this program, and of its limit in the store. Default: no name.
    ///
    /// The first [`build`](Self::build) with a name creates the limiter, and later ones return handles to it, as
    /// `#[rate_limited(limiter = "github")]` does. The name is free again once the last handle is dropped: it can then
    /// be declared anew, with another quota. Tokens that were used up stay used up until the bucket would be full
    /// again, so a handle may be made for each use.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
    /// let users = Limiter::builder(quota).name("users").build()?;
    /// users.try_acquire()?;
    /// let same = Limiter::builder(quota).name("users").build()?;
    /// assert_eq!(same.snapshot().available, 4);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the store through which the limiter shares its limit with all others of its [name](Self::name) in the
    /// same store, also in other processes and on other machines. Default: no store.
    ///
    /// Its permits are tokens drawn from the store, many in one request where many callers wait. Cooldowns hold for all
    /// processes, and so does the pace that a server's hints ask for.
    ///
    /// [`Limiter::try_acquire`] takes a token only if one has been drawn already; otherwise it has one drawn for the
    /// next try.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use std::sync::Arc;
    /// use paced::store::{MemoryStore, Store};
    /// use paced::{Limiter, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    /// let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
    /// let github = Limiter::builder(quota).name("github").store(store.clone()).build()?;
    /// github.acquire().await?;
    ///
    /// let same = Limiter::builder(quota).name("github").store(store).build()?;
    /// assert_eq!(same.snapshot().counts.granted, 1);
    /// assert!(Limiter::builder(quota).name("github").build().unwrap_err().is_conflict());
    /// # Ok(()) }
    /// ```
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets how long a call waits for the store, and what happens while the store is away. Default: [`Policy::new`], so
    /// 150 ms, and then the process's share of the rate.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use std::sync::Arc;
    /// use paced::store::{MemoryStore, OnStoreError, Policy};
    /// use paced::{Limiter, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
    /// let closed = Policy::new().on_error(OnStoreError::Closed);
    /// let github = Limiter::builder(quota)
    ///     .name("github")
    ///     .store(Arc::new(MemoryStore::new()))
    ///     .store_policy(closed)
    ///     .build()?;
    /// github.acquire().await?;
    ///
    /// let error = Limiter::builder(quota).store_policy(closed).build().unwrap_err();
    /// assert!(error.is_invalid(), "a policy needs a store");
    /// # Ok(()) }
    /// ```
    pub const fn store_policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Makes a new limiter at each [`build`](Self::build), also where the program has one of this name.
    ///
    /// [`limiters`](crate::limiters) does not list it, and no function finds it by its name. Default: off. For tests in
    /// which one program stands for several processes that share a limit, and for limits that must not be found by name.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use std::sync::Arc;
    /// use paced::store::{MemoryStore, Store};
    /// use paced::{Limiter, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    /// let builder = Limiter::builder(Quota::per_second(NonZeroU32::MIN)).name("github").store(store).unregistered();
    /// let (one, other) = (builder.clone().build()?, builder.build()?);
    /// let start = tokio::time::Instant::now();
    /// one.acquire().await?;
    /// other.acquire().await?;
    /// assert_eq!(start.elapsed().as_secs(), 1, "they share one token per second");
    /// assert_eq!(one.snapshot().counts.granted, 1);
    /// # Ok(()) }
    /// ```
    pub const fn unregistered(mut self) -> Self {
        self.unregistered = true;
        self
    }

    /// Sets the mode in which the limiter begins. Default: [`Mode::Enforce`].
    ///
    /// The mode of a limiter that has been chosen before, by another declaration of its [name](Self::name) or by
    /// [`Limiter::set_mode`], stays.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Mode, Quota};
    ///
    /// let quota = Quota::per_minute(NonZeroU32::MIN);
    /// let github = Limiter::builder(quota).name("github").mode(Mode::Observe).build()?;
    /// github.try_acquire()?;
    /// github.try_acquire()?;
    /// assert_eq!(github.snapshot().would_have_refused, 1);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn mode(mut self, mode: Mode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Adds a limit of another unit, such as the tokens of a language model, or a second one of `"requests"`. The
    /// quota of the builder is that of requests.
    ///
    /// A permit takes its costs from all limits at once. At most seven can be added.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let per_minute = |count| Quota::per_minute(NonZeroU32::new(count).unwrap());
    /// let tokens = per_minute(30_000).with_burst(NonZeroU32::new(30_000).unwrap());
    /// let openai = Limiter::builder(per_minute(500)).row("tokens", tokens).build()?;
    /// openai.try_acquire_costs(&[("tokens", 1200)])?;
    /// assert_eq!(openai.snapshot().row("tokens").unwrap().available, 28_800);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn row(mut self, unit: &'static str, quota: Quota) -> Self {
        self.rows.others.push(Row::new(unit, quota));
        self
    }

    /// Sets how many calls may be in flight at once. Default: any number.
    ///
    /// A call is in flight from its permit until its attempt has ended, or its future is dropped; a stream until the last
    /// [`Meter`](crate::Meter) of the attempt is dropped; a [`Permit`](crate::Permit) until it is dropped. A call that waits
    /// in the queue, for the end of a cooldown or in a backoff holds no slot. One that waits for a slot takes no token
    /// meanwhile: it gets both at once, first come, first served.
    ///
    /// A call in the body of another call of the same limiter uses that call's slot, so that recursion never waits for
    /// itself. This holds within one task: a task that the body spawns needs a slot of its own, and so does a call beside a
    /// [`Permit`](crate::Permit) that the same task keeps.
    ///
    /// The wait for a slot has no known end: forecasts count the rest, and a deadline or `max_wait` that passes meanwhile
    /// ends the call as usual.
    ///
    /// In a [store](Self::store) all processes share the slots: each leases those that it needs, for 10 s, and renews the
    /// leases every 3 s. While callers of several processes wait, each has its fair part, and where there are more processes
    /// than slots they take turns of 2 s; the [guide](crate::guide::processes#calls-in-flight) has more. Slots of a process
    /// that was killed are free after 10 s. One that was stopped for longer takes its slots anew, and an event tells of calls
    /// whose leases have ended. While the store is away, a process goes on with the slots that it has, or with its part of
    /// them.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let quota = Quota::per_second(NonZeroU32::new(50).unwrap());
    /// let limiter = Limiter::builder(quota).max_concurrency(NonZeroU32::new(1).unwrap()).build()?;
    /// let permit = limiter.try_acquire()?;
    /// assert!(limiter.try_acquire().unwrap_err().is_not_yet());
    /// drop(permit);
    /// limiter.try_acquire()?;
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn max_concurrency(mut self, max: NonZeroU32) -> Self {
        self.rows.concurrency = Some(MaxConcurrency::Fixed(max));
        self
    }

    /// Bounds the calls in flight by what the server turns out to allow, as the option `max_concurrency = "auto"` does.
    ///
    /// There is no bound below `max` before the first refusal, or before `start` calls are in flight. A refusal because of
    /// calls in flight lowers the bound to three quarters of those that were in flight when the refused call was sent, at
    /// least 1; calls that were sent before do not lower it again. Once as many calls as the bound have passed while it was
    /// reached, it rises by 1; the step to the number that was refused last takes 16 such rounds.
    ///
    /// A refusal counts against the calls in flight if the server says so (`Stripe-Rate-Limited-Reason`, or a window of
    /// `concurrent-requests`), or if it says nothing of a used-up window, fewer calls than the declared rate were sent in the
    /// last period, and never more calls were in flight since the last cut. Then it does not slow the limiter. Every other
    /// refusal is one by the rate.
    ///
    /// In a [store](Self::store) the bound is this process's own, and no slots are leased: the server refuses calls of all
    /// processes, so that each finds its part of what the server carries out. Each process tries for more now and then, so
    /// there are more refusals than with one process. The rate is that of all processes: a refusal counts against it where
    /// this process has used its share.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let quota = Quota::per_second(NonZeroU32::new(50).unwrap());
    /// let limiter = Limiter::builder(quota).auto_concurrency(NonZeroU32::new(8), None).build()?;
    /// assert_eq!(limiter.snapshot().max_concurrency, NonZeroU32::new(8));
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn auto_concurrency(
        mut self,
        start: Option<NonZeroU32>,
        max: Option<NonZeroU32>,
    ) -> Self {
        self.rows.concurrency = Some(MaxConcurrency::Auto { start, max });
        self
    }

    /// Replaces all limits.
    pub(crate) fn rows(mut self, rows: Rows) -> Self {
        self.rows = rows;
        self
    }

    /// Returns the limiter: a new one, or a handle to the one that has this [name](Self::name).
    ///
    /// # Errors
    ///
    /// * [`is_invalid`](Error::is_invalid): a store without a name, a policy without a store, or a store and a rate
    ///   of requests above 100,000 per second; more than eight limits, or a strict window in a store.
    /// * [`is_conflict`](Error::is_conflict): the name was declared with another quota, store or policy before.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
    /// let users = Limiter::builder(quota).name("users").build()?;
    /// assert_eq!(users.name(), Some("users"));
    ///
    /// let other = Quota::per_second(NonZeroU32::MIN);
    /// assert!(Limiter::builder(other).name("users").build().unwrap_err().is_conflict());
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn build(self) -> Result<Limiter, Error> {
        let mode = self.mode;
        let limiter = self.declare()?;
        if let Some(mode) = mode {
            limiter.shared().declare_mode(mode);
        }
        Ok(limiter)
    }

    fn declare(self) -> Result<Limiter, Error> {
        let policy = self.policy.unwrap_or_default();
        match (self.name, self.store) {
            (None, Some(_)) => Err(Error::invalid(
                "a limit in a store needs a name, by which the other processes know it: `.name(\"..\")`",
            )),
            (_, None) if self.policy.is_some() => {
                Err(Error::invalid("a store policy needs a store: `.store(..)`"))
            }
            (None, None) => {
                Limiter::check(&self.rows, false)?;
                let quota = self.rows.first.quota;
                Ok(Limiter::of(quota, Shared::with_rows(&self.rows)))
            }
            (Some(name), store) if self.unregistered => {
                build_unregistered(&name, &self.rows, store, policy)
            }
            (Some(name), None) => registry::declare(&name, &self.rows),
            (Some(name), Some(store)) => {
                registry::declare_in_store(&name, &self.rows, &store, policy)
            }
        }
    }
}

/// Returns a new limiter that the registry does not know.
fn build_unregistered(
    name: &Arc<str>,
    rows: &Rows,
    store: Option<Arc<dyn Store>>,
    policy: Policy,
) -> Result<Limiter, Error> {
    Limiter::check(rows, store.is_some())?;
    let quota = rows.first.quota;
    let shared = match store {
        None => Shared::with_rows(rows),
        Some(store) => {
            let client = StoreClient::new(store, name, policy);
            let shared = Shared::linked(quota, client, RemoteConfig::of(policy));
            shared.add_rows(rows);
            shared.bound(rows.concurrency);
            shared
        }
    };
    shared.set_name(name);
    Ok(Limiter::of(quota, shared))
}
