//! All keys of a keyed limiter, in shards.
//!
//! The lock of a shard is held for a few lines of arithmetic. Inside of it only the lock of a key's own limiter is taken,
//! and never the other way round.

use core::hash::BuildHasher as _;
use core::hash::Hash;
use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering;
use std::hash::RandomState;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::clock;
use crate::error::Context;
use crate::error::Error;
use crate::error::Kind;
use crate::limiter::Limiter;
use crate::limiter::Shared;
use crate::limiter::Snapshot;
use crate::mode::Mode;
use crate::quota::Quota;
use crate::row::Row;
use crate::row::Rows;
use crate::time::Instant;
use crate::time::Span;

use super::declaration::Declaration;
use super::shard::KeyState;
use super::shard::Shard;

/// Number of keys of one shard, if all of them are there: a table of this size grows in less than a tenth of a
/// millisecond.
const KEYS_OF_A_SHARD: usize = 4096;

/// One access of this many sweeps.
const ACCESSES_OF_A_SWEEP: u32 = 16;

/// Buckets of the tables that one sweep looks at: two for each access.
const BUCKETS_OF_A_SWEEP: usize = 32;

/// Buckets of each of two shards that are looked at before a new key is refused.
const BUCKETS_OF_A_REFUSAL: usize = 16;

/// Default of the maximum number of keys.
pub(super) const MAX_KEYS: usize = 1_000_000;

/// All keys of a keyed limiter.
#[derive(Debug)]
pub(crate) struct Keys {
    shards: Box<[Padded]>,
    hasher: RandomState,
    /// Number of keys.
    len: AtomicUsize,
    /// Shard that is swept next.
    next: AtomicUsize,
    max: usize,
    /// Limits of each key.
    rows: Rows,
    /// The same for keys that come when all buckets are full again that began empty.
    later: Rows,
    /// Mode of each key.
    mode: Mode,
    shape: Shape,
    /// A bucket is enough while no caller waits.
    is_compact: bool,
    /// Instant at which the bucket of an unknown key is full.
    unknown: Instant,
    /// Knows the units, and stands for the limiters of all keys where they are alike.
    pattern: Arc<Shared>,
    label: &'static str,
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

/// Reason for which no tokens are taken.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lack {
    /// They are there at this instant.
    Tokens(Instant),
    /// A whole limiter has to decide.
    Limiter,
    /// There is no room for a new key.
    Room,
}

impl Keys {
    pub(crate) fn new(declaration: Declaration) -> Self {
        let is_compact = declaration.is_compact();
        let Declaration {
            rows,
            max_keys,
            mode,
            label,
            ..
        } = declaration;
        let quota = rows.first.quota;
        let longest = rows.iter().filter(|row| row.quota.starts_empty());
        let longest = longest.map(|row| Shape::of(row.quota).capacity).max();
        let unknown = longest.map_or(Instant::EPOCH, |longest| clock::now().after(longest));
        let filled = |row: &Row| Row::new(row.unit, row.quota.starting_full());
        let later = Rows {
            first: filled(&rows.first),
            others: rows.others.iter().map(filled).collect(),
            concurrency: rows.concurrency,
        };
        let shards = max_keys.div_ceil(KEYS_OF_A_SHARD).next_power_of_two();
        let shard = |_| Padded(Mutex::new(Shard::new()));
        Self {
            shards: (0..shards.min(1 << 16)).map(shard).collect(),
            hasher: RandomState::new(),
            len: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
            max: max_keys,
            shape: Shape::of(quota),
            is_compact,
            unknown,
            pattern: Shared::of_key(&later, Instant::EPOCH, mode, label),
            rows,
            later,
            mode,
            label,
        }
    }

    /// Returns the fingerprint of a key. Two keys of one fingerprint share a bucket, which only tightens.
    #[inline]
    pub(crate) fn fingerprint<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Takes tokens of a key, or returns the limiter through which to wait for them.
    ///
    /// # Errors
    ///
    /// There is no room for a new key.
    #[inline]
    pub(crate) fn admit(&self, fingerprint: u64, cost: u32, now: Instant) -> Result<Taken, Error> {
        match self.take(fingerprint, cost, now) {
            Ok(taken) => Ok(taken),
            Err(Lack::Room) => Err(self.exhausted()),
            Err(Lack::Limiter | Lack::Tokens(_)) => self.limiter(fingerprint).map(Taken::Limiter),
        }
    }

    /// Takes tokens of a key.
    #[inline]
    pub(super) fn take(&self, fingerprint: u64, cost: u32, now: Instant) -> Result<Taken, Lack> {
        match self.try_take(fingerprint, cost, now) {
            Err(Lack::Room) => self.take_with_room(fingerprint, cost, now),
            taken => taken,
        }
    }

    /// Takes tokens of a key after making room for a new one.
    #[cold]
    fn take_with_room(&self, fingerprint: u64, cost: u32, now: Instant) -> Result<Taken, Lack> {
        if self.make_room(fingerprint, now) {
            return self.try_take(fingerprint, cost, now);
        }
        Err(Lack::Room)
    }

    #[inline]
    fn try_take(&self, fingerprint: u64, cost: u32, now: Instant) -> Result<Taken, Lack> {
        let mut shard = self.shard(fingerprint);
        let sweeps = shard.is_nth_access(ACCESSES_OF_A_SWEEP);
        let taken = match shard.find(fingerprint) {
            KeyState::Compact(mut bucket) => bucket
                .take(cost, now, self.shape)
                .map(|()| Taken::Granted)
                .map_err(Lack::Tokens),
            KeyState::Whole(limiter) => Ok(Taken::Limiter(limiter)),
            KeyState::Nothing => self.take_first(&mut shard, fingerprint, cost, now),
        };
        drop(shard);
        if sweeps {
            self.sweep_next(BUCKETS_OF_A_SWEEP, now);
        }
        taken
    }

