//! Table of compact buckets, by the fingerprints of their keys.
//!
//! Linear probing: a bucket is in the first place that was free, from the one of its fingerprint on. So an access reads one
//! cache line in most cases. A table whose entries have marks beside them reads two, and with a million keys the reading of
//! memory is what an access costs. At most four fifths of the places are in use. A place becomes free by moving later
//! buckets back, so nothing is left of a key that is gone.

use core::mem;

use crate::time::Instant;

/// Places of the smallest table that is not empty.
const LEAST: usize = 4;

/// Fingerprint of a place that is free: no key has it.
const FREE: u64 = 0;

/// One key.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyEntry {
    pub(super) fingerprint: u64,
    /// The instant at which its bucket is full again, or a mark.
    pub(super) tat: Instant,
}

/// Compact buckets.
#[derive(Debug, Default)]
pub(super) struct BucketTable {
    /// As many as a power of two, or none.
    places: Box<[KeyEntry]>,
    len: usize,
}

impl BucketTable {
    /// Returns the place of a key.
    #[inline]
    pub(super) fn find(&self, fingerprint: u64) -> Option<usize> {
        let mut at = self.home(fingerprint);
        loop {
            let key = self.places.get(at)?;
            if key.fingerprint == fingerprint {
                return Some(at);
            }
            if key.fingerprint == FREE {
                return None;
            }
            at = self.next(at);
        }
    }

    #[inline]
    pub(super) fn find_mut(&mut self, fingerprint: u64) -> Option<&mut KeyEntry> {
        let at = self.find(fingerprint)?;
        self.places.get_mut(at)
    }

    /// Returns whether one more key moves the others to other places.
    pub(super) fn is_full(&self) -> bool {
        self.len >= self.capacity()
    }

    /// Adds a key that is not there.
    pub(super) fn insert(&mut self, key: KeyEntry) {
        debug_assert_ne!(key.fingerprint, FREE, "it marks free places");
        if self.is_full() {
            self.resize((self.places.len() * 2).max(LEAST));
        }
        self.place(key);
    }

    /// Returns the key in a place.
    #[inline]
    pub(super) fn at(&self, at: usize) -> Option<&KeyEntry> {
        self.places.get(at).filter(|key| key.fingerprint != FREE)
    }

