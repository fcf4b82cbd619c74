//! A further limiter of a call, and the costs that the call takes from it.

use std::sync::Arc;
use std::sync::OnceLock;

use crate::costs::Costs;
use crate::error::Error;
use crate::limiter::Shared;

use super::FurtherLimiter;
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
    Keyed(Arc<Keys>, u64, OnceLock<Arc<Shared>>),
    /// Limiter of all keys.
    Shared(Arc<Shared>),
}

impl Keys {
    /// Returns what a call takes from further limiters. `others`: the fingerprints of its further keys. `costs`: what it takes
    /// from a limiter.
    #[cold]
    pub(crate) fn further_costs(
        &self,
        others: &[u64],
        mut costs: impl FnMut(&Arc<Shared>) -> Costs,
    ) -> Vec<FurtherCost> {
        let mut others = others.iter().copied();
        let further = self.further().iter().map(|limiter| match limiter {
            FurtherLimiter::Keyed(keys) => {
                let fingerprint = others.next().unwrap_or_default();
                FurtherCost::keyed(keys, fingerprint, costs(keys.template()))
            }
            FurtherLimiter::Shared(limiter) => FurtherCost::shared(limiter, costs(limiter)),
        });
        further.collect()
    }
}

impl FurtherCost {
    fn keyed(keys: &Arc<Keys>, fingerprint: u64, costs: Costs) -> Self {
        Self {
            limiter: Lookup::Keyed(Arc::clone(keys), fingerprint, OnceLock::new()),
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
            Lookup::Keyed(keys, fingerprint, known) => {
                if let Some(limiter) = known.get() {
                    return Ok(limiter);
                }
                let limiter = keys.limiter(*fingerprint)?;
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
