//! Limiters that functions share by name.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::error::Error;
use crate::quota::Quota;

use super::Limiter;

type Registry = HashMap<Box<str>, Limiter>;

static REGISTRY: Mutex<Option<Registry>> = Mutex::new(None);

/// The limiter of this name, made with this quota if it is new.
pub(super) fn declare(name: &str, quota: Quota) -> Result<Limiter, Error> {
    with(|limiters| match limiters.get(name) {
        None => {
            let limiter = Limiter::new(quota);
            limiters.insert(name.into(), limiter.clone());
            Ok(limiter)
        }
        Some(limiter) if limiter.quota == quota => Ok(limiter.clone()),
        Some(limiter) => Err(Error::conflict(format!(
            "limiter \"{name}\" is declared twice: once with {}, once with {quota}; \
             give both declarations the same rate and burst, or two names",
            limiter.quota,
        ))),
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
