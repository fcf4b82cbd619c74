//! One of many parts of the keys: a table of compact buckets, and the whole limiters of those keys that need one.

use core::mem;
use std::sync::Arc;

use hashbrown::HashTable;

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::limiter::Beyond;
use crate::limiter::Shared;
use crate::limiter::Totals;
use crate::limiter::Unforgotten;
use crate::time::Instant;
use crate::time::Span;

use super::hidden::HiddenTokens;
use super::table::BucketTable;
use super::table::KeyEntry;
use super::terms::CommonTerms;

/// Mark in the place of a bucket: the key has a whole limiter.
const WHOLE: Instant = Instant::FAR;

/// Capacity below which no table is made smaller.
const SMALL: usize = 16;

/// Part of the keys.
#[derive(Debug)]
pub(super) struct Shard {
    /// A bucket of each key, or [`WHOLE`].
    keys: BucketTable,
    whole: HashTable<(u64, Arc<Shared>)>,
    hidden: HiddenTokens,
    pub(super) terms: Arc<CommonTerms>,
    /// Shape by the [terms](Self::terms), where it is read at each access.
    pub(super) shape: Shape,
    pub(super) is_compact: bool,
    /// Bucket of the table that the sweep looks at next.
    hand: usize,
    pass: Pass,
    /// Number of accesses.
    accesses: u32,
    /// Number of calls that its buckets have granted.
    pub(super) calls: u64,
    /// Number of other permits that its buckets have granted.
    pub(super) permits: u64,
    /// Counts and waits of limiters that are gone.
    pub(super) gone: Option<Box<Totals>>,
}

/// Pass of the sweep over a table, and what the one before has found.
///
/// Buckets become full again later and later while they are used, so an instant before which none was full stays one.
#[derive(Debug)]
struct Pass {
    /// No bucket of the table is full again before this instant.
    none_before: Instant,
    /// Number of places of the table that this pass has looked at.
    places: usize,
    /// No bucket in these places, and of the keys that came since the pass began, is full again before this instant.
    earliest: Instant,
}

impl Pass {
    const fn new() -> Self {
        Self {
            none_before: Instant::FAR,
            places: 0,
            earliest: Instant::FAR,
        }
    }

    /// Returns that of a table whose buckets may be full again earlier than before.
    const fn of_changed_buckets() -> Self {
        Self {
            none_before: Instant::EPOCH,
            ..Self::new()
        }
    }

    /// Counts a bucket.
    fn add(&mut self, tat: Instant) {
        self.none_before = self.none_before.min(tat);
        self.earliest = self.earliest.min(tat);
    }

    /// Begins again, because the table moves its buckets to other places.
    const fn restart(&mut self) {
        self.places = 0;
        self.earliest = Instant::FAR;
    }

