//! Limits with a key of their own, and limits that all keys share.

use core::hash::Hash;
use std::sync::Arc;
use std::sync::LazyLock;

use crate::costs::Costs;
use crate::error::Error;
use crate::keyed::Declaration;
use crate::keyed::FurtherLimiter;
use crate::keyed::KeyHasher;
use crate::keyed::Keys;
use crate::limiter;
use crate::limiter::Shared;
use crate::row::Row;
use crate::row::RowKey;
use crate::row::Rows;

use super::settings::KeySettings;
use super::settings::Settings;
use super::site::Site;

/// Fingerprint of a further key.
pub type FurtherKey = u64;

/// Returns the fingerprint of a further key. All functions share its seed.
pub fn further_key<K: Hash + ?Sized>(key: &K) -> FurtherKey {
    static HASHER: LazyLock<KeyHasher> = LazyLock::new(KeyHasher::new);
    HASHER.fingerprint(key)
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
    /// Returns limiters of keys with these limits, in the order of their keys. The limits that all keys share are a limiter
    /// that has the name with `.shared` behind it.
    pub(super) fn new_keys(
        &self,
        keyed: KeySettings,
        rows: Rows,
        name: &'static str,
    ) -> Result<Arc<Keys>, Error> {
        if rows.iter().all(|row| row.key == RowKey::First) {
            let declaration = self.declaration(keyed, rows, name)?;
            return Ok(Keys::declare(declaration, Vec::new()));
        }
        let concurrency = rows.concurrency;
        let all: Vec<Row> = rows.iter().copied().collect();
        let of = |key: RowKey, is_inner: bool| {
            let (own, elsewhere) = all.iter().partition::<Vec<Row>, _>(|row| row.key == key);
            Some(Rows::of(own)?.with_elsewhere(elsewhere, is_inner))
        };
        let further = (0..u8::MAX).map_while(|place| of(RowKey::Further(place), true));
        let further = further.map(|rows| {
            let declaration = Declaration {
                is_named: false,
                ..self.declaration(keyed, rows, name)?
            };
            let keys = Keys::declare(declaration, Vec::new());
            Ok(FurtherLimiter::Keyed(keys))
        });
        let mut further: Vec<FurtherLimiter<Keys>> = further.collect::<Result<_, Error>>()?;
        if let Some(rows) = of(RowKey::All, true) {
            let limiter = self.limiter_of_all_keys(&rows, name)?;
            further.push(FurtherLimiter::Shared(limiter));
        }
        let Some(first) = of(RowKey::First, false) else {
            return Err(Error::invalid("no limit has the key of the function"));
        };
        let first = first.with_concurrency(concurrency);
        let declaration = self.declaration(keyed, first, name)?;
        Ok(Keys::declare(declaration, further))
    }

    /// Returns the limiter of the limits that all keys share. `name`: that of the limiters of keys.
    fn limiter_of_all_keys(&self, rows: &Rows, name: &str) -> Result<Arc<Shared>, Error> {
        let limiter = limiter::own(name_of_shared(name), rows, None)?;
        let shared = limiter.shared();
        if let Some(mode) = self.mode {
            shared.declare_mode(mode);
        }
        Ok(Arc::clone(shared))
    }
}

/// Refuses limits with several keys in a store. The macro refuses them before.
pub(super) fn check_in_store(rows: &Rows) -> Result<(), Error> {
    if rows.iter().all(|row| row.key == RowKey::First) {
        return Ok(());
    }
    Err(Error::invalid(
        "in a store all limits have the key of the attribute: remove the keys of single limits, or remove `store`",
    ))
}

/// Returns the name of the limiter of all keys, which lives as long as the program, as its function does.
fn name_of_shared(name: &str) -> &'static str {
    Box::leak(format!("{name}.shared").into_boxed_str())
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
