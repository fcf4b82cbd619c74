//! [`Keyed`]: one limiter for each key, of which most are a few bytes.

mod acquire;
mod all_keys;
mod builder;
mod call_key;
mod changing;
mod declaration;
mod denying;
mod digest;
mod ended_calls;
mod further;
mod further_cost;
mod hasher;
mod hidden;
mod joint;
mod key_changes;
mod key_id;
mod keys;
mod permit;
#[cfg(feature = "store-keys")]
mod portable;
mod shard;
mod shared_limiter;
mod stored;
mod table;
mod terms;
#[cfg(test)]
mod tests;
mod viewing;

use core::borrow::Borrow;
use core::fmt;
use core::hash::Hash;
use core::marker::PhantomData;
use core::time::Duration;
use std::sync::Arc;
use std::sync::OnceLock;

pub use self::acquire::AcquireKey;
pub use self::builder::KeyedBuilder;
pub use self::call_key::CallKey;
pub(crate) use self::declaration::Declaration;
pub(crate) use self::further::FurtherLimiter;
pub(crate) use self::further_cost::FurtherCost;
pub use self::key_id::FurtherKey;
pub(crate) use self::key_id::KeyId;
pub(crate) use self::keys::Keys;
pub(crate) use self::keys::Taken;
pub use self::permit::KeyedPermit;

use crate::clock;
use crate::error::Error;
use crate::limiter::Limiter;
use crate::limiter::Snapshot;
use crate::quota::Quota;
use crate::row::Row;

use self::declaration::MAX_KEYS;
use self::keys::TakeOutcome;
use self::permit::KeptLimiter;

/// One limiter for each key: for each tenant, account, host or channel of a program.
///
/// All keys have the same quota. A key needs no declaration: it begins with a full bucket, unless the quota is
/// [`starting_empty`](Quota::starting_empty), and is forgotten when its bucket is full again. Queues, cooldowns and all that
/// is learnt from the server belong to one key: a `Retry-After` that one tenant gets holds no other tenant back.
///
/// # Memory
///
/// While no caller waits for a key and nothing was learnt of it, it takes 16 bytes in a table, which is three fifths full on
/// average. A key for which callers wait, which is closed by a cooldown or for which there is a
/// [handle](Self::limiter), has a whole [`Limiter`] of about 1 KiB. With several limits, also
/// [shared](KeyedBuilder::shared_row) ones, a strict window,
/// [`max_concurrency`](KeyedBuilder::max_concurrency) or another [mode](KeyedBuilder::mode) than [`Mode::Enforce`](crate::Mode::Enforce), that is
/// so for each key until it is idle.
///
/// Each access looks at two places of the table (in batches) and removes keys whose buckets are full again: there is no
/// task, and no pause. At most [`max_keys`](KeyedBuilder::max_keys) keys are remembered. A key that is limited is never
/// forgotten, so that a flood of other keys brings no caller a fresh bucket; a new key for which there is no room
/// is [refused](Error::is_keys_exhausted).
///
/// # Stores
///
/// With [`KeyedBuilder::store`] processes share the limits of each key. Then each key has a whole limiter in this process, of
/// about 5 KB, until it is idle.
///
/// # Changes, and the end
///
/// A [`Config`](crate::Config) changes all keys of a limiter that has a [name](KeyedBuilder::name), and
/// [`set_quota`](Self::set_quota) and [`set_mode`](Self::set_mode) do so in code. [`drain`](Self::drain) ends all keys.
///
/// # Keys
///
/// A key is any value that implements [`Hash`]. Values are equal if their hashes are: a table holds 64 bits of a hash with a
/// random seed, and not the keys. Two of a million keys share a bucket with a probability of about 10⁻⁸. Keys are never
/// printed.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use core::time::Duration;
/// use paced::{Keyed, Quota};
/// use tokio::time::Instant;
///
/// static TENANTS: Keyed<str> = Keyed::new(Quota::per_second(NonZeroU32::MIN));
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// let start = Instant::now();
/// TENANTS.acquire("acme").await?;
/// TENANTS.acquire("globex").await?;
/// assert_eq!(start.elapsed(), Duration::ZERO);
/// TENANTS.acquire("acme").await?;
/// assert_eq!(start.elapsed(), Duration::from_secs(1));
/// # Ok(()) }
/// ```
pub struct Keyed<K: ?Sized> {
    quota: Quota,
    max_keys: usize,
    keys: OnceLock<Arc<Keys>>,
    of: PhantomData<fn(&K)>,
}

impl<K: ?Sized> Keyed<K> {
    /// Creates limiters of one quota, for at most 1,000,000 keys.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// static CHANNELS: Keyed<u64> = Keyed::new(Quota::per_second(NonZeroU32::MIN));
    ///
    /// CHANNELS.try_acquire(&7)?;
    /// assert!(CHANNELS.try_acquire(&7).unwrap_err().is_not_yet());
    /// CHANNELS.try_acquire(&8)?;
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn new(quota: Quota) -> Self {
        Self {
            quota,
            max_keys: MAX_KEYS,
            keys: OnceLock::new(),
            of: PhantomData,
        }
    }