    /// Counts places that were looked at, of `all`.
    fn advance(&mut self, places: usize, all: usize) {
        self.places += places;
        if self.places >= all {
            self.none_before = self.earliest;
            self.restart();
        }
    }
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
            keys: BucketTable::default(),
            whole: HashTable::new(),
            hidden: HiddenTokens::NONE,
            terms: Arc::clone(terms),
            shape: terms.shape,
            is_compact: terms.is_compact,
            hand: 0,
            pass: Pass::new(),
            accesses: 0,
            calls: 0,
            permits: 0,
            gone: None,
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
        match self.keys.find_mut(fingerprint) {
            None => KeyState::Nothing,
            Some(KeyEntry { tat, .. }) if *tat != WHOLE => KeyState::Compact(CompactBucket(tat)),
            Some(_) => whole_of(&self.whole, fingerprint),
        }
    }

    /// Adds a key of which nothing is known.
    pub(super) fn insert(&mut self, fingerprint: u64, tat: Instant) {
        if self.keys.is_full() {
            self.pass.restart();
        }
        self.pass.add(tat);
        self.keys.insert(KeyEntry { fingerprint, tat });
    }

    /// Returns whether a sweep would find nothing: no key is whole, and no bucket is full again.
    ///
    /// A bucket is full again within its capacity. One that is not came from the clock of another runtime, which is ahead of
    /// this one's (paused time in tests), and an access may bring it back.
    #[inline]
    pub(super) fn is_quiet(&self, now: Instant) -> bool {
        let none_before = self.pass.none_before;
        let is_quiet = now < none_before && none_before <= now.after(self.shape.capacity);
        self.keys.len() == 0 || is_quiet && self.whole.is_empty()
    }

    /// Gives a key its whole limiter, which has to be at the level of its bucket.
    pub(super) fn promote(&mut self, fingerprint: u64, whole: &Arc<Shared>) {
        if let Some(key) = self.keys.find_mut(fingerprint) {
            key.tat = WHOLE;
            let whole = Arc::clone(whole);
            self.whole
                .insert_unique(fingerprint, (fingerprint, whole), |it| it.0);
        }
    }

    /// Looks at the next `buckets` of the table. Removes keys whose buckets are full again, and makes keys compact whose
    /// limiters have nothing else to remember. Returns the number of keys that were removed. The limiters that are put
    /// into `gone` have to be dropped after unlocking. Some of them are kept, and have to tell their stores of something.
    pub(super) fn sweep(
        &mut self,
        buckets: usize,
        now: Instant,
        gone: &mut Vec<Arc<Shared>>,
    ) -> usize {
        let all = self.keys.places();
        let buckets = buckets.min(all);
        if self.hand >= all {
            self.hand = 0;
        }
        let (mut removed, mut places) = (0, 0);
        while removed < buckets && places < buckets {
            let at = self.hand;
            if self.look_at(at, now, gone) {
                // Another key may be there now.
                removed += 1;
                continue;
            }
            places += 1;
            self.hand = if at + 1 < all { at + 1 } else { 0 };
        }
        self.pass.advance(places, all);
        if removed > 0 {
            self.shrink();
        }
        removed
    }

    /// Looks at a place. Returns whether its key was removed.
    fn look_at(&mut self, at: usize, now: Instant, gone: &mut Vec<Arc<Shared>>) -> bool {
        let Some(&key) = self.keys.at(at) else {
            return false;
        };
        if key.tat != WHOLE {
            return self.update(at, key, now);
        }
        let level = self.demote(key.fingerprint, gone, now);
        level.is_some_and(|tat| self.update(at, KeyEntry { tat, ..key }, now))
    }

    /// Removes the whole limiter of a key that no caller uses, if a bucket is enough or none is needed. Returns the level of
    /// the bucket.
    fn demote(
        &mut self,
        fingerprint: u64,
        gone: &mut Vec<Arc<Shared>>,
        now: Instant,
    ) -> Option<Instant> {
        let whole = self.whole.find_entry(fingerprint, |it| it.0 == fingerprint);
        let entry = whole.ok()?;
        // Others are made under the lock of this shard alone.
        let (_, shared) = entry.get();
        if Arc::strong_count(shared) > 1 {
            return None;
        }
        let level = match shared.level(&self.terms.later) {
            Ok(level) if self.is_compact || level <= now => level,
            Err(Unforgotten::Unsent) => {
                gone.push(Arc::clone(shared));
                return None;
            }
            _ => return None,
        };
        let ((_, shared), _) = entry.remove();
        self.gone.get_or_insert_default().add(&shared.totals());
        gone.push(shared);
        Some(level)
    }

    /// Removes the key at a place of the table if its bucket is full, and else stores its level.
    fn update(&mut self, at: usize, key: KeyEntry, now: Instant) -> bool {
        let KeyEntry { fingerprint, tat } = key;
        let bucket = Bucket::new(tat, self.shape);
        if tat > now || !self.hidden.are_back(fingerprint, bucket, now) {
            self.pass.add(tat);
            if let Some(key) = self.keys.at_mut(at) {
                key.tat = tat;
            }
            return false;
        }
        self.keys.remove(at);
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
        self.pass = Pass::of_changed_buckets();
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
            self.pass.restart();
            self.keys.shrink_to(len * 2);
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
        self.keys.allocation()
    }
}

/// Returns the whole limiter of a key that has one.
fn whole_of(wholes: &HashTable<(u64, Arc<Shared>)>, fingerprint: u64) -> KeyState<'static> {
    match wholes.find(fingerprint, |it| it.0 == fingerprint) {
        None => KeyState::Nothing,
        Some((_, shared)) => KeyState::Whole(Arc::clone(shared)),
    }
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;

    use super::*;
    use crate::keyed::declaration::Declaration;
    use crate::quota::Quota;

    #[test]
    fn a_shard_that_is_quiet_has_no_bucket_that_is_full() {
        let quota = Quota::per_second(NonZeroU32::MIN).with_burst(NonZeroU32::MAX);
        let terms = Arc::new(CommonTerms::new(&Declaration::of_one(quota)));
        let (shape, mut shard) = (terms.shape, Shard::new(&terms));
        let (mut now, mut seed) = (Instant::from_nanos(1 << 40), 1_u64);
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        let (mut quiet, mut removed, mut shrunk) = (0, 0, 0);
        for step in 0..40_000_u64 {
            // Keys come in waves.
            let is_wave = step / 5_000 % 2 == 0;
            let fingerprint = (1 + random(300)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            match shard.find(fingerprint) {
                KeyState::Compact(mut bucket) if is_wave => {
                    bucket.take(1, now, shape).expect("it is never empty");
                }
                KeyState::Nothing if is_wave => {
                    let tat = now + Span::from_secs(1 + random(20));
                    shard.insert(fingerprint, tat);
                }
                _ => {}
            }
            now = now + Span::from_millis(random(20));
            let places = shard.keys.places();
            let looks = usize::try_from(random(64)).expect("small");
            if shard.is_quiet(now) {
                quiet += 1;
                let mut keys = (0..places).filter_map(|at| shard.keys.at(at));
                assert!(keys.all(|key| now < key.tat), "{step}");
            }
            removed += shard.sweep(looks, now, &mut Vec::new());
            shrunk += usize::from(shard.keys.places() < places);
        }
        let counts = [quiet, removed, shrunk];
        assert!(quiet > 1000 && removed > 300 && shrunk > 3, "{counts:?}");
    }
}
