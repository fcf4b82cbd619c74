//! Limits that all keys of a keyed limiter share.

use std::sync::Arc;

use crate::error::Error;
use crate::limiter::Limiter;
use crate::limiter::Shared;
use crate::quota::Quota;
use crate::row::Row;
use crate::row::Rows;
use crate::time::Instant;

use super::Declaration;
use super::FurtherLimiter;
use super::Keyed;
use super::KeyedBuilder;
use super::Keys;

impl Keys {
    /// Creates limiters of keys beside limits that all of them share.
    ///
    /// # Errors
    ///
    /// [`Error::is_invalid`].
    pub(super) fn sharing(declaration: Declaration, shared: Vec<Row>) -> Result<Arc<Self>, Error> {
        let own: Vec<Row> = declaration.rows.iter().copied().collect();
        let Some(rows) = Rows::of(shared.iter().copied()) else {
            return Ok(Self::declare(declaration, Vec::new()));
        };
        let (mode, label) = (declaration.mode, declaration.label);
        let limits = &rows.with_elsewhere(own, true);
        Limiter::check(limits, declaration.place.is_some())?;
        let limiter = match &declaration.place {
            None => Shared::of_key(limits, Instant::EPOCH, mode, label),
            Some(place) => Shared::of_all_keys_in_store(limits, place, mode),
        };
        let rows = declaration.rows.with_elsewhere(shared, false);
        let declaration = Declaration {
            rows,
            ..declaration
        };
        let further = vec![FurtherLimiter::Shared(limiter)];
        Ok(Self::declare(declaration, further))
    }
}

impl<K: ?Sized> KeyedBuilder<K> {
    /// Adds a limit that all keys share, beside those that each key has. An empty unit counts requests.
    ///
    /// A call takes from the limits of its key and from the shared ones at the same time, or from none. It waits in the queue
    /// of its key; only when its key has the tokens, it waits for the shared ones, with at most one call of each other key. So
    /// the backlog of one key neither uses the shared limit up ahead of time nor delays another key.
    ///
    /// [`acquire`](Keyed::acquire) takes from the shared limits that count requests. Costs in other units are those of
    /// annotated functions: `limiter = TENANTS, key = tenant, cost(tokens = ..)`. A handle of one
    /// [key](Keyed::limiter) has the limits of the key alone, and reports of a [permit](crate::KeyedPermit) concern them alone.
    ///
    /// The shared limits have the mode of the keys: that of the [builder](Self::mode), of a [`Config`](crate::Config), or of
    /// [`Keyed::set_mode`]. Their quotas are changed by [`Keyed::shared_limiter`] alone, and not by a [`Config`](crate::Config)
    /// or by [`Keyed::set_quota`].
    ///
    /// With a [`store`](Self::store) all processes share them, too. The store knows them by the name of the keys with
    /// `.shared` behind it.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// let per_second = |count| Quota::per_second(NonZeroU32::new(count).unwrap());
    /// let tenants: Keyed<str> = Keyed::builder(per_second(2)).shared_row("requests", per_second(3)).build()?;
    /// tenants.try_acquire("acme")?;
    /// tenants.try_acquire("acme")?;
    /// assert!(tenants.try_acquire("acme").unwrap_err().is_not_yet(), "the limit of the key");
    /// tenants.try_acquire("globex")?;
    /// assert!(tenants.try_acquire("globex").unwrap_err().is_not_yet(), "the limit of all keys");
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn shared_row(mut self, unit: &'static str, quota: Quota) -> Self {
        self.shared.push(Row::new(unit, quota));
        self
    }
}

impl<K: ?Sized> Keyed<K> {
    /// Returns a handle of the limits that all keys share: to look at them, to set their quotas, or for a cooldown of all
    /// keys. `None`: there are none.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// let per_second = |count| Quota::per_second(NonZeroU32::new(count).unwrap());
    /// let tenants: Keyed<u64> = Keyed::builder(per_second(2)).shared_row("requests", per_second(3)).build()?;
    /// tenants.try_acquire(&7)?;
    /// let shared = tenants.shared_limiter().unwrap();
    /// assert_eq!(shared.snapshot().available, 2);
    /// assert!(Keyed::<u64>::new(per_second(2)).shared_limiter().is_none());
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn shared_limiter(&self) -> Option<Limiter> {
        let mut further = self.keys().further().iter();
        further.find_map(|further| match further {
            FurtherLimiter::Shared(limiter) => Some(limiter.handle()),
            FurtherLimiter::Keyed(_) => None,
        })
    }
}