    /// Returns a builder, for several limits or another number of keys.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// let per_minute = |count| Quota::per_minute(NonZeroU32::new(count).unwrap());
    /// let tenants: Keyed<u64> = Keyed::builder(per_minute(60)).row("tokens", per_minute(30_000)).build()?;
    /// tenants.limiter(&7)?.try_acquire_costs(&[("tokens", 400)])?;
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn builder(quota: Quota) -> KeyedBuilder<K> {
        KeyedBuilder::new(quota)
    }

    fn of(declaration: Declaration, shared: Vec<Row>) -> Result<Self, Error> {
        Ok(Self {
            quota: declaration.rows.first.quota,
            max_keys: declaration.max_keys,
            keys: OnceLock::from(Keys::sharing(declaration, shared)?),
            of: PhantomData,
        })
    }

    #[inline]
    pub(crate) fn keys(&self) -> &Arc<Keys> {
        self.keys.get_or_init(|| {
            let declaration = Declaration {
                max_keys: self.max_keys,
                ..Declaration::of_one(self.quota)
            };
            Keys::declare(declaration, Vec::new())
        })
    }

    /// Waits for a permit of one token of the key's limiter. It works as [`Limiter::acquire`] does.
    ///
    /// # Errors
    ///
    /// As [`Limiter::acquire`], and [`is_keys_exhausted`](Error::is_keys_exhausted) for a new key for which there is no room.
    ///
    /// # Panics
    ///
    /// If it has to wait on a tokio runtime whose time driver is not enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up its place in the key's queue, as for [`Limiter::acquire`]. Nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Keyed, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let tenants: Keyed<str> = Keyed::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let permit = tenants.acquire("acme").await?;
    /// // In a program: a request, and the server's answer.
    /// permit.refused(Some(Duration::from_secs(30)));
    /// assert!(tenants.try_acquire("acme").is_err());
    /// assert!(tenants.try_acquire("globex").is_ok());
    /// # Ok(()) }
    /// ```
    pub fn acquire<Q: Hash + ?Sized>(&self, key: &Q) -> AcquireKey<'_>
    where
        K: Borrow<Q>,
    {
        self.acquire_many(key, 1)
    }

    /// Waits for a permit of `cost` tokens of the key's limiter. A cost of 0 is granted at once.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire), and [`is_insufficient_capacity`](Error::is_insufficient_capacity) where `cost` is
    /// above the burst.
    ///
    /// # Panics
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let tenants: Keyed<u64> = Keyed::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// tenants.acquire_many(&7, 3).await?;
    /// assert_eq!(tenants.snapshot(&7).available, 2);
    /// assert!(tenants.acquire_many(&7, 6).await.unwrap_err().is_insufficient_capacity());
    /// # Ok(()) }
    /// ```
    pub fn acquire_many<Q: Hash + ?Sized>(&self, key: &Q, cost: u32) -> AcquireKey<'_>
    where
        K: Borrow<Q>,
    {
        let keys = self.keys();
        match keys.id(key) {
            KeyId::Fingerprint(fingerprint) => AcquireKey::new(keys, fingerprint, cost),
            KeyId::Digest(digest) => AcquireKey::in_store(keys, digest, cost),
        }
    }

    /// Takes a permit of one token of the key's limiter if it is free and no caller waits for the key.
    ///
    /// # Errors
    ///
    /// [`is_not_yet`](Error::is_not_yet), with the time until a permit is free in [`retry_after`](Error::retry_after);
    /// [`is_closed`](Error::is_closed); [`is_keys_exhausted`](Error::is_keys_exhausted).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Keyed, Quota};
    ///
    /// let tenants: Keyed<String> = Keyed::new(Quota::per_hour(NonZeroU32::MIN));
    /// tenants.try_acquire("acme")?;
    /// let error = tenants.try_acquire("acme").unwrap_err();
    /// assert!(error.is_not_yet());
    /// assert!(error.retry_after() > Some(Duration::from_secs(3500)));
    /// # Ok::<(), paced::Error>(())
    /// ```
    #[inline]
    pub fn try_acquire<Q: Hash + ?Sized>(&self, key: &Q) -> Result<KeyedPermit<'_>, Error>
    where
        K: Borrow<Q>,
    {
        let (keys, now) = (self.keys(), clock::quick());
        let (digest, fingerprint) = keys.digest_and_fingerprint(key);
        #[cfg(feature = "test-util")]
        if crate::context::unpaced::is_on() {
            return Ok(KeyedPermit::new(keys, fingerprint, now));
        }
        if !keys.further().is_empty() {
            let id = digest.map_or(KeyId::Fingerprint(fingerprint), KeyId::Digest);
            let kept = keys.try_take_together(id, 1, now)?;
            return Ok(KeyedPermit::keeping(keys, fingerprint, now, kept));
        }
        if let Some(digest) = digest {
            let kept = KeptLimiter::try_acquire(keys, keys.limiter_in_store(digest)?)?;
            return Ok(KeyedPermit::keeping(keys, fingerprint, now, kept));
        }
        match keys.take::<false>(fingerprint, 1, now) {
            TakeOutcome::Granted => Ok(KeyedPermit::new(keys, fingerprint, now)),
            TakeOutcome::NotBefore(until) => Err(keys.not_yet(until, now)),
            TakeOutcome::NoRoom => Err(keys.exhausted()),
            TakeOutcome::Limiter(limiter) => {
                let kept = KeptLimiter::try_acquire(keys, limiter)?;
                Ok(KeyedPermit::keeping(keys, fingerprint, now, kept))
            }
            TakeOutcome::NoLimiter => {
                let kept = KeptLimiter::try_acquire(keys, keys.limiter(fingerprint)?)?;
                Ok(KeyedPermit::keeping(keys, fingerprint, now, kept))
            }
        }
    }

