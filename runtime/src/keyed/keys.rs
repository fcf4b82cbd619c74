//! All keys of a keyed limiter, in shards.
//!
//! The lock of a shard is held for a few lines of arithmetic. Inside of it only the lock of a key's own limiter is taken,
//! and never the other way round.

use core::hash::Hash;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::bucket::Bucket;
use crate::clock;
use crate::error::Error;
use crate::limiter;
use crate::limiter::Limiter;
use crate::limiter::Shared;
use crate::limiter::Totals;
use crate::quota::Quota;
use crate::time::Instant;
use crate::time::Span;

use super::declaration::Declaration;
use super::ended_calls::EndedCalls;
use super::further::FurtherLimiter;
use super::hasher::KeyHasher;
use super::key_changes::KeyChanges;
use super::shard::KeyState;
use super::shard::Shard;
use super::terms::CommonTerms;

/// Mean number of keys of one shard, of a keyed limiter with `max_keys` keys. The table has 4096 places then, enough for five
/// standard deviations more. It grows to this size in less than a tenth of a millisecond. Denser tables are faster: with a
/// million keys, an access is one read from memory.
const KEYS_OF_A_SHARD: usize = 3000;

/// One access of this many sweeps.
const ACCESSES_OF_A_SWEEP: u32 = 16;

/// Buckets of the tables that one sweep looks at: two for each access.
const BUCKETS_OF_A_SWEEP: usize = 32;

/// Buckets of each of two shards that are looked at before a new key is refused.
const BUCKETS_OF_A_REFUSAL: usize = 16;

/// All keys of a keyed limiter.
#[derive(Debug)]
pub(crate) struct Keys {
    shards: Box<[Padded]>,
    pub(super) hasher: KeyHasher,
    /// Number of keys.
    len: AtomicUsize,
    /// Shard that is swept next.
    next: AtomicUsize,
    pub(super) declared: Declaration,
    /// Held while the terms are changed.
    pub(super) changes: Mutex<KeyChanges>,
    /// Terms of all keys. Each shard has them, too.
    pub(super) terms: Mutex<Arc<CommonTerms>>,
    /// Calls that have ended, of those that were granted by buckets.
    pub(super) ended: EndedCalls,
    /// Calls of those that whole limiters have counted as well, or that have put back what they took.
    pub(super) recounted: AtomicU64,
    /// Counts and waits of earlier templates. A template counts the calls that closed keys refuse.
    pub(super) of_templates: Mutex<Totals>,
    /// Limiter of no key, which knows the units. A change of the limits keeps their units.
    template: Arc<Shared>,
    /// Further limiters that calls take from at the same time.
    pub(super) further: Vec<FurtherLimiter<Self>>,
}

/// A shard in cache lines of its own.
#[derive(Debug)]
#[repr(align(128))]
struct Padded(Mutex<Shard>);

/// Result of asking for tokens.
#[derive(Debug)]
pub(crate) enum Taken {
    /// They are taken.
    Granted,
    /// The limiter decides.
    Limiter(Arc<Shared>),
}

/// Result of taking tokens of a key without making its limiter. A flat enum, which is returned in registers.
#[derive(Debug)]
pub(super) enum TakeOutcome {
    /// They are taken.
    Granted,
    /// The limiter decides.
    Limiter(Arc<Shared>),
    /// The tokens are not there before this instant.
    NotBefore(Instant),
    /// A whole limiter has to decide, and there is none.
    NoLimiter,
    /// There is no room for a new key.
    NoRoom,
}

impl Keys {
    /// Declares limiters of keys. Those that have a name are known by it. `further`: limiters that calls take from at
    /// the same time, in their order.
    pub(crate) fn declare(
        declaration: Declaration,
        further: Vec<FurtherLimiter<Self>>,
    ) -> Arc<Self> {
        if !declaration.is_named {
            return Arc::new(Self::new(declaration, further));
        }
        limiter::declare_keys(|| Arc::new(Self::new(declaration, further)))
    }

    fn new(declared: Declaration, further: Vec<FurtherLimiter<Self>>) -> Self {
        let terms = Arc::new(CommonTerms::new(&declared));
        let shards = declared.max_keys.div_ceil(KEYS_OF_A_SHARD);
        let shards = shards.clamp(1, 1 << 16);
        let shard = |_| Padded(Mutex::new(Shard::new(&terms)));
        Self {
            shards: (0..shards).map(shard).collect(),
            hasher: KeyHasher::new(),
            len: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
            declared,
            changes: Mutex::default(),
            ended: EndedCalls::new(),
            recounted: AtomicU64::new(0),
            of_templates: Mutex::default(),
            template: Arc::clone(&terms.template),
            terms: Mutex::new(terms),
            further,
        }
    }