    /// Takes tokens of a new key.
    fn take_first(
        &self,
        shard: &mut Shard,
        fingerprint: u64,
        cost: u32,
        now: Instant,
    ) -> Result<Taken, Lack> {
        if !self.is_compact {
            return Err(Lack::Limiter);
        }
        let bucket = Bucket::new(self.unknown, self.shape);
        let taken = bucket.take(cost, now, Span::ZERO);
        let tat = taken.map_err(Lack::Tokens)?.tat;
        if cost > 0 {
            if !self.reserve() {
                return Err(Lack::Room);
            }
            shard.insert(fingerprint, tat);
        }
        Ok(Taken::Granted)
    }

    /// Returns the limiter of a key, which is made if there is none.
    ///
    /// # Errors
    ///
    /// There is no room for a new key.
    #[cold]
    pub(crate) fn limiter(&self, fingerprint: u64) -> Result<Arc<Shared>, Error> {
        loop {
            let mut shard = self.shard(fingerprint);
            let now = clock::now();
            let tat = match shard.find(fingerprint) {
                KeyState::Whole(limiter) => return Ok(limiter),
                KeyState::Compact(bucket) => bucket.bucket(now, self.shape).tat,
                KeyState::Nothing if self.reserve() => {
                    shard.insert(fingerprint, self.unknown);
                    self.unknown
                }
                KeyState::Nothing => {
                    drop(shard);
                    if self.make_room(fingerprint, now) {
                        continue;
                    }
                    return Err(self.exhausted());
                }
            };
            let (rows, tat) = match (self.is_compact, now < self.unknown) {
                (true, _) => (&self.later, tat),
                (false, true) => (&self.rows, Instant::EPOCH),
                (false, false) => (&self.later, Instant::EPOCH),
            };
            let limiter = Shared::of_key(rows, tat, self.mode, self.label);
            shard.promote(fingerprint, &limiter);
            return Ok(limiter);
        }
    }

    /// Returns a place for one more key, if there is one.
    fn reserve(&self) -> bool {
        if self.len.fetch_add(1, Ordering::Relaxed) < self.max {
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
        let Some(Padded(shard)) = self.shards.get(at) else {
            return false;
        };
        let locked = if waits {
            Some(lock(shard))
        } else {
            shard.try_lock().ok()
        };
        let Some(mut locked) = locked else {
            return false;
        };
        let mut gone = Vec::new();
        let rows = (&self.rows, self.is_compact);
        let removed = locked.sweep(buckets, now, rows, &mut gone);
        self.len.fetch_sub(removed, Ordering::Relaxed);
        drop(locked);
        // After unlocking: what a limiter holds may be the program's own.
        drop(gone);
        removed > 0
    }

    /// Returns the state of a key.
    pub(super) fn snapshot(&self, fingerprint: u64) -> Snapshot {
        let (now, mut shard) = (clock::now(), self.shard(fingerprint));
        let bucket = match shard.find(fingerprint) {
            KeyState::Whole(limiter) => {
                drop(shard);
                return self.handle(limiter).snapshot();
            }
            KeyState::Compact(bucket) => bucket.bucket(now, self.shape),
            KeyState::Nothing if !self.is_compact => {
                drop(shard);
                return self.handle(Arc::clone(&self.pattern)).snapshot();
            }
            KeyState::Nothing => Bucket::new(self.unknown, self.shape),
        };
        Snapshot::of_bucket(self.quota(), bucket, now)
    }

    pub(super) fn handle(&self, limiter: Arc<Shared>) -> Limiter {
        Limiter::of_key(self.quota(), limiter)
    }

    /// Returns the error of a new key for which there is no room.
    #[cold]
    pub(super) fn exhausted(&self) -> Error {
        self.error(Kind::KeysExhausted(self.max))
    }

    /// Returns the error of a caller that does not wait.
    #[cold]
    pub(super) fn not_yet(&self, until: Instant, now: Instant) -> Error {
        self.error(Kind::NotYet(until.since(now).into()))
    }

    /// Returns an error of a key.
    fn error(&self, kind: Kind) -> Error {
        Error::new(kind).at(Context {
            limiter: self.label.into(),
            ahead: 0,
            sent: false,
            closed: None,
            resource: None,
            unit: None,
        })
    }

    /// Returns a limiter that knows the units of all keys.
    pub(crate) const fn pattern(&self) -> &Arc<Shared> {
        &self.pattern
    }

    /// Returns the time in which one token comes.
    pub(crate) const fn interval(&self) -> Span {
        self.shape.interval
    }

    pub(super) const fn quota(&self) -> Quota {
        self.rows.first.quota
    }

    pub(super) const fn max(&self) -> usize {
        self.max
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed).min(self.max)
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

    #[inline]
    fn shard(&self, fingerprint: u64) -> MutexGuard<'_, Shard> {
        lock(&self.shards[self.place(fingerprint)].0)
    }

    /// Returns the place of a key's shard. The tables use the lowest and the highest bits of the fingerprint.
    #[inline]
    const fn place(&self, fingerprint: u64) -> usize {
        (fingerprint >> 32) as usize & (self.shards.len() - 1)
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // No code under the lock panics halfway through a change.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
