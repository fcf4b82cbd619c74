//! Building a keyed limiter.

use core::fmt;
use core::marker::PhantomData;

use crate::costs::MAX_ROWS;
use crate::error::Error;
use crate::grammar;
use crate::mode::Mode;
use crate::quota::Quota;
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
    /// Limits that all keys share.
    pub(super) shared: Vec<Row>,
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
            },
            shared: Vec::new(),
            of: PhantomData,
        }
    }

    /// Sets the name for errors and events, which never name the key. Default: `"keyed"`.
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
        if self.declaration.rows.others.len() >= MAX_ROWS || self.shared.len() > MAX_ROWS {
            return Err(Error::invalid("a limiter has at most eight limits"));
        }
        Ok(Keyed::of(self.declaration, self.shared))
    }
}

impl<K: ?Sized> Clone for KeyedBuilder<K> {
    fn clone(&self) -> Self {
        Self {
            declaration: self.declaration.clone(),
            shared: self.shared.clone(),
            of: PhantomData,
        }
    }
}

impl<K: ?Sized> fmt::Debug for KeyedBuilder<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedBuilder")
            .field("declaration", &self.declaration)
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}
