//! One of many parts of the keys: a table of compact buckets, and the whole limiters of those keys that need one.

use core::mem;
use std::sync::Arc;

use hashbrown::HashTable;

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::limiter::Beyond;
use crate::limiter::Shared;
use crate::time::Instant;
use crate::time::Span;

use super::hidden::HiddenTokens;
use super::terms::CommonTerms;

/// Mark in the place of a bucket: the key has a whole limiter.
const WHOLE: Instant = Instant::FAR;

/// Capacity below which no table is made smaller.
const SMALL: usize = 16;

/// One key.
#[derive(Clone, Copy, Debug)]
struct KeyEntry {
    fingerprint: u64,
    /// The instant at which its bucket is full again, or [`WHOLE`].
    tat: Instant,
}

/// Part of the keys.
#[derive(Debug)]
pub(super) struct Shard {
    keys: HashTable<KeyEntry>,
    whole: HashTable<(u64, Arc<Shared>)>,
    hidden: HiddenTokens,
    pub(super) terms: Arc<CommonTerms>,
    /// Shape by the [terms](Self::terms), where it is read at each access.
    pub(super) shape: Shape,
    pub(super) is_compact: bool,
    /// Bucket of the table that the sweep looks at next.
    hand: usize,
    /// Number of accesses.
    accesses: u32,
    /// Number of calls that its buckets have granted.
    pub(super) calls: u64,
}

/// State of a key.
#[derive(Debug)]
pub(super) enum KeyState<'a> {
    /// Nothing: its bucket is full.
    Nothing,
    /// It is a bucket.
    Compact(CompactBucket<'a>),
    /// It has a whole limiter.
    Whole(Arc<Shared>),
}

/// Bucket of a key in its table.
#[derive(Debug)]
pub(super) struct CompactBucket<'a>(&'a mut Instant);

impl CompactBucket<'_> {
    /// Takes tokens. `Err`: the instant at which they can be taken.
    #[inline]
    pub(super) fn take(&mut self, cost: u32, now: Instant, shape: Shape) -> Result<(), Instant> {
        let bucket = self.bucket(now, shape);
        *self.0 = bucket.take(cost, now, Span::ZERO)?.tat;
        Ok(())
    }

    /// Returns the bucket. The clock of another runtime may have been ahead of this one's.
    #[inline]
    pub(super) fn bucket(&self, now: Instant, shape: Shape) -> Bucket {
        let mut bucket = Bucket::new(*self.0, shape);
        bucket.bound(now);
        bucket
    }
}

impl Shard {
    pub(super) fn new(terms: &Arc<CommonTerms>) -> Self {
        Self {
            keys: HashTable::new(),
            whole: HashTable::new(),
            hidden: HiddenTokens::NONE,
            terms: Arc::clone(terms),
            shape: terms.shape,
            is_compact: terms.is_compact,
            hand: 0,
            accesses: 0,
            calls: 0,
        }
    }

    /// Counts an access. Returns whether it is one of `every` many.
    #[inline]
    pub(super) const fn is_nth_access(&mut self, every: u32) -> bool {
        self.accesses = self.accesses.wrapping_add(1);
        self.accesses % every == 0
    }