    /// Returns the fingerprint of a key whose limits are in no store. Two keys of one fingerprint share a bucket, which only
    /// tightens.
    #[inline]
    pub(crate) fn fingerprint<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.hasher.fingerprint(key)
    }

    /// Takes tokens of a key, or returns the limiter through which to wait for them. `None`: there is
    /// [no room](Self::exhausted) for a new key.
    #[inline]
    pub(crate) fn admit<const CALL: bool>(
        &self,
        fingerprint: u64,
        cost: u32,
        now: Instant,
    ) -> Option<Taken> {
        match self.take::<CALL>(fingerprint, cost, now) {
            TakeOutcome::Granted => Some(Taken::Granted),
            TakeOutcome::Limiter(limiter) => Some(Taken::Limiter(limiter)),
            TakeOutcome::NoRoom => None,
            TakeOutcome::NoLimiter | TakeOutcome::NotBefore(_) => {
                self.limiter(fingerprint).map(Taken::Limiter).ok()
            }
        }
    }

    /// Takes tokens of a key. `CALL`: for a call, whose [end](Self::ended) is counted.
    #[inline]
    pub(super) fn take<const CALL: bool>(
        &self,
        fingerprint: u64,
        cost: u32,
        now: Instant,
    ) -> TakeOutcome {
        match self.try_take::<CALL>(fingerprint, cost, now) {
            TakeOutcome::NoRoom => self.take_with_room::<CALL>(fingerprint, cost, now),
            outcome => outcome,
        }
    }

    /// Takes tokens of a key after making room for a new one.
    #[cold]
    fn take_with_room<const CALL: bool>(
        &self,
        fingerprint: u64,
        cost: u32,
        now: Instant,
    ) -> TakeOutcome {
        if self.make_room(fingerprint, now) {
            return self.try_take::<CALL>(fingerprint, cost, now);
        }
        TakeOutcome::NoRoom
    }

    #[inline]
    fn try_take<const CALL: bool>(&self, fingerprint: u64, cost: u32, now: Instant) -> TakeOutcome {
        let mut shard = self.shard(fingerprint);
        let sweeps = shard.is_nth_access(ACCESSES_OF_A_SWEEP);
        let (shape, is_compact) = (shard.shape, shard.is_compact);
        let outcome = match shard.find(fingerprint) {
            KeyState::Compact(mut bucket) if is_compact => match bucket.take(cost, now, shape) {
                Ok(()) => TakeOutcome::Granted,
                Err(until) => TakeOutcome::NotBefore(until),
            },
            KeyState::Whole(limiter) => TakeOutcome::Limiter(limiter),
            KeyState::Nothing if is_compact => self.take_first(&mut shard, fingerprint, cost, now),
            KeyState::Compact(_) | KeyState::Nothing => TakeOutcome::NoLimiter,
        };
        if matches!(outcome, TakeOutcome::Granted) {
            if CALL {
                shard.calls += 1;
            } else {
                shard.permits += 1;
            }
        }
        drop(shard);
        if sweeps {
            self.sweep_next(BUCKETS_OF_A_SWEEP, now);
        }
        outcome
    }

    /// Takes tokens of a new key.
    fn take_first(
        &self,
        shard: &mut Shard,
        fingerprint: u64,
        cost: u32,
        now: Instant,
    ) -> TakeOutcome {
        let bucket = Bucket::new(shard.terms.unknown, shard.shape);
        let tat = match bucket.take(cost, now, Span::ZERO) {
            Ok(bucket) => bucket.tat,
            Err(until) => return TakeOutcome::NotBefore(until),
        };
        if cost > 0 {
            if !self.reserve() {
                return TakeOutcome::NoRoom;
            }
            shard.insert(fingerprint, tat);
        }
        TakeOutcome::Granted
    }

    /// Returns the limiter of a key, which is made if there is none.
    ///
    /// # Errors
    ///
    /// There is no room for a new key.
    #[cold]
    pub(crate) fn limiter(&self, fingerprint: u64) -> Result<Arc<Shared>, Error> {
        self.limiter_or(fingerprint, CommonTerms::limiter)
    }

    /// Returns the limiter of a key. `make` makes it if there is none.
    pub(super) fn limiter_or(
        &self,
        fingerprint: u64,
        make: impl Fn(&CommonTerms, Option<Instant>, Instant) -> Arc<Shared>,
    ) -> Result<Arc<Shared>, Error> {
        loop {
            let mut shard = self.shard(fingerprint);
            let (now, shape) = (clock::now(), shard.shape);
            let tat = match shard.find(fingerprint) {
                KeyState::Whole(limiter) => return Ok(limiter),
                KeyState::Compact(bucket) => Some(bucket.bucket(now, shape).tat),
                KeyState::Nothing => None,
            };
            if shard.terms.is_closed {
                return Ok(Arc::clone(&shard.terms.template));
            }
            if tat.is_none() {
                if !self.reserve() {
                    drop(shard);
                    if self.make_room(fingerprint, now) {
                        continue;
                    }
                    return Err(self.exhausted());
                }
                shard.insert(fingerprint, Instant::EPOCH);
            }
            let limiter = make(&shard.terms, tat, now);
            limiter.remember(shard.take_hidden(fingerprint));
            shard.promote(fingerprint, &limiter);
            return Ok(limiter);
        }
    }

    /// Returns a place for one more key, if there is one.
    fn reserve(&self) -> bool {
        // Refusals are many while all keys are limited, and have no part in the count.
        if self.len.load(Ordering::Relaxed) >= self.max() {
            return false;
        }
        if self.len.fetch_add(1, Ordering::Relaxed) < self.max() {
            return true;
        }
        self.len.fetch_sub(1, Ordering::Relaxed);
        false
    }

    /// Removes some of the keys that are not limited any more. Returns whether there were any.
    fn make_room(&self, fingerprint: u64, now: Instant) -> bool {
        let own = self.place(fingerprint);
        self.sweep(own, BUCKETS_OF_A_REFUSAL, now, true)
            || self.sweep_next(BUCKETS_OF_A_REFUSAL, now)
    }

    /// Sweeps a part of the next shard.
    fn sweep_next(&self, buckets: usize, now: Instant) -> bool {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.shards.len();
        self.sweep(next, buckets, now, false)
    }

    /// Sweeps a part of a shard, unless another caller uses it. Returns whether a key was removed.
    fn sweep(&self, at: usize, buckets: usize, now: Instant, waits: bool) -> bool {
        let Padded(shard) = &self.shards[at];
        let locked = if waits {
            Some(lock(shard))
        } else {
            shard.try_lock().ok()
        };
        let loud = locked.filter(|shard| !shard.is_quiet(now));
        let Some(mut locked) = loud else {
            return false;
        };
        let mut gone = Vec::new();
        let removed = locked.sweep(buckets, now, &mut gone);
        self.len.fetch_sub(removed, Ordering::Relaxed);
        drop(locked);
        // After unlocking: what a limiter holds may be the program's own.
        self.send_unsent(&gone);
        drop(gone);
        removed > 0
    }

    pub(super) fn handle(&self, limiter: Arc<Shared>) -> Limiter {
        // Its own quota is in it: this one is for a limiter that is not made yet.
        Limiter::of_key(self.declared.rows.first.quota, limiter)
    }

    /// Returns a limiter that knows the units of all keys.
    pub(crate) const fn template(&self) -> &Arc<Shared> {
        &self.template
    }

    /// Returns the time in which one token comes.
    pub(crate) fn interval(&self) -> Span {
        self.terms().shape.interval
    }

    /// Returns the terms of all keys.
    pub(super) fn terms(&self) -> Arc<CommonTerms> {
        Arc::clone(&lock(&self.terms))
    }

    pub(super) fn quota(&self) -> Quota {
        self.terms().quota()
    }

    pub(super) const fn max(&self) -> usize {
        self.declared.max_keys
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed).min(self.max())
    }

    /// Returns the number of keys that have a whole limiter.
    pub(super) fn wholes(&self) -> usize {
        let shards = self.shards.iter();
        shards.map(|shard| lock(&shard.0).wholes().count()).sum()
    }

    /// Sweeps all shards once, as accesses would.
    #[cfg(test)]
    pub(super) fn sweep_all(&self) {
        for _ in 0..self.shards.len() {
            self.sweep_next(BUCKETS_OF_A_SWEEP, clock::now());
        }
    }

    #[cfg(test)]
    pub(super) fn allocation(&self) -> usize {
        let shards = self.shards.iter();
        shards.map(|shard| lock(&shard.0).allocation()).sum()
    }

    pub(super) fn shards(&self) -> impl Iterator<Item = &Mutex<Shard>> {
        self.shards.iter().map(|Padded(shard)| shard)
    }

    #[inline]
    pub(super) fn shard(&self, fingerprint: u64) -> MutexGuard<'_, Shard> {
        lock(&self.shards[self.place(fingerprint)].0)
    }

    /// Returns the place of a key's shard. The tables use the lowest and the highest bits of the fingerprint.
    #[inline]
    const fn place(&self, fingerprint: u64) -> usize {
        let of_two_to_the_32 = fingerprint >> 16 & 0xffff_ffff;
        ((of_two_to_the_32 * self.shards.len() as u64) >> 32) as usize
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code under the lock panics halfway through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
