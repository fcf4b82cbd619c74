//! Changes that concern all keys: by a configuration, by the program, and the end.

use core::cell::Cell;
use core::mem;
use std::sync::Arc;

use crate::clock;
use crate::events;
use crate::limiter::ConfiguredKeys;
use crate::limiter::NamedKeys;
use crate::limiter::Shared;
use crate::limiter::Unfinished;
use crate::mode::Mode;
use crate::quota::Quota;
use crate::row::Rows;

use super::FurtherLimiter;
use super::key_changes::KeyChanges;
use super::keys::Keys;
use super::keys::lock;
use super::terms::CommonTerms;

impl Keys {
    /// Changes the quota of all keys but those for which one was set.
    pub(super) fn set_quota(&self, quota: Quota) {
        self.change(false, |changes| changes.quota = Some(quota));
    }

    /// Changes the mode of all keys but those for which one was set, and that of the further limiters.
    pub(super) fn set_mode(&self, mode: Mode) {
        for further in self.further() {
            match further {
                FurtherLimiter::Keyed(keys) => keys.set_mode(mode),
                FurtherLimiter::Shared(limiter) => limiter.handle().set_mode(mode),
            }
        }
        self.change(false, |changes| changes.mode = Some(mode));
    }

    /// Keeps whole limiters of all keys from now on, because costs are corrected later.
    #[cold]
    pub(crate) fn settle_from_now_on(&self) {
        for further in self.further() {
            match further {
                FurtherLimiter::Keyed(keys) => keys.settle_from_now_on(),
                FurtherLimiter::Shared(limiter) => limiter.begin_settling_in_store(),
            }
        }
        if !self.declared.settles && !lock(&self.changes).settles {
            self.change(false, |changes| changes.settles = true);
        }
    }

    /// Applies a change to all keys. `overriding`: also to those for which the program has set something else.
    fn change(&self, overriding: bool, change: impl FnOnce(&mut KeyChanges)) {
        let mut changes = lock(&self.changes);
        change(&mut changes);
        if changes.is_closed {
            return;
        }
        let (rows, mode) = (changes.rows(&self.declared), changes.mode(&self.declared));
        let before = self.terms();
        let settles = self.declared.settles || changes.settles;
        let terms = before.changed(&self.declared, (rows, settles), mode, clock::now());
        let terms = Arc::new(terms);
        let (old, new) = (before.of_wholes(), terms.of_wholes());
        self.put_terms(&terms, &|limiter| {
            limiter.follow_keys(old, new, overriding);
        });
        if old.mode != new.mode {
            events::mode_changed(self.declared.label, new.mode);
        }
    }

    /// Puts terms in force, shard by shard, and shows each whole limiter to `follow`.
    fn put_terms(&self, terms: &Arc<CommonTerms>, follow: &dyn Fn(&Shared)) {
        let before = mem::replace(&mut *lock(&self.terms), Arc::clone(terms));
        lock(&self.of_templates).add(&before.template.totals());
        drop(before);
        for shard in self.shards() {
            let wholes: Vec<_> = {
                let mut shard = lock(shard);
                shard.retune(terms, clock::now());
                shard.wholes().cloned().collect()
            };
            // After unlocking: this wakes callers.
            for limiter in &wholes {
                follow(limiter);
            }
        }
    }
}

impl NamedKeys for Keys {
    fn name(&self) -> &'static str {
        self.declared.label
    }

    fn declared(&self) -> &Rows {
        &self.declared.rows
    }

    fn are_in_store(&self) -> bool {
        self.declared.place.is_some()
    }

    fn configure(&self, configured: Option<ConfiguredKeys>, overriding: bool) {
        let mode = configured.as_ref().and_then(|it| it.mode);
        for further in self.further() {
            match further {
                // One that has a name is known to the configuration.
                FurtherLimiter::Shared(limiter) if limiter.name().is_none() => {
                    limiter.follow_mode_of_keys(mode, overriding);
                }
                FurtherLimiter::Shared(_) | FurtherLimiter::Keyed(_) => {}
            }
        }
        self.change(overriding, |changes| {
            if overriding {
                (changes.quota, changes.mode) = (None, None);
            }
            changes.configured = configured;
        });
    }

    fn further_keys(&self) -> Vec<Arc<dyn NamedKeys>> {
        let keyed = self.further().iter().filter_map(|further| match further {
            FurtherLimiter::Keyed(keys) => Some(Arc::clone(keys) as Arc<dyn NamedKeys>),
            FurtherLimiter::Shared(_) => None,
        });
        keyed.collect()
    }

    fn close(&self) {
        let mut changes = lock(&self.changes);
        if mem::replace(&mut changes.is_closed, true) {
            return;
        }
        let terms = Arc::new(self.terms().closed(&self.declared));
        let refused = Cell::new(0);
        self.put_terms(&terms, &|limiter| {
            refused.set(refused.get() + limiter.shut_key());
        });
        drop(changes);
        events::closed(self.declared.label, refused.get());
    }

    fn unfinished(&self) -> Unfinished {
        // Ends are read first: so no call is missed that ends meanwhile, or that a whole limiter begins to count.
        let ended = self.ended.total();
        let template = Arc::clone(&self.terms().template);
        let (mut begun, mut of_wholes) = (0, vec![template.unfinished()]);
        for shard in self.shards() {
            let shard = lock(shard);
            begun += shard.calls;
            let wholes: Vec<_> = shard.wholes().cloned().collect();
            drop(shard);
            of_wholes.extend(wholes.iter().map(|limiter| limiter.unfinished()));
        }
        let of_buckets = Unfinished {
            in_flight: begun - ended,
            has_leases: false,
        };
        of_wholes.into_iter().chain([of_buckets]).sum()
    }

    fn take_from(&self, limiter: &Arc<Shared>) -> bool {
        let is_it = |beside: &FurtherLimiter<Self>| match beside {
            FurtherLimiter::Shared(shared) => Arc::ptr_eq(shared, limiter),
            FurtherLimiter::Keyed(_) => false,
        };
        self.further().iter().any(is_it)
    }
}
