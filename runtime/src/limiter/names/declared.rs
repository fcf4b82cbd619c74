//! Limiters of one name in one store that are declared with different quotas, as far as this process can see it.

use core::ptr;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::Weak;

use crate::events;
use crate::quota::Quota;

use crate::limiter::callback::Callback;
use crate::limiter::remote::client::StoreClient;
use crate::limiter::shared::Shared;
use crate::limiter::sweep::SweepAt;

/// Address of a store, and the name of a limiter in it.
type LimiterPlace = (usize, Arc<str>);

struct DeclaredLimiters {
    limiters: HashMap<LimiterPlace, Weak<dyn Callback>>,
    /// Number of places at which those of dropped limiters are removed.
    sweep_at: SweepAt,
}

static KNOWN: Mutex<Option<DeclaredLimiters>> = Mutex::new(None);

impl Shared {
    /// Records the limiter's place in its store, and emits an event if another limiter at that place has
    /// another quota.
    pub(in crate::limiter) fn compare_quotas(&self, client: &StoreClient, quota: Quota) {
        let other = note(client, &self.me).and_then(|other| other.upgrade());
        let same = |other: &Arc<dyn Callback>| ptr::addr_eq(Arc::as_ptr(other), self);
        let Some(other) = other.filter(|other| !same(other)) else {
            return;
        };
        // The lock of `KNOWN` is released: reading the quota takes the other limiter's lock.
        let theirs = other.quota();
        if theirs != quota {
            events::quotas_differ(client.key(), &quota, &theirs);
        }
    }
}

/// Puts a limiter at its place, and returns the one that was there before.
fn note(client: &StoreClient, limiter: &Weak<dyn Callback>) -> Option<Weak<dyn Callback>> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_with(|| DeclaredLimiters {
        limiters: HashMap::new(),
        sweep_at: SweepAt::NEW,
    });
    if known.sweep_at.is_due(known.limiters.len()) {
        known
            .limiters
            .retain(|_, limiter| limiter.strong_count() > 0);
        known.sweep_at.swept(known.limiters.len());
    }
    known.limiters.insert(client.place(), Weak::clone(limiter))
}
