//! State of a key, as a program sees it.

use core::sync::atomic::Ordering;
use std::sync::Arc;

use crate::bucket::Bucket;
use crate::clock;
use crate::limiter::Snapshot;
use crate::limiter::Totals;

use super::keys::Keys;
use super::keys::lock;
use super::shard::KeyState;

impl Keys {
    /// Returns what has happened so far on the limiters of all keys together.
    pub(super) fn totals(&self) -> Totals {
        let recounted = self.recounted.load(Ordering::Relaxed);
        let mut all = *lock(&self.of_templates);
        all.add(&self.terms().template.totals());
        for shard in self.shards() {
            let shard = lock(shard);
            all.add_granted(shard.calls, shard.permits);
            if let Some(gone) = &shard.gone {
                all.add(gone);
            }
            for limiter in shard.wholes() {
                all.add(&limiter.totals());
            }
        }
        let counts = &mut all.counts;
        counts.calls = counts.calls.wrapping_sub(recounted);
        counts.attempts -= recounted.min(counts.attempts);
        counts.granted -= recounted.min(counts.granted);
        all
    }

    /// Returns the state of a key.
    pub(super) fn snapshot(&self, fingerprint: u64) -> Snapshot {
        let (now, mut shard) = (clock::now(), self.shard(fingerprint));
        let (shape, is_compact) = (shard.shape, shard.is_compact);
        let bucket = match shard.find(fingerprint) {
            KeyState::Whole(limiter) => {
                drop(shard);
                return self.handle(limiter).snapshot();
            }
            KeyState::Compact(bucket) => Some(bucket.bucket(now, shape)),
            KeyState::Nothing => None,
        };
        let terms = Arc::clone(&shard.terms);
        drop(shard);
        if is_compact {
            let bucket = bucket.unwrap_or_else(|| Bucket::new(terms.unknown, shape));
            return Snapshot::of_bucket(terms.quota(), bucket, now);
        }
        let mut snapshot = self.handle(Arc::clone(&terms.template)).snapshot();
        if let Some(bucket) = bucket.filter(|_| !terms.is_closed) {
            snapshot.available = bucket.available(now);
        }
        snapshot
    }
}
