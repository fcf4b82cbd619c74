//! Limiters of keys that are known by a name: to configurations, and for the end of a program.

use core::fmt;
use core::sync::atomic::Ordering;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::Weak;

use crate::mode::Mode;
use crate::row::Rows;

use super::configured;
use super::registry;
use crate::limiter::shared::Shared;
use crate::limiter::sweep::SweepAt;
use crate::limiter::unfinished::Unfinished;

/// Limiters of keys that have one name.
pub(crate) trait NamedKeys: fmt::Debug + Send + Sync {
    fn name(&self) -> &'static str;

    /// Returns the limits that each key was declared with.
    fn declared(&self) -> &Rows;

    /// Returns whether their limits are in a store.
    fn are_in_store(&self) -> bool;

    /// Applies what a configuration says of all keys. `None`: it does not name them. `overriding`: it goes before what the
    /// program has set by hand.
    fn configure(&self, configured: Option<ConfiguredKeys>, overriding: bool);

    /// Returns the limiters of further keys that their calls also take from.
    fn further_keys(&self) -> Vec<Arc<dyn NamedKeys>>;

    /// Refuses all calls from now on.
    fn close(&self);

    /// Returns what is under way after they were closed.
    fn unfinished(&self) -> Unfinished;

    /// Returns whether their calls take from this limiter, too.
    fn take_from(&self, limiter: &Arc<Shared>) -> bool;
}

/// Limits and mode of each key, by a configuration.
#[derive(Clone, Debug)]
pub(crate) struct ConfiguredKeys {
    pub(crate) rows: Rows,
    pub(crate) mode: Option<Mode>,
}

#[derive(Debug)]
struct AllKeys {
    all: Vec<Weak<dyn NamedKeys>>,
    /// Number at which those that were dropped are removed.
    sweep_at: SweepAt,
}

static NAMED: Mutex<AllKeys> = Mutex::new(AllKeys {
    all: Vec::new(),
    sweep_at: SweepAt::NEW,
});

/// Makes limiters of keys that have a name, and applies the configuration in force.
pub(crate) fn declare_keys<K: NamedKeys + 'static>(make: impl FnOnce() -> Arc<K>) -> Arc<K> {
    let _alone = registry::begin_declaring();
    let keys = make();
    begin_configured(&*keys);
    for further in keys.further_keys() {
        begin_configured(&*further);
    }
    if registry::CLOSED.load(Ordering::Relaxed) {
        keys.close();
    }
    let weak = Arc::downgrade(&keys);
    let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    if named.sweep_at.is_due(named.all.len()) {
        named.all.retain(|keys| keys.strong_count() > 0);
        let left = named.all.len();
        named.sweep_at.swept(left);
    }
    named.all.push(weak);
    keys
}

/// Applies the configuration in force to new keys.
fn begin_configured(keys: &dyn NamedKeys) {
    let (name, declared) = (keys.name(), keys.declared());
    let configured = configured::beginning_of_keys(name, declared, keys.are_in_store());
    if let Some((rows, mode)) = configured {
        keys.configure(Some(ConfiguredKeys { rows, mode }), false);
    }
}

/// Returns the limiters of keys, also of further keys, whose names and limits are accepted.
pub(in crate::limiter) fn declared_with_further(
    is_accepted: &dyn Fn(&str, &Rows) -> bool,
) -> Vec<Arc<dyn NamedKeys>> {
    let all = declared().into_iter().flat_map(|keys| {
        let further = keys.further_keys();
        core::iter::once(keys).chain(further)
    });
    all.filter(|it| is_accepted(it.name(), it.declared()))
        .collect()
}

/// Returns all limiters of keys that have a name, but for those of further keys.
pub(in crate::limiter) fn declared() -> Vec<Arc<dyn NamedKeys>> {
    let named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    named.all.iter().filter_map(Weak::upgrade).collect()
}