    /// Returns a handle of the key's limiter: to wait for permits with costs in several limits, or to set a quota for this
    /// key alone.
    ///
    /// A key is remembered for as long as there is a handle of it, or a [`Receipt`](crate::Receipt). A key whose quota was set
    /// is remembered for good: it counts as limited.
    ///
    /// # Errors
    ///
    /// [`is_keys_exhausted`](Error::is_keys_exhausted) for a new key for which there is no room.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// let per_second = |count| Quota::per_second(NonZeroU32::new(count).unwrap());
    /// let tenants: Keyed<str> = Keyed::new(per_second(5));
    /// // A tenant with a larger contract.
    /// tenants.limiter("acme")?.set_quota(per_second(100));
    /// assert_eq!(tenants.snapshot("acme").quota, per_second(100));
    /// assert_eq!(tenants.snapshot("globex").quota, per_second(5));
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn limiter<Q: Hash + ?Sized>(&self, key: &Q) -> Result<Limiter, Error>
    where
        K: Borrow<Q>,
    {
        let keys = self.keys();
        Ok(keys.handle(keys.limiter_of(keys.id(key))?))
    }

    /// Closes the key's limiter for this long, at most one hour, as [`Limiter::cooldown_for`] does. Other keys go on.
    ///
    /// # Errors
    ///
    /// [`is_keys_exhausted`](Error::is_keys_exhausted) for a new key for which there is no room.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Keyed, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let tenants: Keyed<str> = Keyed::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// tenants.cooldown_for("acme", Duration::from_secs(60))?;
    /// assert_eq!(tenants.snapshot("acme").cooldown, Some(Duration::from_secs(60)));
    /// assert_eq!(tenants.snapshot("globex").cooldown, None);
    /// # Ok(()) }
    /// ```
    pub fn cooldown_for<Q: Hash + ?Sized>(&self, key: &Q, duration: Duration) -> Result<(), Error>
    where
        K: Borrow<Q>,
    {
        self.limiter(key)?.cooldown_for(duration);
        Ok(())
    }

    /// Returns the state of the key's limiter as of now. Its counts begin when the key gets a whole limiter.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// let tenants: Keyed<u64> = Keyed::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// tenants.try_acquire(&7)?;
    /// assert_eq!(tenants.snapshot(&7).available, 4);
    /// assert_eq!(tenants.snapshot(&8).available, 5);
    /// assert_eq!(tenants.len(), 1, "a look at a key does not add it");
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn snapshot<Q: Hash + ?Sized>(&self, key: &Q) -> Snapshot
    where
        K: Borrow<Q>,
    {
        let keys = self.keys();
        keys.snapshot(keys.digest_and_fingerprint(key).1)
    }

    /// Returns the number of keys that are remembered, also of those whose buckets have been full again for a short time.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// let tenants: Keyed<u64> = Keyed::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// assert!(tenants.is_empty());
    /// tenants.try_acquire(&7)?;
    /// tenants.try_acquire(&8)?;
    /// assert_eq!(tenants.len(), 2);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn len(&self) -> usize {
        self.keys().len()
    }

    /// Returns whether no key is remembered.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// static TENANTS: Keyed<u64> = Keyed::new(Quota::per_second(NonZeroU32::MIN));
    /// assert!(TENANTS.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Another handle of the same keys.
impl<K: ?Sized> Clone for Keyed<K> {
    fn clone(&self) -> Self {
        Self {
            quota: self.quota,
            max_keys: self.max_keys,
            keys: OnceLock::from(Arc::clone(self.keys())),
            of: PhantomData,
        }
    }
}

/// Shows numbers, and no key.
impl<K: ?Sized> fmt::Debug for Keyed<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys();
        f.debug_struct("Keyed")
            .field("quota", &keys.quota())
            .field("keys", &keys.len())
            .field("whole_limiters", &keys.wholes())
            .field("max_keys", &keys.max())
            .finish_non_exhaustive()
    }
}