    /// Returns the key in a place.
    #[inline]
    pub(super) fn at_mut(&mut self, at: usize) -> Option<&mut KeyEntry> {
        let key = self.places.get_mut(at);
        key.filter(|key| key.fingerprint != FREE)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut KeyEntry> {
        let places = self.places.iter_mut();
        places.filter(|key| key.fingerprint != FREE)
    }

    /// Removes the key in a place, where another one may be then. Others that move do so by less than the keys that stand
    /// together, towards this place.
    pub(super) fn remove(&mut self, at: usize) {
        let (mask, mut hole, mut next) = (self.mask(), at, self.next(at));
        while let Some(key) = self.at(next).copied() {
            // Moving back must not put it before its own place.
            let own = self.home(key.fingerprint);
            if next.wrapping_sub(own) & mask >= next.wrapping_sub(hole) & mask {
                self.places[hole] = key;
                hole = next;
            }
            next = self.next(next);
        }
        self.places[hole].fingerprint = FREE;
        self.len -= 1;
    }

    /// Moves all keys to a smaller table, with room for `capacity` of them.
    pub(super) fn shrink_to(&mut self, capacity: usize) {
        let places = match capacity.max(self.len) {
            0 => 0,
            keys => (keys * 5).div_ceil(4).next_power_of_two().max(LEAST),
        };
        if places < self.places.len() {
            self.resize(places);
        }
    }

    fn resize(&mut self, places: usize) {
        let free = KeyEntry {
            fingerprint: FREE,
            tat: Instant::EPOCH,
        };
        let before = mem::replace(&mut self.places, vec![free; places].into());
        self.len = 0;
        for key in before.into_iter().filter(|key| key.fingerprint != FREE) {
            self.place(key);
        }
    }

    /// Puts a key into the first place that is free for it. There is one.
    fn place(&mut self, key: KeyEntry) {
        let mut at = self.home(key.fingerprint);
        while self.at(at).is_some() {
            at = self.next(at);
        }
        self.places[at] = key;
        self.len += 1;
    }

    /// Returns the place that a key has if it is free.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a table has fewer places than the lower half of a fingerprint has values"
    )]
    const fn home(&self, fingerprint: u64) -> usize {
        fingerprint as usize & self.mask()
    }

    #[inline]
    const fn next(&self, at: usize) -> usize {
        at.wrapping_add(1) & self.mask()
    }

    #[inline]
    const fn mask(&self) -> usize {
        self.places.len().wrapping_sub(1)
    }

    /// Returns the number of places.
    pub(super) const fn places(&self) -> usize {
        self.places.len()
    }

    /// Returns the number of keys for which there is room.
    pub(super) const fn capacity(&self) -> usize {
        self.places.len() * 4 / 5
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Returns its bytes.
    #[cfg(test)]
    pub(super) fn allocation(&self) -> usize {
        size_of_val::<[KeyEntry]>(&self.places)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const fn key(fingerprint: u64, number: u64) -> KeyEntry {
        KeyEntry {
            fingerprint,
            tat: Instant::from_nanos(number),
        }
    }

    /// Checks that a table holds these keys, and no others.
    fn check(table: &BucketTable, model: &BTreeMap<u64, u64>) {
        assert_eq!(table.len(), model.len());
        assert!(table.len() <= table.capacity());
        let all = (0..table.places()).filter_map(|at| table.at(at));
        let all: BTreeMap<u64, u64> = all.map(|key| (key.fingerprint, key.tat.nanos())).collect();
        assert_eq!(&all, model);
        for (fingerprint, number) in model {
            let at = table.find(*fingerprint).and_then(|at| table.at(at));
            assert_eq!(at.map(|key| key.tat.nanos()), Some(*number));
        }
    }

    #[test]
    fn it_is_like_a_map_whatever_the_fingerprints_are() {
        // Bits of a fingerprint that differ: few make long runs, also over the end of the table.
        for mask in [u64::MAX, 0xff, 0x1f, 0xff00_0000_0000_000f, 0xffff_f000] {
            let (mut table, mut model) = (BucketTable::default(), BTreeMap::new());
            let mut seed = mask;
            for step in 0..4000_u64 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let fingerprint = ((seed ^ seed >> 33) & mask).max(1);
                let grows = step / 1000 % 2 == 0;
                match (table.find(fingerprint), seed >> 60) {
                    (Some(at), 0..4) => {
                        table.remove(at);
                        model.remove(&fingerprint);
                    }
                    (Some(_), _) => {
                        let found = table.find_mut(fingerprint).expect("it is there");
                        *found = key(fingerprint, step);
                        model.insert(fingerprint, step);
                    }
                    (None, _) if grows => {
                        table.insert(key(fingerprint, step));
                        model.insert(fingerprint, step);
                    }
                    (None, at) => {
                        let at = usize::try_from(at).expect("small") * 7 % table.places().max(1);
                        if let Some(gone) = table.at(at).copied() {
                            table.remove(at);
                            model.remove(&gone.fingerprint);
                        }
                        if step % 50 == 0 {
                            table.shrink_to(0);
                        }
                    }
                }
                if step % 20 == 0 {
                    check(&table, &model);
                }
            }
            check(&table, &model);
        }
    }

    #[test]
    fn it_is_as_large_as_its_keys_need() {
        let mut table = BucketTable::default();
        assert_eq!((table.find(7), table.allocation()), (None, 0));
        for fingerprint in 1..=1000 {
            table.insert(key(fingerprint, 0));
            let bytes = table.allocation() / table.len();
            assert!(table.len() < LEAST || bytes <= 40, "{fingerprint}: {bytes}");
        }
        for fingerprint in 1..=1000 {
            let at = table.find(fingerprint).expect("it is there");
            table.remove(at);
        }
        table.shrink_to(0);
        assert_eq!((table.len(), table.allocation()), (0, 0));
    }
}
