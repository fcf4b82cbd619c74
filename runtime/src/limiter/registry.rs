//! Limiters that functions share by name.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::error::Error;
use crate::quota::Quota;
use crate::store::Policy;
use crate::store::Store;

use super::Limiter;

type Registry = HashMap<Box<str>, Limiter>;

static REGISTRY: Mutex<Option<Registry>> = Mutex::new(None);

/// The limiter of this name, made with this quota if it is new.
pub(super) fn declare(name: &str, quota: Quota) -> Result<Limiter, Error> {
    declare_as(name, quota, None)
}

/// The limiter of this name, made with this quota in this store if it is new.
pub(super) fn declare_in_store(
    name: &str,
    quota: Quota,
    store: &Arc<dyn Store>,
    policy: Policy,
) -> Result<Limiter, Error> {
    declare_as(name, quota, Some((store, policy)))
}

fn declare_as(
    name: &str,
    quota: Quota,
    place: Option<(&Arc<dyn Store>, Policy)>,
) -> Result<Limiter, Error> {
    with(|limiters| {
        let Some(known) = limiters.get(name) else {
            let limiter = match place {
                None => Limiter::new(quota),
                Some((store, policy)) => Limiter::in_store(name, quota, Arc::clone(store), policy)?,
            };
            limiters.insert(name.into(), limiter.clone());
            return Ok(limiter);
        };
        if known.quota != quota {
            return Err(Error::conflict(format!(
                "limiter \"{name}\" is declared twice: once with {}, once with {quota}; \
                 give both declarations the same rate and burst, or two names",
                known.quota,
            )));
        }
        if !known.shared().is_in(place) {
            return Err(Error::conflict(format!(
                "limiter \"{name}\" is declared twice, with different stores; \
                 give both declarations the same `store` and `on_store_error`, or two names"
            )));
        }
        Ok(known.clone())
    })
}

/// The limiter of this name, if somebody declared it.
pub(crate) fn find(name: &str) -> Result<Limiter, Error> {
    with(|limiters| limiters.get(name).cloned()).ok_or_else(|| {
        Error::conflict(format!(
            "limiter \"{name}\" is not declared yet: give `rate` beside `limiter = \"{name}\"`, \
             or call `Limiter::named(\"{name}\", ..)` before",
        ))
    })
}

fn with<T>(act: impl FnOnce(&mut Registry) -> T) -> T {
    let mut registry = REGISTRY.lock().unwrap_or_else(PoisonError::into_inner);
    act(registry.get_or_insert_with(HashMap::new))
}
