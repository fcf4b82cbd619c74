//! Pauses while a million keys come, go idle, and are forgotten: the longest single access.

use core::num::NonZeroU32;
use std::time::Duration;

use governor::DefaultKeyedRateLimiter as Governor;
use nix::time::ClockId;
use nix::time::clock_gettime;
use paced::Keyed;
use paced::Quota;

use crate::table::Table;

const KEYS: u64 = 1_000_000;
/// Accesses after which all idle keys are gone.
const ACCESSES: u64 = 2_500_000;
/// The longest access of the best run is work of the library; those of the others may be the machine's.
const RUNS: usize = 5;

/// Longest of some operations, and their number above 20 us.
#[derive(Clone, Copy)]
struct Longest {
    nanos: u64,
    long: u64,
}

/// Nanoseconds of the processor that this thread has used: those in which others had it do not count.
fn used() -> u64 {
    let used = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from);
    u64::try_from(used.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

impl Longest {
    fn of(count: u64, mut act: impl FnMut(u64)) -> Self {
        let mut longest = Self { nanos: 0, long: 0 };
        for at in 0..count {
            let before = used();
            act(at);
            let nanos = used().saturating_sub(before);
            longest.nanos = longest.nanos.max(nanos);
            longest.long += u64::from(nanos > 20_000);
        }
        longest
    }
}

/// One run: the keys come, one of them is used until the others are gone, and then as often again.
struct Run {
    coming: Longest,
    going: Longest,
    gone: Longest,
    left: usize,
    /// One purge of as many keys, by hand.
    purge: u64,
}

fn run() -> Run {
    let keyed: Keyed<u64> = Keyed::new(Quota::per_second(NonZeroU32::MIN));
    let governor = Governor::keyed(governor::Quota::per_second(NonZeroU32::MIN));
    let coming = Longest::of(KEYS, |key| drop(keyed.try_acquire(&key)));
    (0..KEYS).for_each(|key| drop(governor.check_key(&key)));
    std::thread::sleep(Duration::from_millis(1200));
    let going = Longest::of(ACCESSES, |_| drop(keyed.try_acquire(&7)));
    let left = keyed.len();
    let gone = Longest::of(ACCESSES, |_| drop(keyed.try_acquire(&7)));
    let begun = used();
    governor.retain_recent();
    governor.shrink_to_fit();
    Run {
        coming,
        going,
        gone,
        left,
        purge: used().saturating_sub(begun),
    }
}

/// Measures the longest single access in a run of a million keys that go idle, in half a minute.
pub fn measure() -> Table {
    let runs: Vec<Run> = (0..RUNS).map(|_| run()).collect();
    let mut table = Table::new(
        "Longest single access",
        "A million new keys, then 2.5 million accesses of one of them, in which the others are forgotten. Time of the processor \
         that the thread has used, in the best and in the worst of five runs. Interrupts are in it: the third line is the same \
         loop with nothing left to forget.",
        ["", "best, us", "worst, us", "above 20 us in the best"],
    );
    let mut add = |name: &str, part: fn(&Run) -> Longest| {
        let all: Vec<Longest> = runs.iter().map(part).collect();
        let best = all.iter().min_by_key(|longest| longest.nanos);
        let worst = all.iter().max_by_key(|longest| longest.nanos);
        let micros = |longest: Option<&Longest>| {
            let nanos = longest.map_or(0, |longest| longest.nanos);
            format!("{}.{}", nanos / 1000, nanos % 1000 / 100)
        };
        let long = best.map_or(0, |longest| longest.long).to_string();
        table.push([name.to_owned(), micros(best), micros(worst), long]);
    };
    add("keys come", |run| run.coming);
    add("keys go", |run| run.going);
    add("none is left", |run| run.gone);
    let left = runs.iter().map(|run| run.left).max().unwrap_or_default();
    let purges = runs.iter().map(|run| run.purge / 1000);
    let (best, worst) = (purges.clone().min(), purges.max());
    let micros = |micros: Option<u64>| micros.unwrap_or_default().to_string();
    let name = format!("governor, one purge by hand (paced: {left} left by itself)");
    table.push([name, micros(best), micros(worst), String::new()]);
    table
}
