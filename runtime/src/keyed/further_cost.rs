//! A further limiter of a call, and the costs that the call takes from it.

use std::sync::Arc;
use std::sync::OnceLock;

use crate::costs::Costs;
use crate::error::Error;
use crate::limiter::Shared;

use super::FurtherKey;
use super::FurtherLimiter;
use super::KeyId;
use super::Keys;

/// A further limiter of a call, and the costs that the call takes from it.
#[derive(Debug)]
pub(crate) struct FurtherCost {
    limiter: Lookup,
    costs: Costs,
}

#[derive(Debug)]
enum Lookup {
    /// Limiter of a further key, which is kept once it is known.
    Keyed(Arc<Keys>, KeyId, OnceLock<Arc<Shared>>),
    /// Limiter of all keys.
    Shared(Arc<Shared>),
}

impl Keys {
    /// Returns what a call takes from further limiters. `others`: its further keys. `costs`: what it takes
    /// from a limiter.
    #[cold]
    pub(crate) fn further_costs(
        &self,
        others: &[FurtherKey<'_>],
        mut costs: impl FnMut(&Arc<Shared>) -> Costs,
    ) -> Vec<FurtherCost> {
        let mut others = others.iter();
        let further = self.further().iter().map(|limiter| match limiter {
            FurtherLimiter::Keyed(keys) => {
                let id = others.next().map(|key| key.id(keys));
                let id = id.unwrap_or(KeyId::Fingerprint(0));
                FurtherCost::keyed(keys, id, costs(keys.template()))
            }
            FurtherLimiter::Shared(limiter) => FurtherCost::shared(limiter, costs(limiter)),
        });
        further.collect()
    }
}

impl FurtherCost {
    fn keyed(keys: &Arc<Keys>, id: KeyId, costs: Costs) -> Self {
        Self {
            limiter: Lookup::Keyed(Arc::clone(keys), id, OnceLock::new()),
            costs,
        }
    }

    fn shared(limiter: &Arc<Shared>, costs: Costs) -> Self {
        Self {
            limiter: Lookup::Shared(Arc::clone(limiter)),
            costs,
        }
    }

    /// Returns the limiter, once it is known.
    pub(crate) fn limiter(&self) -> Option<&Arc<Shared>> {
        match &self.limiter {
            Lookup::Keyed(.., limiter) => limiter.get(),
            Lookup::Shared(limiter) => Some(limiter),
        }
    }

    /// Returns the limiter, which is made if there is none.
    ///
    /// # Errors
    ///
    /// There is no room for a new key.
    pub(crate) fn find(&self) -> Result<&Arc<Shared>, Error> {
        match &self.limiter {
            Lookup::Keyed(keys, id, known) => {
                if let Some(limiter) = known.get() {
                    return Ok(limiter);
                }
                let limiter = keys.limiter_of(*id)?;
                Ok(known.get_or_init(|| limiter))
            }
            Lookup::Shared(limiter) => Ok(limiter),
        }
    }

    /// Returns what the call takes from it.
    pub(crate) const fn costs(&self) -> &Costs {
        &self.costs
    }
}
