//! Limiters of keys that functions share: those of an `impl` block, and those of one name in a store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::error::Error;
use crate::keyed::Declaration;
use crate::keyed::FurtherLimiter;
use crate::keyed::Keys;

use super::blocks::Block;

/// Keys of a name, or of a block of this name and place.
type SharedKeys = Mutex<BTreeMap<(&'static str, &'static str), Arc<Keys>>>;

static OF_BLOCKS: SharedKeys = Mutex::new(BTreeMap::new());
static NAMED: SharedKeys = Mutex::new(BTreeMap::new());

/// Returns the keys of a block, which the first call of any function of the block makes.
pub(super) fn of_block(
    block: &Block,
    declare: impl FnOnce(&'static str) -> Result<Arc<Keys>, Error>,
) -> Result<Arc<Keys>, Error> {
    let mut known = OF_BLOCKS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(keys) = known.get(&block.key()) {
        return Ok(Arc::clone(keys));
    }
    let keys = declare(block.key().0)?;
    known.insert(block.key(), Arc::clone(&keys));
    Ok(keys)
}

/// Returns the keys of this name in a store, which the first function makes that declares them. `further`: the limiters beside
/// those of the first key.
///
/// # Errors
///
/// Another function has declared them otherwise.
pub(super) fn named(
    name: &'static str,
    declaration: Declaration,
    further: impl FnOnce() -> Result<Vec<FurtherLimiter<Keys>>, Error>,
) -> Result<Arc<Keys>, Error> {
    let mut known = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(keys) = known.get(&(name, "")) {
        if keys.is_declared_as(&declaration) {
            return Ok(Arc::clone(keys));
        }
        return Err(Error::conflict(format!(
            "the keys of \"{name}\" are declared twice, with different limits, stores, modes or numbers of keys; \
             give both declarations the same, or two names",
        )));
    }
    let keys = Keys::declare(declaration, further()?);
    known.insert((name, ""), Arc::clone(&keys));
    Ok(keys)
}
