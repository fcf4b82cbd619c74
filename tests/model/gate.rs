//! The fast path, model-checked: loom runs each test through every order in which its
//! threads can meet, and lets each load see every value that the memory model allows.
//!
//! The fast path and its arithmetic are the runtime's own files, with loom's atomics. The state behind the
//! limiter's lock is sequential, so a stand-in of a few lines does for it.

#[path = "../../runtime/src/bucket.rs"]
#[expect(dead_code, reason = "debt is for the runtime's limits")]
mod bucket;
#[path = "../../runtime/src/error.rs"]
#[expect(dead_code, unreachable_pub, reason = "public in the runtime")]
mod error;
#[path = "../../runtime/src/limiter/fast_path.rs"]
#[expect(dead_code, reason = "the count of passes is not modelled")]
mod fast_path;
#[path = "../../runtime/src/grammar.rs"]
#[expect(dead_code, reason = "the fast path needs no texts")]
mod grammar;
#[path = "../../runtime/src/lasting.rs"]
mod lasting;
#[path = "../../runtime/src/quota.rs"]
#[expect(dead_code, unreachable_pub, reason = "public in the runtime")]
mod quota;
#[path = "../../runtime/src/strict.rs"]
mod strict;
#[path = "../../runtime/src/time.rs"]
#[expect(dead_code, reason = "the fast path needs a part of it")]
mod time;

mod sync {
    pub(crate) use loom::sync::atomic::AtomicU64;
    pub(crate) use loom::sync::atomic::Ordering;
}

use core::num::NonZeroU32;

use loom::sync::Arc;
use loom::sync::Mutex;
use loom::thread;

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::fast_path::FastPath;
use crate::fast_path::TryTake;
use crate::quota::Quota;
use crate::time::Instant;
use crate::time::Span;

/// All threads read the same clock at the same time.
const NOW: Instant = Instant::from_nanos(1_000_000_000_000);

/// A limiter as far as the fast path is concerned.
struct Limiter {
    fast_path: FastPath,
    locked: Mutex<Locked>,
}

/// State behind the lock.
struct Locked {
    bucket: Bucket,
}

impl Limiter {
    /// A bucket that `used` tokens were just taken from.
    fn new(shape: Shape, used: u64) -> Arc<Self> {
        let fast_path = FastPath::new(shape);
        fast_path.open(NOW + shape.price(used), Instant::EPOCH);
        let bucket = Bucket::full(shape);
        let locked = Mutex::new(Locked { bucket });
        Arc::new(Self { fast_path, locked })
    }

    /// Takes a token past the queue, or behind the lock while the fast path is shut.
    fn take(&self) -> bool {
        match self.fast_path.pass(1, NOW) {
            TryTake::Taken => true,
            TryTake::Empty(_) => false,
            TryTake::Slow => self.visit(Locked::take),
        }
    }

    fn set_shape(&self, shape: Shape) {
        self.visit(|locked| {
            locked.bucket.reshape(shape, NOW);
            self.fast_path.reshape(shape);
        });
    }

    fn tat(&self) -> Instant {
        self.visit(|locked| locked.bucket.tat)
    }

    fn visit<T>(&self, act: impl FnOnce(&mut Locked) -> T) -> T {
        let mut locked = self.locked.lock().expect("no thread panics");
        if let Some(tat) = self.fast_path.shut() {
            locked.bucket.tat = tat;
        }
        let result = act(&mut locked);
        self.fast_path.open(locked.bucket.tat, Instant::EPOCH);
        result
    }
}

impl Locked {
    fn take(&mut self) -> bool {
        let taken = self.bucket.take(1, NOW, Span::ZERO);
        self.bucket = taken.unwrap_or(self.bucket);
        taken.is_ok()
    }
}

fn shape(per_second: u32, burst: u32) -> Shape {
    let [rate, burst] = [per_second, burst].map(|n| NonZeroU32::new(n).expect("above 0"));
    Shape::of(Quota::per_second(rate).with_burst(burst))
}

