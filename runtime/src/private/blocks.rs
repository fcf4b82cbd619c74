//! Limiters that the functions of an `impl` block share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::error::Error;
use crate::keyed::Keys;
use crate::limiter::Limiter;

/// `impl` block whose functions share a limiter.
#[derive(Debug)]
pub struct Block {
    /// Path of the type, which is the limiter's name unless the attribute gives one.
    name: &'static str,
    /// Place in the source, which tells blocks of one type apart.
    place: &'static str,
}

/// Limiters of the blocks, by their names and places.
static LIMITERS: Mutex<BTreeMap<(&str, &str), Limiter>> = Mutex::new(BTreeMap::new());

/// Limiters of the keys of the blocks, by their names and places.
static KEYS: Mutex<BTreeMap<(&str, &str), Arc<Keys>>> = Mutex::new(BTreeMap::new());

impl Block {
    /// Returns the block of this name in this place.
    pub const fn new(name: &'static str, place: &'static str) -> Self {
        Self { name, place }
    }

    /// Returns the limiter, which the first call of any function of the block makes.
    pub(super) fn limiter(
        &self,
        declare: impl FnOnce(&'static str) -> Result<Option<Limiter>, Error>,
    ) -> Result<Option<Limiter>, Error> {
        let mut limiters = LIMITERS.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (self.name, self.place);
        if let Some(limiter) = limiters.get(&key) {
            return Ok(Some(limiter.clone()));
        }
        let limiter = declare(self.name)?;
        limiters.extend(limiter.clone().map(|limiter| (key, limiter)));
        Ok(limiter)
    }

    /// Returns the limiters of the keys, which the first call of any function of the block makes.
    pub(super) fn keys(
        &self,
        declare: impl FnOnce(&'static str) -> Result<Arc<Keys>, Error>,
    ) -> Result<Arc<Keys>, Error> {
        let mut all = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (self.name, self.place);
        if let Some(keys) = all.get(&place) {
            return Ok(Arc::clone(keys));
        }
        let keys = declare(self.name)?;
        all.insert(place, Arc::clone(&keys));
        Ok(keys)
    }
}
