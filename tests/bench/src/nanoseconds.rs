//! Nanoseconds, on a machine that others use as well: all cases take turns in short rounds, and the
//! best round of each counts.

use core::hint::black_box;
use std::collections::BTreeMap;
use std::thread;
use std::time::Instant;

use crate::calls::FREE;
use crate::calls::GOVERNOR;
use crate::calls::GOVERNOR_BY_STD;
use crate::cases::CASES;
use crate::floor;

const ROUNDS: usize = 800;
const REPEATS: u32 = 5_000;

/// Nanoseconds of each case's best round, by its name.
pub fn measure() -> BTreeMap<&'static str, f64> {
    let mut best: BTreeMap<_, _> = CASES.map(|case| (case.name, f64::INFINITY)).into();
    for _ in 0..ROUNDS {
        for case in CASES {
            let begun = Instant::now();
            (case.run)(u64::from(REPEATS));
            let nanos = per_operation(begun, f64::from(REPEATS));
            best.entry(case.name)
                .and_modify(|best| *best = best.min(nanos));
        }
    }
    best
}

/// What two threads do at once, on one limiter.
/// A contender, and how it takes a permit.
type Contender = (&'static str, fn() -> bool);

const SHARED: [Contender; 4] = [
    ("decision: std", floor::decision_by_std),
    ("paced", || FREE.try_acquire().is_ok()),
    ("governor", || GOVERNOR.check().is_ok()),
    ("governor, std clock", || GOVERNOR_BY_STD.check().is_ok()),
];

/// Nanoseconds that a permit takes each of two threads, in the best round.
pub fn measure_two_threads() -> BTreeMap<&'static str, f64> {
    const PERMITS: u32 = 200_000;
    let mut best: BTreeMap<_, _> = SHARED.map(|(name, _)| (name, f64::INFINITY)).into();
    for _ in 0..25 {
        for (name, act) in SHARED {
            let begun = Instant::now();
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        (0..PERMITS).for_each(|_| {
                            black_box(act());
                        });
                    });
                }
            });
            let nanos = per_operation(begun, f64::from(PERMITS));
            best.entry(name).and_modify(|best| *best = best.min(nanos));
        }
    }
    best
}

fn per_operation(begun: Instant, operations: f64) -> f64 {
    begun.elapsed().as_secs_f64() * 1e9 / operations
}