/// Runs each in a thread of its own, but for the last; how many of them were granted a token.
fn granted<const N: usize>(limiter: &Arc<Limiter>, acts: [fn(&Limiter) -> bool; N]) -> u64 {
    let [others @ .., last] = &acts[..] else {
        return 0;
    };
    let others: Vec<_> = others
        .iter()
        .map(|&act| {
            let limiter = Arc::clone(limiter);
            thread::spawn(move || act(&limiter))
        })
        .collect();
    let last = u64::from(last(limiter));
    let others = others.into_iter().map(|thread| thread.join());
    others.fold(last, |sum, granted| {
        sum + u64::from(granted.expect("no thread panics"))
    })
}

fn under_the_lock(limiter: &Limiter) -> bool {
    limiter.visit(Locked::take)
}

fn on_the_fast_path_only(limiter: &Limiter) -> bool {
    limiter.fast_path.pass(1, NOW) == TryTake::Taken
}

/// Runs a test in every order with at most this many switches away from a thread that could go on:
/// mistakes show with one or two, and without a bound three threads take minutes.
fn check(preemptions: usize, test: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(test);
}

#[test]
fn of_three_callers_one_gets_the_only_token() {
    check(3, || {
        let limiter = Limiter::new(shape(1, 1), 0);
        assert_eq!(granted(&limiter, [Limiter::take; 3]), 1);
    });
}

#[test]
fn no_token_is_granted_twice_and_none_is_lost_while_the_lock_is_taken() {
    check(2, || {
        let shape = shape(10, 2);
        let limiter = Limiter::new(shape, 0);
        let acts = [Limiter::take, under_the_lock, Limiter::take];
        assert_eq!(granted(&limiter, acts), 2);
        assert_eq!(limiter.tat(), NOW + shape.price(2));
    });
}

#[test]
fn every_permit_is_in_the_state_that_the_lock_holder_is_handed() {
    check(3, || {
        let shape = shape(10, 5);
        let limiter = Limiter::new(shape, 1);
        let passers: Vec<_> = (0..2)
            .map(|_| {
                let limiter = Arc::clone(&limiter);
                thread::spawn(move || on_the_fast_path_only(&limiter))
            })
            .collect();
        let tat = limiter.fast_path.shut().expect("only this thread shuts");
        let passed: u64 = passers
            .into_iter()
            .map(|passer| u64::from(passer.join().expect("no thread panics")))
            .sum();
        assert_eq!(tat, NOW + shape.price(1 + passed));
        assert_eq!(limiter.fast_path.shut(), None);
    });
}

/// A faster and a slower quota, each in place of the other.
fn reshapes(burst: u32) -> [(Shape, Shape); 2] {
    let (slow, fast) = (shape(1, burst), shape(1000, burst));
    [(slow, fast), (fast, slow)]
}

#[test]
fn a_caller_that_passes_while_the_quota_changes_pays_one_of_the_two_rates() {
    for (from, to) in reshapes(5) {
        check(3, move || {
            let limiter = Limiter::new(from, 1);
            let other = {
                let limiter = Arc::clone(&limiter);
                thread::spawn(move || u64::from(limiter.take()) + u64::from(limiter.take()))
            };
            limiter.set_shape(to);
            let passed = other.join().expect("no thread panics");
            // Charged at the old quota it is rescaled with the rest, at the new one it is not.
            assert_eq!(passed, 2);
            assert_eq!(limiter.tat(), NOW + to.price(3));
        });
    }
}

#[test]
fn an_empty_bucket_stays_empty_while_the_quota_changes() {
    for (from, to) in reshapes(1) {
        check(3, move || {
            let limiter = Limiter::new(from, 1);
            let other = {
                let limiter = Arc::clone(&limiter);
                thread::spawn(move || limiter.take())
            };
            limiter.set_shape(to);
            assert!(!other.join().expect("no thread panics"));
            assert_eq!(limiter.tat(), NOW + to.interval);
        });
    }
}
