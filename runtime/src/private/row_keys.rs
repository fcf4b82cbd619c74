//! Limits with a key of their own, and limits that all keys share.

use core::hash::Hash;
use std::sync::Arc;

use crate::costs::Costs;
use crate::error::Error;
use crate::keyed::Declaration;
use crate::keyed::FurtherKey;
use crate::keyed::FurtherLimiter;
use crate::keyed::Keys;
use crate::limiter;
use crate::limiter::Shared;
use crate::row::Row;
use crate::row::RowKey;
use crate::row::Rows;

use super::settings::KeySettings;
use super::settings::Settings;
use super::site::Site;
use super::stores::StoreChoice;

/// The value of a further key.
#[inline]
pub fn further_key<'k, K: Hash + ?Sized>(key: &'k &K) -> FurtherKey<'k> {
    FurtherKey::of(key)
}

impl Row {
    /// Makes it a limit of the function's further key at this place.
    #[must_use]
    pub const fn of_further_key(mut self, place: u8) -> Self {
        self.key = RowKey::Further(place);
        self
    }

    /// Makes it a limit that all keys share.
    #[must_use]
    pub const fn of_all_keys(mut self) -> Self {
        self.key = RowKey::All;
        self
    }
}

impl Settings {
    /// Returns limiters of keys with these limits.
    pub(super) fn new_keys(
        &self,
        keyed: KeySettings,
        rows: &Rows,
        name: &'static str,
    ) -> Result<Arc<Keys>, Error> {
        let declaration = self.declaration(keyed, first_key(rows)?, name)?;
        let further = self.further(keyed, rows, name)?;
        Ok(Keys::declare(declaration, further))
    }

    /// Returns the limiters beside those of the first key, in the order of their keys.
    pub(super) fn further(
        &self,
        keyed: KeySettings,
        rows: &Rows,
        name: &str,
    ) -> Result<Vec<FurtherLimiter<Keys>>, Error> {
        let further = (0..u8::MAX).map_while(|place| {
            let rows = of_key(rows, RowKey::Further(place), true)?;
            Some((rows, limiter::name_of_further(name, place)))
        });
        let further = further.map(|(rows, name)| {
            let declaration = Declaration {
                is_named: false,
                ..self.declaration(keyed, rows, leak(name))?
            };
            let keys = Keys::declare(declaration, Vec::new());
            Ok(FurtherLimiter::Keyed(keys))
        });
        let mut further: Vec<FurtherLimiter<Keys>> = further.collect::<Result<_, Error>>()?;
        if let Some(rows) = of_key(rows, RowKey::All, true) {
            let limiter = self.limiter_of_all_keys(&rows, name)?;
            further.push(FurtherLimiter::Shared(limiter));
        }
        Ok(further)
    }

    /// Returns the limiter of the limits that all keys share. `name`: that of the limiters of keys.
    fn limiter_of_all_keys(&self, rows: &Rows, name: &str) -> Result<Arc<Shared>, Error> {
        let name = leak(limiter::name_of_shared(name));
        let store = self.store.map(StoreChoice::open).transpose()?;
        let place = store.as_ref().map(|store| (store, self.policy));
        let limiter = limiter::own(name, rows, place)?;
        let shared = limiter.shared();
        if let Some(mode) = self.mode {
            shared.declare_mode(mode);
        }
        Ok(Arc::clone(shared))
    }
}

/// Returns the limits of the first key.
///
/// # Errors
///
/// There are none.
pub(super) fn first_key(rows: &Rows) -> Result<Rows, Error> {
    let first = of_key(rows, RowKey::First, false);
    let first = first.ok_or(Error::invalid("no limit has the key of the function"))?;
    Ok(first.with_concurrency(rows.concurrency))
}

/// Returns the limits of a key, beside those of the others. `None`: there are none.
fn of_key(rows: &Rows, key: RowKey, is_inner: bool) -> Option<Rows> {
    let (own, elsewhere) = rows.iter().partition::<Vec<Row>, _>(|row| row.key == key);
    Some(Rows::of(own)?.with_elsewhere(elsewhere, is_inner))
}

/// Leaks the name of a limiter of a function, which lives as long as the program.
fn leak(name: String) -> &'static str {
    Box::leak(name.into_boxed_str())
}

impl Site {
    /// Returns the amounts that a call takes of the units in the settings.
    pub(super) fn amounts<'a>(
        &self,
        costs: &'a [u64],
    ) -> impl Iterator<Item = (&'static str, u64)> + use<'a> {
        self.settings
            .units
            .iter()
            .copied()
            .zip(costs.iter().copied())
    }

    /// Sets the costs of a call in the limiter of its first key.
    ///
    /// # Errors
    ///
    /// None of its limiters counts one of the units.
    pub(super) fn set_joint_costs(
        &self,
        own: &mut Costs,
        keys: &Keys,
        amounts: &[u64],
    ) -> Result<(), Error> {
        let template = keys.template();
        for (unit, amount) in self.amounts(amounts) {
            let is_elsewhere = |further: &FurtherLimiter<Keys>| match further {
                FurtherLimiter::Keyed(keys) => keys.template().counts(unit),
                FurtherLimiter::Shared(limiter) => limiter.counts(unit),
            };
            if !keys.further().iter().any(is_elsewhere) {
                let checked = template.costs_of([(unit, amount)]);
                checked.map_err(|error| error.in_function(self.name))?;
            }
        }
        *own = template.known_costs(self.amounts(amounts));
        Ok(())
    }
}
