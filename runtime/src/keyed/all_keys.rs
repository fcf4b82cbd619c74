//! Counts, changes and the end of all keys at once.

use core::time::Duration;

use crate::limiter;
use crate::limiter::Counts;
use crate::limiter::NamedKeys as _;
use crate::mode::Mode;
use crate::quota::Quota;
use crate::waits::Waits;

use super::Keyed;

impl<K: ?Sized> Keyed<K> {
    /// Returns counts of what has happened so far on the limiters of all keys together, also of those that were forgotten
    /// since.
    ///
    /// Calls that find no room for a new key are in none of them. Limits that [all keys share](Self::shared_limiter) have counts
    /// of their own. The keys are read shard by shard, so the counts are not those of one instant.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// let tenants: Keyed<u64> = Keyed::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// tenants.try_acquire(&7)?;
    /// tenants.try_acquire(&8)?;
    /// assert_eq!(tenants.counts().granted, 2);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn counts(&self) -> Counts {
        self.keys().totals().counts
    }

    /// Returns the time that all calls of all keys together have waited so far, by cause, also for keys that were forgotten
    /// since. The keys are read as by [`counts`](Self::counts).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Keyed, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let tenants: Keyed<str> = Keyed::new(Quota::per_second(NonZeroU32::MIN));
    /// for tenant in ["acme", "acme", "globex", "globex"] {
    ///     tenants.acquire(tenant).await?;
    /// }
    /// assert_eq!(tenants.waits().queue, Duration::from_secs(2));
    /// # Ok(()) }
    /// ```
    pub fn waits(&self) -> Waits {
        self.keys().totals().waits
    }

    /// Changes the quota of all keys, of those that come later as well, and also for callers that wait. Tokens used up stay
    /// used up. With several limits it is that of the first of requests. Limits that all keys share stay as they are.
    ///
    /// A key for which another quota was set, by [`limiter`](Self::limiter) and
    /// [`Limiter::set_quota`](crate::Limiter::set_quota), keeps it. A [`Config`](crate::Config) does not change a quota that
    /// was set here, unless it is [`overriding`](crate::Config::overriding).
    ///
    /// It looks at each key once, in parts: no part holds up other callers for longer than one of some 4,000 keys.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// let per_second = |count| Quota::per_second(NonZeroU32::new(count).unwrap());
    /// let tenants: Keyed<str> = Keyed::new(per_second(5));
    /// tenants.limiter("globex")?.set_quota(per_second(100));
    /// tenants.try_acquire("acme")?;
    ///
    /// tenants.set_quota(per_second(50));
    /// assert_eq!(tenants.snapshot("acme").available, 49, "one is used up");
    /// assert_eq!(tenants.snapshot("initech").quota, per_second(50));
    /// assert_eq!(tenants.snapshot("globex").quota, per_second(100));
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn set_quota(&self, quota: Quota) {
        self.keys().set_quota(quota);
    }

    /// Changes the mode of all keys, of those that come later as well, and also for callers that wait, as
    /// [`Limiter::set_mode`](crate::Limiter::set_mode) does, and of limits that [all keys share](Self::shared_limiter).
    ///
    /// A key whose mode was set by [`limiter`](Self::limiter) keeps it. A [`Config`](crate::Config) does not change a mode
    /// that was set here, unless it is [`overriding`](crate::Config::overriding). With another mode than
    /// [`Mode::Enforce`] each key that is used has a whole limiter of about 1 KiB until it is idle.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Mode, Quota};
    ///
    /// let tenants: Keyed<str> = Keyed::new(Quota::per_minute(NonZeroU32::MIN));
    /// tenants.try_acquire("acme")?;
    /// tenants.set_mode(Mode::Observe);
    /// tenants.try_acquire("acme")?;
    /// assert_eq!(tenants.snapshot("acme").would_have_refused, 1);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn set_mode(&self, mode: Mode) {
        self.keys().set_mode(mode);
    }

    /// Refuses all waiting and all later calls, of all keys, with an error for which
    /// [`is_closed`](crate::Error::is_closed) holds. For the end of a program: there is no way back.
    ///
    /// Attempts that are under way run to their end, and permits stay good, as [`Limiter::close`](crate::Limiter::close)
    /// says. So does the rule for calls that cannot be refused.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let tenants: Keyed<str> = Keyed::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// tenants.close();
    /// assert!(tenants.acquire("acme").await.unwrap_err().is_closed());
    /// # }
    /// ```
    pub fn close(&self) {
        self.keys().close();
    }

    /// [`close`](Self::close)s all keys and waits until the attempts under way have ended, for `timeout` at most. Returns how
    /// many are still under way.
    ///
    /// It waits for the attempts of annotated functions, and with
    /// [`max_concurrency`](crate::KeyedBuilder::max_concurrency) also for permits. [`drain_all`](crate::drain_all) does the
    /// same for keyed limiters that have a [name](crate::KeyedBuilder::name), and for those of annotated functions.
    ///
    /// # Panics
    ///
    /// If it has to wait outside of a tokio runtime, or on one whose time driver is not enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the wait; the keys stay closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Keyed, Quota, rate_limited};
    ///
    /// static TENANTS: Keyed<u64> = Keyed::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    ///
    /// #[rate_limited(limiter = TENANTS, key = tenant)]
    /// async fn export(tenant: u64) -> Result<u64, paced::Error> {
    ///     tokio::time::sleep(Duration::from_secs(2)).await;
    ///     Ok(tenant)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let exported = tokio::spawn(export(7));
    /// tokio::task::yield_now().await;
    /// assert_eq!(TENANTS.drain(Duration::from_secs(30)).await, 0);
    /// assert_eq!(exported.await.unwrap().unwrap(), 7);
    /// assert!(export(7).await.unwrap_err().is_closed());
    /// # }
    /// ```
    pub async fn drain(&self, timeout: Duration) -> usize {
        let keys = self.keys();
        keys.close();
        limiter::await_end(&|| keys.unfinished(), timeout).await
    }
}
