//! One limiter for each of many keys, beside its peers.

mod floods;
mod memory;
mod tables;

use core::cell::Cell;
use core::hint::black_box;
use core::num::NonZeroU32;
use std::collections::BTreeMap;
use std::io;
use std::sync::LazyLock;
use std::time::Duration;

use governor::DefaultKeyedRateLimiter as Governor;
use paced::Keyed;
use paced::Quota;
use paced::rate_limited;
use throttle_net::PerKey;

use crate::cases::Case;
use crate::nanoseconds;
use crate::running::ready;
use crate::running::repeat;
use crate::running::repeat_inside;

/// Keys that are known.
const KEYS: u32 = 1_000_000;
const BURST: NonZeroU32 = NonZeroU32::new(1_000_000).unwrap();

/// A token lasts for an hour, so that no key is idle.
const HOURLY: Quota = Quota::per_hour(NonZeroU32::MIN).with_burst(BURST);

fn governor_hourly() -> governor::Quota {
    governor::Quota::per_hour(NonZeroU32::MIN).allow_burst(BURST)
}

fn throttle() -> PerKey<u64> {
    PerKey::builder()
        .rate(1, Duration::from_secs(3600))
        .burst(BURST.get())
        .build()
}

static HOT: Keyed<u64> = Keyed::new(
    Quota::per_second(NonZeroU32::new(1_000_000_000).unwrap()).with_burst(NonZeroU32::MAX),
);
static HOT_GOVERNOR: LazyLock<Governor<u64>> = LazyLock::new(|| {
    let quota =
        governor::Quota::per_second(NonZeroU32::new(1_000_000_000).unwrap_or(NonZeroU32::MIN));
    Governor::keyed(quota.allow_burst(NonZeroU32::MAX))
});
static HOT_THROTTLE: LazyLock<PerKey<u64>> = LazyLock::new(|| {
    PerKey::builder()
        .rate(1_000_000_000, Duration::from_secs(1))
        .burst(u32::MAX)
        .build()
});

static MANY: LazyLock<Keyed<u64>> = LazyLock::new(|| {
    let keyed = Keyed::new(HOURLY);
    (0..u64::from(KEYS)).for_each(|key| drop(keyed.try_acquire(&key)));
    keyed
});
static MANY_GOVERNOR: LazyLock<Governor<u64>> = LazyLock::new(|| {
    let keyed = Governor::keyed(governor_hourly());
    (0..u64::from(KEYS)).for_each(|key| drop(keyed.check_key(&key)));
    keyed
});
static MANY_THROTTLE: LazyLock<PerKey<u64>> = LazyLock::new(|| {
    let keyed = throttle();
    for key in 0..u64::from(KEYS) {
        let _ = keyed.try_acquire(&key);
    }
    keyed
});

/// A key of those that are known, at random.
fn random() -> u64 {
    thread_local! {
        static STATE: Cell<u64> = const { Cell::new(1) };
    }
    let next = STATE
        .get()
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1);
    STATE.set(next);
    (next >> 33) % u64::from(KEYS)
}

#[rate_limited(rate = 1_000_000_000, burst = 4_000_000_000, key = tenant)]
async fn of_key(tenant: u64) -> Result<u64, io::Error> {
    Ok(tenant)
}

#[rate_limited(
    limits(requests(rate = 1_000_000_000, burst = 4_000_000_000), tokens(rate = 1_000_000_000, burst = 4_000_000_000)),
    key = tenant,
    cost(tokens = black_box(1500_u32)),
    settle(tokens = |_: &u64| 900_u32),
    max_concurrency = 8
)]
async fn settled(tenant: u64) -> Result<u64, paced::Error> {
    Ok(tenant)
}

/// Cases that are measured in nanoseconds.
pub const CASES: [Case; 9] = [
    case("a random key alone", |n| repeat(n, random)),
    case("key: hot, paced", |n| {
        repeat(n, || HOT.try_acquire(&black_box(7)).is_ok());
    }),
    case("key: hot, governor", |n| {
        repeat(n, || HOT_GOVERNOR.check_key(&black_box(7)).is_ok());
    }),
    case("key: hot, throttle-net", |n| {
        repeat(n, || HOT_THROTTLE.try_acquire(&black_box(7)));
    }),
    case("key: random, paced", |n| {
        repeat(n, || MANY.try_acquire(&random()).is_ok());
    }),
    case("key: random, governor", |n| {
        repeat(n, || MANY_GOVERNOR.check_key(&random()).is_ok());
    }),
    case("key: random, throttle-net", |n| {
        repeat(n, || MANY_THROTTLE.try_acquire(&random()));
    }),
    case("call: paced, by key", |n| {
        repeat_inside(n, || ready(of_key(black_box(7))).is_ok());
    }),
    case("call: paced, by key, 2 rows, settled, bounded", |n| {
        repeat_inside(n, || ready(settled(black_box(7))).is_ok());
    }),
];

const fn case(name: &'static str, run: fn(u64)) -> Case {
    Case { name, run }
}

/// All figures about keys.
#[derive(Debug)]
pub struct Keys {
    nanos: BTreeMap<&'static str, f64>,
    /// Allocations of an annotated call with all that a key can have beside it.
    allocations: u64,
    memory: Vec<(&'static str, i64)>,
    floods: Vec<floods::Flood>,
}

impl Keys {
    /// Measures everything, in two minutes. `note` hears of each part that begins.
    pub fn measure(mut note: impl FnMut(&str)) -> Self {
        note("permits and calls by key");
        let nanos = nanoseconds::best_of(&CASES);
        let allocations = memory::allocations(|| repeat_inside(1, || ready(settled(7)).is_ok()));
        note("memory of a million keys");
        let memory = memory::of_a_million();
        note("new keys in a row");
        Self {
            nanos,
            allocations,
            memory,
            floods: floods::run(),
        }
    }

    fn nanos(&self, case: &str) -> f64 {
        self.nanos.get(case).copied().unwrap_or(f64::NAN)
    }
}
