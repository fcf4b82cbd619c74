//! Building a keyed limiter.

use core::fmt;
use core::marker::PhantomData;
use core::num::NonZeroU32;
use std::sync::Arc;

use crate::error::Error;
use crate::grammar;
use crate::limiter::PlaceOfKeys;
use crate::mode::Mode;
use crate::quota::Quota;
use crate::row::MaxConcurrency;
use crate::row::Row;
use crate::store::Policy;
use crate::store::Store;

use super::Declaration;
use super::Keyed;

/// Builder of a [`Keyed`] with several limits, or with another number of keys: [`Keyed::builder`].
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{Keyed, KeyedBuilder, Quota};
///
/// let per_minute = |count| Quota::per_minute(NonZeroU32::new(count).unwrap());
/// let builder: KeyedBuilder<str> = Keyed::builder(per_minute(500));
/// let accounts = builder.name("openai").row("tokens", per_minute(30_000)).max_keys(10_000).build()?;
/// assert_eq!(accounts.snapshot("acme").row("tokens").unwrap().available, 500);
/// # Ok::<(), paced::Error>(())
/// ```
#[must_use = "a builder makes a limiter only by `build`"]
pub struct KeyedBuilder<K: ?Sized> {
    declaration: Declaration,
    store: Option<Arc<dyn Store>>,
    policy: Option<Policy>,
    /// Limits that all keys share.
    pub(super) shared: Vec<Row>,
    of: PhantomData<fn(&K)>,
}

impl<K: ?Sized> KeyedBuilder<K> {
    pub(super) const fn new(quota: Quota) -> Self {
        Self {
            declaration: Declaration::of_one(quota),
            store: None,
            policy: None,
            shared: Vec::new(),
            of: PhantomData,
        }
    }

    /// Sets the name for errors and events, which never name the key, for a [`Config`](crate::Config), which changes all keys,
    /// and for the limits in a [store](Self::store). Default: no name, and `"keyed"` in errors and events.
    ///
    /// Several keyed limiters may have the same name. What a configuration says of it holds for all of them, and for a
    /// [`Limiter`](crate::Limiter) of the name.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// let tenants: Keyed<str> = Keyed::builder(Quota::per_hour(NonZeroU32::MIN)).name("crm").build()?;
    /// tenants.try_acquire("acme")?;
    /// let text = tenants.try_acquire("acme").unwrap_err().to_string();
    /// assert!(text.contains("limiter \"crm\"") && !text.contains("acme"));
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn name(mut self, name: &'static str) -> Self {
        self.declaration.label = name;
        self.declaration.is_named = true;
        self
    }

    /// Adds a limit of another unit, such as the tokens of a language model, or a second one of `"requests"`. At most
    /// seven can be added. The quota of the builder is that of requests.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// let quota = |count| Quota::per_minute(NonZeroU32::new(count).unwrap());
    /// let accounts: Keyed<u64> = Keyed::builder(quota(500)).row("tokens", quota(30_000)).build()?;
    /// assert_eq!(accounts.snapshot(&7).row("tokens").unwrap().quota, quota(30_000));
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn row(mut self, unit: &'static str, quota: Quota) -> Self {
        self.declaration.rows.others.push(Row::new(unit, quota));
        self
    }

    /// Sets the maximum number of keys that are remembered. Default: 1,000,000.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// let hosts: Keyed<str> = Keyed::builder(Quota::per_hour(NonZeroU32::MIN)).max_keys(2).build()?;
    /// hosts.try_acquire("a.example")?;
    /// hosts.try_acquire("b.example")?;
    /// assert!(hosts.try_acquire("c.example").unwrap_err().is_keys_exhausted());
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn max_keys(mut self, max_keys: usize) -> Self {
        self.declaration.max_keys = max_keys;
        self
    }

    /// Sets how many calls of each key may be in flight at once. Default: any number.
    ///
    /// It is to a key what [`LimiterBuilder::max_concurrency`](crate::LimiterBuilder::max_concurrency) is to a limiter: a
    /// [`KeyedPermit`](crate::KeyedPermit) holds a slot of its key until it is dropped. A key with calls in flight is not
    /// forgotten. Each key has a whole limiter of about 1 KiB until it is idle.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// let quota = Quota::per_second(NonZeroU32::new(50).unwrap());
    /// let tenants: Keyed<str> = Keyed::builder(quota).max_concurrency(NonZeroU32::MIN).build()?;
    /// let permit = tenants.try_acquire("acme")?;
    /// assert!(tenants.try_acquire("acme").unwrap_err().is_not_yet());
    /// tenants.try_acquire("globex")?;
    /// drop(permit);
    /// tenants.try_acquire("acme")?;
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn max_concurrency(mut self, max: NonZeroU32) -> Self {
        self.declaration.rows.concurrency = Some(MaxConcurrency::Fixed(max));
        self
    }

    /// Bounds the calls in flight of each key by what the server turns out to allow for it, as
    /// [`LimiterBuilder::auto_concurrency`](crate::LimiterBuilder::auto_concurrency) does for a limiter. The bound of a key
    /// stays for ten minutes after its last call.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// let quota = Quota::per_second(NonZeroU32::new(50).unwrap());
    /// let tenants: Keyed<str> = Keyed::builder(quota).auto_concurrency(NonZeroU32::new(8), None).build()?;
    /// assert_eq!(tenants.snapshot("acme").max_concurrency, NonZeroU32::new(8));
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn auto_concurrency(
        mut self,
        start: Option<NonZeroU32>,
        max: Option<NonZeroU32>,
    ) -> Self {
        self.declaration.rows.concurrency = Some(MaxConcurrency::Auto { start, max });
        self
    }

