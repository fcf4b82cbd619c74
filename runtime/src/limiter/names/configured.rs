//! The configuration in force: changes to limiters that it names, also to those that are declared later.

use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::events;
use crate::mode::Mode;
use crate::quota::Quota;
use crate::row::Rows;

use super::further_names::name_of_keys;
use crate::limiter::Limiter;
use crate::limiter::changes::LimiterChanges;
use crate::limiter::changes::Misfit;
use crate::limiter::shared::Shared;

/// Changes to the limiter of one name.
#[derive(Debug)]
pub(crate) struct ConfiguredLimiter {
    pub(crate) changes: LimiterChanges,
    /// A limiter of the name has been declared since the configuration was applied.
    pub(crate) used: AtomicBool,
}

/// Limiters of a configuration by their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Configuration {
    pub(crate) limiters: Arc<BTreeMap<Arc<str>, Arc<ConfiguredLimiter>>>,
    /// It goes before quotas that the program has set by hand.
    pub(crate) overriding: bool,
}

static IN_FORCE: Mutex<Option<Configuration>> = Mutex::new(None);

/// Returns the configuration in force.
pub(in crate::limiter) fn in_force() -> Configuration {
    let in_force = IN_FORCE.lock().unwrap_or_else(PoisonError::into_inner);
    in_force.clone().unwrap_or_default()
}

/// Puts a configuration in force. Only while no limiter is declared.
pub(in crate::limiter) fn put_in_force(configuration: Configuration) {
    let mut in_force = IN_FORCE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = in_force.replace(configuration);
    drop(in_force);
    drop(before);
}

impl ConfiguredLimiter {
    pub(crate) const fn new(changes: LimiterChanges) -> Self {
        Self {
            changes,
            used: AtomicBool::new(false),
        }
    }

    pub(crate) fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    pub(in crate::limiter) fn note_use(&self) {
        self.used.store(true, Ordering::Relaxed);
    }

    /// Returns the limits of a limiter that was declared with `declared`.
    pub(in crate::limiter) fn applied_to(
        &self,
        declared: &Rows,
        in_store: bool,
    ) -> Result<Rows, Misfit> {
        let rows = self.changes.applied_to(declared)?;
        Limiter::check(&rows, in_store)?;
        Ok(rows)
    }
}

/// Returns the limits that a limiter begins with that is declared with `declared`, and the mode that the configuration
/// gives it. Only while no other one is declared.
///
/// A mistake that shows only now does not end the program's calls: the declaration stands, and an event tells.
pub(super) fn beginning_of(
    shared: &Shared,
    declared: &Rows,
    in_store: bool,
) -> (Rows, Option<Mode>) {
    let configuration = in_force();
    let name = shared.name().map(|name| &**name).unwrap_or_default();
    let beginning = configuration.beginning_of(name, declared, in_store);
    if beginning.is_some() && configuration.overriding {
        shared.forget_by_hand();
        shared.naming.unsettle();
    }
    beginning.unwrap_or_else(|| (declared.clone(), None))
}

/// [`beginning_of`] limiters of keys that have a name. `None`: the configuration does not change them.
pub(super) fn beginning_of_keys(
    name: &str,
    declared: &Rows,
    in_store: bool,
) -> Option<(Rows, Option<Mode>)> {
    in_force().beginning_of(name, declared, in_store)
}

impl Configuration {
    /// Returns whether it names this limiter, or the keys whose calls also take from it.
    pub(in crate::limiter) fn concerns(&self, name: &str, declared: &Rows) -> bool {
        let is_named = |name: &str| self.limiters.contains_key(name);
        is_named(name) || (declared.is_inner && name_of_keys(name).is_some_and(is_named))
    }

    /// Returns the mode of this limiter: its own, or that of the keys whose calls also take from it.
    pub(in crate::limiter) fn mode_of(&self, name: &str, declared: &Rows) -> Option<Mode> {
        let mode = |name: &str| self.limiters.get(name)?.changes.mode;
        let of_keys = || mode(name_of_keys(name)?);
        mode(name).or_else(|| of_keys().filter(|_| declared.is_inner))
    }

    fn beginning_of(
        &self,
        name: &str,
        declared: &Rows,
        in_store: bool,
    ) -> Option<(Rows, Option<Mode>)> {
        let Some(configured) = self.limiters.get(name) else {
            let mode = self.mode_of(name, declared)?;
            return Some((declared.clone(), Some(mode)));
        };
        match configured.applied_to(declared, in_store) {
            Ok(rows) => {
                configured.note_use();
                Some((rows, self.mode_of(name, declared)))
            }
            Err(Misfit { keys, sentence }) => {
                events::configuration_unfit(name, &keys.join("."), &sentence);
                None
            }
        }
    }
}

impl Shared {
    /// Changes the quota by hand: it goes before the configuration.
    pub(in crate::limiter) fn set_quota_by_hand(&self, quota: Quota) {
        self.naming.note_by_hand(0);
        self.set_quota(quota);
    }

    /// Forgets what the program has set by hand: a configuration goes before it.
    pub(in crate::limiter) fn forget_by_hand(&self) {
        self.naming.forget_by_hand();
        self.mode.forget_set();
    }

    /// Changes the bound on calls in flight to that of `rows`, if the configuration before or the new one names it.
    ///
    /// Otherwise it stays: it may have been found by refusals.
    pub(in crate::limiter) fn configure_slots(
        &self,
        changes: [Option<&LimiterChanges>; 2],
        rows: &Rows,
    ) {
        let mut named = changes.into_iter().flatten();
        if named.any(|it| it.max_concurrency.is_some()) {
            self.bound_slots(rows.concurrency);
        }
    }

    /// Changes the limits to those of a configuration, but for those that the program has set by hand.
    pub(in crate::limiter) fn change_limits(&self, rows: &Rows) {
        let quota = rows.first.quota;
        let is_ours = |row| !self.naming.is_by_hand(row);
        let changes_first = self.with_state(|state, now, wakes| {
            let mut changes = false;
            for (row, it) in (1..).zip(&rows.others) {
                if is_ours(row) && state.row_quota(row) != Some(it.quota) {
                    state.set_row_quota(row, it.quota, now);
                    changes = true;
                }
            }
            let changes_first = is_ours(0) && state.quota() != quota;
            if changes_first {
                state.set_quota(quota, &self.fast_path, now, wakes);
            } else if changes {
                state.expel(now, wakes);
            }
            changes_first
        });
        if changes_first {
            // Resources that are named from now on get the new quota.
            for resource in self.all_resources() {
                resource.change_quota(quota.without_window());
            }
        }
    }
}
