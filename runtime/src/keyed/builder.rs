//! Building a keyed limiter.

use core::fmt;
use core::marker::PhantomData;
use core::num::NonZeroU32;

use crate::costs::MAX_ROWS;
use crate::error::Error;
use crate::grammar;
use crate::mode::Mode;
use crate::quota::Quota;
use crate::row::MaxConcurrency;
use crate::row::Row;
use crate::row::Rows;

use super::Declaration;
use super::Keyed;
use super::keys::MAX_KEYS;

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
    of: PhantomData<fn(&K)>,
}

impl<K: ?Sized> KeyedBuilder<K> {
    pub(super) const fn new(quota: Quota) -> Self {
        Self {
            declaration: Declaration {
                rows: Rows::one(quota),
                max_keys: MAX_KEYS,
                mode: Mode::Enforce,
                settles: false,
                label: "keyed",
                is_named: false,
            },
            of: PhantomData,
        }
    }

    /// Sets the name for errors and events, which never name the key, and for a [`Config`](crate::Config), which changes all
    /// keys. Default: no name, and `"keyed"` in errors and events.
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

    /// Returns the keyed limiter.
    ///
    /// # Errors
    ///
    /// [`is_invalid`](Error::is_invalid): more than eight limits, or `max_keys` of 0.
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
        if self.declaration.max_keys == 0 {
            return Err(Error::invalid(grammar::NO_KEYS));
        }
        if self.declaration.rows.others.len() >= MAX_ROWS {
            return Err(Error::invalid("a limiter has at most eight limits"));
        }
        Ok(Keyed::of(self.declaration))
    }
}

impl<K: ?Sized> Clone for KeyedBuilder<K> {
    fn clone(&self) -> Self {
        Self {
            declaration: self.declaration.clone(),
            of: PhantomData,
        }
    }
}

impl<K: ?Sized> fmt::Debug for KeyedBuilder<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedBuilder")
            .field("declaration", &self.declaration)
            .finish_non_exhaustive()
    }
}