    /// Sets the mode in which each key begins. Default: [`Mode::Enforce`]. In other modes each key has a whole limiter of
    /// about 1 KiB until it is idle.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Mode, Quota};
    ///
    /// let quota = Quota::per_minute(NonZeroU32::MIN);
    /// let tenants: Keyed<str> = Keyed::builder(quota).mode(Mode::Observe).build()?;
    /// tenants.try_acquire("acme")?;
    /// tenants.try_acquire("acme")?;
    /// assert_eq!(tenants.snapshot("acme").would_have_refused, 1);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn mode(mut self, mode: Mode) -> Self {
        self.declaration.mode = mode;
        self
    }

    /// Sets the store in which each key has its limit, which it shares with the same key of all others of this
    /// [name](Self::name) in the same store, also in other processes and on other machines. Default: no store.
    ///
    /// A key's tokens, cooldowns and what was learnt from the server are shared as those of a limiter in a store are
    /// ([`LimiterBuilder::store`](crate::LimiterBuilder::store)). In the store the limit of a key has the name of the keyed
    /// limiter, a colon and 32 digits: the first 128 bits of the SHA-256 of the key. No key is in the store itself. A
    /// reader of the store that guesses a key can check whether it is there.
    ///
    /// In this process a key has a whole limiter from its first call until it is idle: its bucket in the store is full, no
    /// caller waits, and nothing is to be sent. All keys use the connection of the store.
    ///
    /// Processes agree on a key if its type hashes alike in all of them. Those of the standard library do, with the same
    /// major version of it, on all machines: numbers are hashed in little-endian order, `usize` as 64 bits, and a `&str` as
    /// the `String` of the same text. A slice of numbers of more than a byte is hashed in the order of the machine.
    ///
    /// It needs the feature `store-keys`, which `sqlite` and `redis` bring.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "store-keys")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// use core::num::NonZeroU32;
    /// use std::sync::Arc;
    /// use paced::store::MemoryStore;
    /// use paced::{Keyed, Quota};
    ///
    /// let builder = Keyed::builder(Quota::per_second(NonZeroU32::MIN)).name("crm");
    /// let builder = builder.store(Arc::new(MemoryStore::new()));
    /// let (here, elsewhere): (Keyed<str>, Keyed<str>) = (builder.clone().build()?, builder.build()?);
    /// let start = tokio::time::Instant::now();
    /// here.acquire("acme").await?;
    /// here.acquire("globex").await?;
    /// elsewhere.acquire("acme").await?;
    /// assert_eq!(start.elapsed().as_secs(), 1, "both take the tokens of one key from one bucket");
    /// # Ok(()) }
    /// # #[cfg(not(feature = "store-keys"))] fn main() {}
    /// ```
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets how long a call waits for the store, and what happens while the store is away. Default: [`Policy::new`], as for
    /// [`LimiterBuilder::store_policy`](crate::LimiterBuilder::store_policy).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::store::{OnStoreError, Policy};
    /// use paced::{Keyed, Quota};
    ///
    /// let closed = Policy::new().on_error(OnStoreError::Closed);
    /// let tenants = Keyed::<str>::builder(Quota::per_hour(NonZeroU32::MIN)).store_policy(closed);
    /// assert!(tenants.build().unwrap_err().is_invalid(), "a policy needs a store");
    /// ```
    pub const fn store_policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Returns the keyed limiter.
    ///
    /// # Errors
    ///
    /// [`is_invalid`](Error::is_invalid): more than eight limits, or `max_keys` of 0; a store without a name or without the
    /// feature `store-keys`, a policy without a store, or what [stores cannot keep](crate::LimiterBuilder::build).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// let none = Keyed::<u64>::builder(Quota::per_hour(NonZeroU32::MIN)).max_keys(0);
    /// assert!(none.build().unwrap_err().is_invalid());
    /// ```
    pub fn build(self) -> Result<Keyed<K>, Error> {
        let mut declaration = self.declaration;
        if declaration.max_keys == 0 {
            return Err(Error::invalid(grammar::NO_KEYS));
        }
        declaration.place = match (self.store, self.policy) {
            (Some(_), _) if !declaration.is_named => {
                return Err(Error::invalid(
                    "limits in a store need a name, by which the other processes know them: `.name(\"..\")`",
                ));
            }
            (Some(store), policy) => {
                let policy = policy.unwrap_or_default();
                Some(PlaceOfKeys::new(declaration.label, store, policy))
            }
            (None, Some(_)) => {
                return Err(Error::invalid("a store policy needs a store: `.store(..)`"));
            }
            (None, None) => None,
        };
        declaration.check()?;
        Keyed::of(declaration, self.shared)
    }
}

impl<K: ?Sized> Clone for KeyedBuilder<K> {
    fn clone(&self) -> Self {
        Self {
            declaration: self.declaration.clone(),
            store: self.store.clone(),
            policy: self.policy,
            shared: self.shared.clone(),
            of: PhantomData,
        }
    }
}

impl<K: ?Sized> fmt::Debug for KeyedBuilder<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedBuilder")
            .field("declaration", &self.declaration)
            .field("store", &self.store)
            .field("policy", &self.policy)
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}
