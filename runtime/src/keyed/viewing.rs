//! State of a key, as a program sees it.

use std::sync::Arc;

use crate::bucket::Bucket;
use crate::clock;
use crate::limiter::Snapshot;

use super::keys::Keys;
use super::shard::KeyState;

impl Keys {
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
