//! Nanoseconds, on a machine that others use as well: all cases take turns in short rounds, and the
//! best round of each counts.

use core::hint;
use core::hint::black_box;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::collections::BTreeMap;
use std::thread;
use std::time::Instant;

use nix::time::ClockId;

use crate::calls::FREE;
use crate::calls::GOVERNOR;
use crate::calls::GOVERNOR_BY_STD;
use crate::calls::THROTTLE;
use crate::cases::CASES;
use crate::cases::Case;
use crate::floor;

const ROUNDS: usize = 200;
const REPEATS: u32 = 5_000;

/// Nanoseconds of each case's best round, by its name.
pub fn measure() -> BTreeMap<&'static str, f64> {
    best_of(&CASES)
}

/// The same of any cases.
pub fn best_of(cases: &[Case]) -> BTreeMap<&'static str, f64> {
    let names = cases.iter().map(|case| (case.name, f64::INFINITY));
    let mut best: BTreeMap<_, _> = names.collect();
    for _ in 0..ROUNDS {
        for case in cases {
            let begun = Instant::now();
            (case.run)(u64::from(REPEATS));
            let nanos = per_operation(begun, f64::from(REPEATS));
            best.entry(case.name)
                .and_modify(|best| *best = best.min(nanos));
        }
    }
    best
}

/// A contender, and how it takes a permit.
type Contender = (&'static str, fn() -> bool);

/// Contenders that two threads run at once, on one limiter.
const SHARED: [Contender; 5] = [
    ("decision: std", floor::decision_by_std),
    ("paced", || FREE.try_acquire().is_ok()),
    ("governor", || GOVERNOR.check().is_ok()),
    ("governor, std clock", || GOVERNOR_BY_STD.check().is_ok()),
    ("throttle-net", || THROTTLE.try_acquire()),
];

/// Permits that each of two threads takes in a round.
const PERMITS: u32 = 20_000;

/// Nanoseconds that a permit takes each of two threads: the middle one of the rounds in which both
/// ran at the same time. The best round would be one in which they took turns. NaN where they never
/// ran at the same time.
pub fn measure_two_threads() -> BTreeMap<&'static str, f64> {
    let mut rounds: BTreeMap<_, Vec<f64>> = SHARED.map(|(name, _)| (name, Vec::new())).into();
    for _ in 0..400 {
        for (name, act) in SHARED {
            if let (Some(nanos), Some(rounds)) = (round_of_two(act), rounds.get_mut(name)) {
                rounds.push(nanos);
            }
        }
    }
    let middle = rounds.into_iter().map(|(name, mut rounds)| {
        rounds.sort_by(f64::total_cmp);
        let middle = rounds.get(rounds.len() / 2);
        (name, middle.copied().unwrap_or(f64::NAN))
    });
    middle.collect()
}

/// One round, if both threads had a processor of their own from its beginning to its end.
fn round_of_two(act: fn() -> bool) -> Option<f64> {
    let (ready, zero) = (AtomicU32::new(0), Instant::now());
    let run = || {
        ready.fetch_add(1, Ordering::SeqCst);
        while ready.load(Ordering::SeqCst) < 2 {
            hint::spin_loop();
        }
        let (begun, cpu) = (zero.elapsed().as_secs_f64(), cpu_seconds());
        (0..PERMITS).for_each(|_| {
            black_box(act());
        });
        let (cpu, ended) = (cpu_seconds() - cpu, zero.elapsed().as_secs_f64());
        (begun, ended, cpu)
    };
    let (one, two) = thread::scope(|scope| {
        let other = scope.spawn(run);
        let here = run();
        (here, other.join())
    });
    let both = [one, two.ok()?];
    let undisturbed = both
        .iter()
        .all(|(begun, ended, cpu)| *cpu > 0.97 * (ended - begun));
    let from = both.map(|(begun, ..)| begun);
    let to = both.map(|(_, ended, _)| ended);
    let together = to[0].min(to[1]) - from[0].max(from[1]);
    let whole = to[0].max(to[1]) - from[0].min(from[1]);
    (undisturbed && together > 0.9 * whole).then(|| whole * 1e9 / f64::from(PERMITS))
}

/// CPU time of this thread.
pub(crate) fn cpu_seconds() -> f64 {
    let now = ClockId::CLOCK_THREAD_CPUTIME_ID.now();
    now.map_or(f64::NAN, |now| Duration::from(now).as_secs_f64())
}

fn per_operation(begun: Instant, operations: f64) -> f64 {
    begun.elapsed().as_secs_f64() * 1e9 / operations
}
