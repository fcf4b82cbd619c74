//! A permit of a key, and the reports of the response to its request.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

#[cfg(feature = "http")]
use http::HeaderMap;
#[cfg(feature = "http")]
use http::StatusCode;

use crate::error::Error;
use crate::hint::Hint;
use crate::limiter::Permit;
use crate::limiter::Shared;
use crate::time::Instant;

use super::Keys;

/// Permit of a [`Keyed`](crate::Keyed) for one request, which is sent now.
///
/// It is to one key what a [`Permit`] is to a [`Limiter`](crate::Limiter): it may be dropped at once, and by reports of the
/// response the key's limiter learns from the server. They concern the key alone. A report for which there is no room
/// any more, since the key was forgotten meanwhile and all others are limited, does nothing.
///
/// Of a limiter with [`max_concurrency`](crate::KeyedBuilder::max_concurrency) it holds a slot of its key until it is
/// dropped: keep it until the response has been read.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use core::time::Duration;
/// use paced::{Keyed, KeyedPermit, Quota};
///
/// static TENANTS: Keyed<str> = Keyed::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// let permit: KeyedPermit<'static> = TENANTS.acquire("acme").await?;
/// // In a program: a request, and the server's answer.
/// let busy_for = Some(Duration::from_secs(30));
/// permit.refused(busy_for);
/// assert_eq!(TENANTS.snapshot("acme").cooldown, busy_for);
/// assert_eq!(TENANTS.snapshot("globex").cooldown, None);
/// # Ok(()) }
/// ```
pub struct KeyedPermit<'a> {
    keys: &'a Keys,
    fingerprint: u64,
    /// Instant at which it was granted.
    sent: Instant,
    /// Limiter that the permit keeps. `None`: it keeps none.
    kept: Option<KeptLimiter>,
}

/// Limiter of a key that a permit keeps.
#[derive(Debug)]
pub(super) enum KeptLimiter {
    /// The permit holds a slot.
    WithSlot(Arc<Shared>),
    /// The limits are in a store.
    WithoutSlot(Arc<Shared>),
}

impl KeptLimiter {
    /// Returns what the permit of a key has to keep that was taken together with others. `slot`: it holds one of the key's
    /// limiter.
    pub(super) fn with_own(keys: &Keys, limiter: Option<&Arc<Shared>>, slot: bool) -> Option<Self> {
        let limiter = limiter.filter(|_| slot || keys.are_in_store())?;
        Some(Self::new(Arc::clone(limiter), slot))
    }

    const fn new(limiter: Arc<Shared>, slot: bool) -> Self {
        if slot {
            Self::WithSlot(limiter)
        } else {
            Self::WithoutSlot(limiter)
        }
    }

    /// Drops a permit of a limiter in this process, and returns what the permit of its key has to keep.
    pub(super) fn in_process(limiter: &Arc<Shared>, permit: Permit<'_>) -> Option<Self> {
        let slot = permit.keep_slot();
        slot.then(|| Self::WithSlot(Arc::clone(limiter)))
    }

    /// Drops a permit of a limiter in a store, and returns what the permit of its key has to keep.
    pub(super) fn in_store(limiter: Arc<Shared>, permit: Permit<'_>) -> Self {
        Self::new(limiter, permit.keep_slot())
    }

    const fn limiter(&self) -> &Arc<Shared> {
        let (Self::WithSlot(limiter) | Self::WithoutSlot(limiter)) = self;
        limiter
    }

    /// Takes a permit of the limiter of a key.
    ///
    /// # Errors
    ///
    /// As [`Limiter::try_acquire`](crate::Limiter::try_acquire).
    #[cold]
    pub(super) fn try_acquire(keys: &Keys, limiter: Arc<Shared>) -> Result<Option<Self>, Error> {
        let handle = keys.handle(Arc::clone(&limiter));
        let permit = handle.try_acquire().map_err(|error| keys.named(error))?;
        Ok(if keys.are_in_store() {
            Some(Self::in_store(limiter, permit))
        } else {
            Self::in_process(&limiter, permit)
        })
    }
}

impl Drop for KeptLimiter {
    #[inline]
    fn drop(&mut self) {
        if let Self::WithSlot(limiter) = self {
            limiter.release_slot();
        }
    }
}

impl<'a> KeyedPermit<'a> {
    #[inline]
    pub(super) const fn new(keys: &'a Keys, fingerprint: u64, sent: Instant) -> Self {
        Self::keeping(keys, fingerprint, sent, None)
    }

    #[inline]
    pub(super) const fn keeping(
        keys: &'a Keys,
        fingerprint: u64,
        sent: Instant,
        kept: Option<KeptLimiter>,
    ) -> Self {
        Self {
            keys,
            fingerprint,
            sent,
            kept,
        }
    }

    /// Reports the response to the request, as [`Permit::observe`] does.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use http::Response;
    /// use paced::{Keyed, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let tenants: Keyed<u64> = Keyed::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let permit = tenants.acquire(&7).await?;
    /// // In a program: the response of a client.
    /// let response = Response::builder().status(429).header("retry-after", "7").body(()).unwrap();
    /// permit.observe(response.status(), response.headers());
    /// assert_eq!(tenants.snapshot(&7).cooldown, Some(Duration::from_secs(7)));
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "http")]
    pub fn observe(&self, status: StatusCode, headers: &HeaderMap) {
        self.report(|permit| permit.observe(status, headers));
    }

    /// Reports that the server carried out the request, and what it told of its limits, as [`Permit::accepted`] does.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Hint, Keyed, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let tenants: Keyed<u64> = Keyed::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let permit = tenants.acquire(&7).await?;
    /// let used_up = Hint::new().with_limit(100.0).with_remaining(0.0).with_reset_after(Duration::from_secs(60));
    /// permit.accepted(&used_up);
    /// assert_eq!(tenants.snapshot(&7).cooldown, Some(Duration::from_secs(60)));
    /// # Ok(()) }
    /// ```
    pub fn accepted(&self, hint: &Hint) {
        if !hint.is_empty() {
            self.report(|permit| permit.accepted(hint));
        }
    }

    /// Reports that the server refused the request because of a limit of its own, as [`Permit::refused`] does.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Keyed, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let tenants: Keyed<u64> = Keyed::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// tenants.acquire(&7).await?.refused(None);
    /// assert_eq!(tenants.snapshot(&7).cooldown, Some(Duration::from_secs(1)));
    /// # Ok(()) }
    /// ```
    pub fn refused(&self, retry_after: Option<Duration>) {
        self.report(|permit| permit.refused(retry_after));
    }

    fn report(&self, report: impl FnOnce(&Permit<'_>)) {
        #[cfg(feature = "test-util")]
        if crate::context::unpaced::is_on() {
            return;
        }
        if let Some(limiter) = self.limiter() {
            report(&self.keys.handle(limiter).permit_of(self.sent));
        }
    }
}

impl KeyedPermit<'_> {
    fn limiter(&self) -> Option<Arc<Shared>> {
        match &self.kept {
            Some(kept) => Some(Arc::clone(kept.limiter())),
            None if self.keys.are_in_store() => None,
            None => self.keys.limiter(self.fingerprint).ok(),
        }
    }
}

/// Shows no key.
impl fmt::Debug for KeyedPermit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedPermit")
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}
