//! Many new keys in a row.

use core::num::NonZeroU32;

use governor::DefaultKeyedRateLimiter as Governor;
use paced::Keyed;
use paced::Quota;

use super::BURST;
use super::HOURLY;
use super::KEYS;
use super::governor_hourly;
use super::throttle;
use crate::nanoseconds::cpu_seconds;

/// New keys in a row.
const FLOOD: u32 = 10_000_000;

/// Figures of one flood.
#[derive(Debug)]
pub(super) struct Flood {
    pub(super) name: &'static str,
    /// Microseconds of CPU for each key.
    pub(super) each: f64,
    /// Microseconds that 99.999 % of the operations do not exceed, and of the longest.
    pub(super) longest: [f64; 2],
    /// Keys at the end.
    pub(super) keys: usize,
    /// Limited keys of the first million that are forgotten.
    pub(super) lost: usize,
}

/// Durations of many single operations.
struct Durations(Vec<u32>);

impl Durations {
    fn of(count: u32, mut act: impl FnMut(u64)) -> (f64, Self) {
        let mut all = Vec::with_capacity(count as usize);
        let clock = quanta::Clock::new();
        let begun = cpu_seconds();
        let mut before = clock.raw();
        for key in 0..u64::from(count) {
            act(key);
            let after = clock.raw();
            let nanos = clock.delta_as_nanos(before, after);
            all.push(u32::try_from(nanos).unwrap_or(u32::MAX));
            before = after;
        }
        (cpu_seconds() - begun, Self(all))
    }

    /// Returns microseconds: one that 99.999 % of them do not exceed, and the longest.
    fn longest(mut self) -> [f64; 2] {
        self.0.sort_unstable();
        let at = |share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "an index"
            )]
            let index = (share * (self.0.len() - 1) as f64) as usize;
            f64::from(self.0[index]) / 1000.0
        };
        [at(0.99999), at(1.0)]
    }
}

impl Flood {
    fn new(name: &'static str, of: (f64, Durations), keys: usize) -> Self {
        let (seconds, durations) = of;
        #[expect(clippy::cast_precision_loss, reason = "at most ten million")]
        let count = durations.0.len() as f64;
        Self {
            name,
            each: seconds * 1e6 / count,
            longest: durations.longest(),
            keys,
            lost: 0,
        }
    }
}

/// Ten million keys, each once.
pub(super) fn run() -> Vec<Flood> {
    let limited: Keyed<u64> = Keyed::new(HOURLY);
    let flood = Durations::of(FLOOD, |key| drop(limited.try_acquire(&key)));
    let is_full = |key: &u64| limited.snapshot(key).available == u64::from(BURST.get());
    let limited = Flood {
        lost: (0..u64::from(KEYS)).filter(is_full).count(),
        ..Flood::new("paced, all limited", flood, limited.len())
    };
    let hundred = Quota::per_second(NonZeroU32::new(100).unwrap_or(NonZeroU32::MIN));
    let idle: Keyed<u64> = Keyed::new(hundred);
    let flood = Durations::of(FLOOD, |key| drop(idle.try_acquire(&key)));
    let idle = Flood::new("paced, idle after 10 ms", flood, idle.len());
    let mut all = vec![limited, idle];
    all.extend(peers());
    all
}

fn peers() -> [Flood; 3] {
    let governor = Governor::keyed(governor_hourly());
    let flood = Durations::of(FLOOD, |key| drop(governor.check_key(&key)));
    let kept = Flood::new("governor, all kept", flood, governor.len());
    let purge = Durations::of(1, |_| governor.retain_recent());
    let purge = Flood::new("governor, one purge of them", purge, governor.len());
    drop(governor);
    let throttle = throttle();
    let flood = Durations::of(FLOOD, |key| {
        let _ = throttle.try_acquire(&key);
    });
    let flood = Flood::new("throttle-net", flood, throttle.len());
    [kept, purge, flood]
}
