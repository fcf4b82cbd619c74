//! Tokens of keys that are used up beyond their buckets, after a change of the quota has made these smaller.

use hashbrown::HashTable;

use crate::bucket::Bucket;
use crate::limiter::Beyond;
use crate::time::Instant;

/// Tokens of keys that are used up beyond their buckets: see [`Beyond`]. Overflows of a bucket are not noted, so the tokens
/// come back when the key is idle, or later than they could.
#[derive(Debug, Default)]
pub(super) struct HiddenTokens(Option<Box<HashTable<(u64, Beyond)>>>);

impl HiddenTokens {
    pub(super) const NONE: Self = Self(None);

    /// Removes and returns those of one key.
    #[inline]
    pub(super) fn take(&mut self, fingerprint: u64) -> Beyond {
        if self.0.is_none() {
            return Beyond::NONE;
        }
        self.take_some(fingerprint)
    }

    #[cold]
    fn take_some(&mut self, fingerprint: u64) -> Beyond {
        let Some(table) = &mut self.0 else {
            return Beyond::NONE;
        };
        let entry = table.find_entry(fingerprint, |it| it.0 == fingerprint);
        let beyond = entry.map_or(Beyond::NONE, |entry| entry.remove().0.1);
        if table.is_empty() {
            self.0 = None;
        }
        beyond
    }

    /// Adds those of one key, which has none.
    pub(super) fn put(&mut self, fingerprint: u64, beyond: Beyond) {
        if beyond.any() {
            let table = self.0.get_or_insert_default();
            table.insert_unique(fingerprint, (fingerprint, beyond), |it| it.0);
        }
    }

    /// Returns whether all tokens of a key are back, as a bucket of any size would have it.
    #[inline]
    pub(super) fn are_back(&self, fingerprint: u64, bucket: Bucket, now: Instant) -> bool {
        let Some(table) = &self.0 else { return true };
        let entry = table.find(fingerprint, |it| it.0 == fingerprint);
        entry.is_none_or(|(_, beyond)| beyond.are_back(bucket, now))
    }
}