    /// Returns what is known of a key.
    #[inline]
    pub(super) fn find(&mut self, fingerprint: u64) -> KeyState<'_> {
        let key = self
            .keys
            .find_mut(fingerprint, |key| key.fingerprint == fingerprint);
        match key {
            None => KeyState::Nothing,
            Some(KeyEntry { tat, .. }) if *tat != WHOLE => KeyState::Compact(CompactBucket(tat)),
            Some(_) => whole_of(&self.whole, fingerprint),
        }
    }

    /// Adds a key of which nothing is known.
    pub(super) fn insert(&mut self, fingerprint: u64, tat: Instant) {
        let key = KeyEntry { fingerprint, tat };
        self.keys.insert_unique(fingerprint, key, hash);
    }

    /// Gives a key its whole limiter, which has to be at the level of its bucket.
    pub(super) fn promote(&mut self, fingerprint: u64, whole: &Arc<Shared>) {
        let key = self
            .keys
            .find_mut(fingerprint, |key| key.fingerprint == fingerprint);
        if let Some(key) = key {
            key.tat = WHOLE;
            let whole = (fingerprint, Arc::clone(whole));
            self.whole.insert_unique(fingerprint, whole, |it| it.0);
        }
    }

    /// Looks at the next `buckets` of the table. Removes keys whose buckets are full again, and makes keys compact whose
    /// limiters have nothing else to remember. Returns the number of keys that were removed. The limiters that are put
    /// into `gone` have to be dropped after unlocking.
    pub(super) fn sweep(
        &mut self,
        buckets: usize,
        now: Instant,
        gone: &mut Vec<Arc<Shared>>,
    ) -> usize {
        let all = self.keys.num_buckets();
        let mut removed = 0;
        for _ in 0..buckets.min(all) {
            let at = self.hand;
            self.hand = if at + 1 < all { at + 1 } else { 0 };
            let Some(key) = self.keys.get_bucket(at) else {
                continue;
            };
            let tat = if key.tat == WHOLE {
                let Some(level) = self.demote(key.fingerprint, gone, now) else {
                    continue;
                };
                level
            } else {
                key.tat
            };
            removed += usize::from(self.update(at, tat, now));
        }
        if removed > 0 {
            self.shrink();
        }
        removed
    }

    /// Removes the whole limiter of a key that no caller uses, if a bucket is enough or none is needed. Returns the level of
    /// the bucket.
    fn demote(
        &mut self,
        fingerprint: u64,
        gone: &mut Vec<Arc<Shared>>,
        now: Instant,
    ) -> Option<Instant> {
        let entry = self
            .whole
            .find_entry(fingerprint, |it| it.0 == fingerprint)
            .ok()?;
        // Others are made under the lock of this shard alone.
        let (_, shared) = entry.get();
        if Arc::strong_count(shared) > 1 {
            return None;
        }
        let level = shared
            .level(&self.terms.later)
            .filter(|level| self.is_compact || *level <= now)?;
        let ((_, shared), _) = entry.remove();
        gone.push(shared);
        Some(level)
    }

    /// Removes the key at a place of the table if its bucket is full, and else stores its level.
    fn update(&mut self, at: usize, tat: Instant, now: Instant) -> bool {
        let Ok(mut entry) = self.keys.get_bucket_entry(at) else {
            return false;
        };
        let fingerprint = entry.get().fingerprint;
        let bucket = Bucket::new(tat, self.shape);
        if tat > now || !self.hidden.are_back(fingerprint, bucket, now) {
            entry.get_mut().tat = tat;
            return false;
        }
        entry.remove();
        drop(self.hidden.take(fingerprint));
        true
    }

    /// Removes and returns the tokens of a key that are used up beyond its bucket.
    pub(super) fn take_hidden(&mut self, fingerprint: u64) -> Beyond {
        self.hidden.take(fingerprint)
    }

    /// Puts other terms in force, for all keys that are nothing but buckets. Tokens used up stay used up.
    pub(super) fn retune(&mut self, terms: &Arc<CommonTerms>, now: Instant) {
        let before = mem::replace(&mut self.shape, terms.shape);
        self.is_compact = terms.is_compact;
        self.terms = Arc::clone(terms);
        if before == self.shape {
            return;
        }
        let mut hidden = mem::replace(&mut self.hidden, HiddenTokens::NONE);
        for key in self.keys.iter_mut().filter(|key| key.tat != WHOLE) {
            let mut beyond = hidden.take(key.fingerprint);
            if key.tat <= now && !beyond.any() {
                continue;
            }
            let mut bucket = Bucket::new(key.tat, before);
            bucket.bound(now);
            beyond.gain(now.since(bucket.tat), before);
            let old = bucket;
            bucket.reshape(self.shape, now);
            beyond.follow(old, &mut bucket, now);
            key.tat = bucket.tat;
            self.hidden.put(key.fingerprint, beyond);
        }
    }

    /// Gives memory back, in steps that are as long as the growth to the same size.
    fn shrink(&mut self) {
        let (len, capacity) = (self.keys.len(), self.keys.capacity());
        if capacity > SMALL && len < capacity / 8 {
            self.keys.shrink_to(len * 2, hash);
        }
        let (len, capacity) = (self.whole.len(), self.whole.capacity());
        if capacity > SMALL && len < capacity / 8 {
            self.whole.shrink_to(len * 2, |it| it.0);
        }
    }

    /// Returns the limiters that are whole.
    pub(super) fn wholes(&self) -> impl Iterator<Item = &Arc<Shared>> {
        self.whole.iter().map(|(_, shared)| shared)
    }

    /// Returns the bytes of its tables.
    #[cfg(test)]
    pub(super) fn allocation(&self) -> usize {
        self.keys.allocation_size()
    }
}

/// Returns the whole limiter of a key that has one.
fn whole_of(wholes: &HashTable<(u64, Arc<Shared>)>, fingerprint: u64) -> KeyState<'static> {
    let whole = wholes.find(fingerprint, |it| it.0 == fingerprint);
    whole.map_or(KeyState::Nothing, |(_, shared)| {
        KeyState::Whole(Arc::clone(shared))
    })
}

const fn hash(key: &KeyEntry) -> u64 {
    key.fingerprint
}
