//! One limiter for each of many keys, beside its peers.

use core::cell::Cell;
use core::hint::black_box;
use core::num::NonZeroU32;
use std::io;
use std::sync::LazyLock;
use std::time::Duration;
use std::time::Instant;

use allocation_counter::measure as counted;
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
use crate::table::Table;

/// Keys that are known.
const KEYS: u32 = 1_000_000;
/// New keys in a row.
const FLOOD: u32 = 10_000_000;
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
    cost(tokens = 1500),
    settle(tokens = |_: &u64| 900_u32)
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
    case("call: paced, by key, 2 rows, settled", |n| {
        repeat_inside(n, || ready(settled(black_box(7))).is_ok());
    }),
];

const fn case(name: &'static str, run: fn(u64)) -> Case {
    Case { name, run }
}

/// Measures everything, in two minutes. `note` hears of each part that begins.
pub fn measure(mut note: impl FnMut(&str)) -> Vec<Table> {
    note("nanoseconds");
    let nanos = nanoseconds::best_of(&CASES);
    let mut table = Table::new(
        "Keys",
        "Nanoseconds of a permit, and of an annotated call whose permit is free, by 64-bit keys.",
        ["case", "ns"],
    );
    for Case { name, .. } in CASES {
        let nanos = nanos.get(name).copied().unwrap_or(f64::NAN);
        table.push([name.to_owned(), format!("{nanos:.1}")]);
    }
    note("memory");
    let memory = memory();
    note("floods");
    vec![table, memory, floods()]
}

fn memory() -> Table {
    let mut table = Table::new("Memory of a million keys", "", ["", "bytes for each"]);
    let paced = counted(|| {
        let keyed: Keyed<u64> = Keyed::new(HOURLY);
        (0..u64::from(KEYS)).for_each(|key| drop(keyed.try_acquire(&key)));
        std::mem::forget(keyed);
    });
    let governor = counted(|| {
        let keyed = Governor::keyed(governor_hourly());
        (0..u64::from(KEYS)).for_each(|key| drop(keyed.check_key(&key)));
        std::mem::forget(keyed);
    });
    let throttle = counted(|| {
        let keyed = throttle();
        for key in 0..u64::from(KEYS) {
            let _ = keyed.try_acquire(&key);
        }
        std::mem::forget(keyed);
    });
    for (name, counted) in [
        ("paced", paced),
        ("governor", governor),
        ("throttle-net", throttle),
    ] {
        let bytes = counted.bytes_current / i64::from(KEYS);
        table.push([name.to_owned(), bytes.to_string()]);
    }
    table
}

/// Durations of many single operations.
struct Durations(Vec<u32>);

impl Durations {
    fn of(count: u32, mut act: impl FnMut(u64)) -> (Duration, Self) {
        let mut all = Vec::with_capacity(count as usize);
        let clock = quanta::Clock::new();
        let begun = Instant::now();
        let mut before = clock.raw();
        for key in 0..u64::from(count) {
            act(key);
            let after = clock.raw();
            let nanos = clock.delta_as_nanos(before, after);
            all.push(u32::try_from(nanos).unwrap_or(u32::MAX));
            before = after;
        }
        (begun.elapsed(), Self(all))
    }

    fn cells(mut self) -> [String; 2] {
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
        [format!("{:.1}", at(0.99999)), format!("{:.1}", at(1.0))]
    }
}

fn floods() -> Table {
    let mut table = Table::new(
        "New keys in a row",
        "Ten million, each once. The pauses are the longest single operations, those of the machine included.",
        [
            "",
            "us each",
            "99.999 % within us",
            "longest us",
            "keys at the end",
        ],
    );
    let mut add = |name: &str, (took, durations): (Duration, Durations), keys: usize| {
        let [most, longest] = durations.cells();
        let each = took.as_secs_f64() * 1e6 / f64::from(FLOOD);
        table.push([
            name.to_owned(),
            format!("{each:.3}"),
            most,
            longest,
            keys.to_string(),
        ]);
    };
    let limited: Keyed<u64> = Keyed::new(HOURLY);
    let flood = Durations::of(FLOOD, |key| drop(limited.try_acquire(&key)));
    let lost = (0..u64::from(KEYS))
        .filter(|key| limited.snapshot(key).available == u64::from(BURST.get()));
    let lost = lost.count();
    add(
        &format!("paced, all limited ({lost} lost)"),
        flood,
        limited.len(),
    );
    let idle: Keyed<u64> = Keyed::new(Quota::per_second(
        NonZeroU32::new(100).unwrap_or(NonZeroU32::MIN),
    ));
    let flood = Durations::of(FLOOD, |key| drop(idle.try_acquire(&key)));
    add("paced, idle after 10 ms", flood, idle.len());
    peers(&mut add);
    table
}

fn peers(add: &mut impl FnMut(&str, (Duration, Durations), usize)) {
    let governor = Governor::keyed(governor_hourly());
    let flood = Durations::of(FLOOD, |key| drop(governor.check_key(&key)));
    add("governor, all kept", flood, governor.len());
    let purge = Durations::of(1, |_| governor.retain_recent());
    add("governor, one purge of them", purge, governor.len());
    drop(governor);
    let throttle = throttle();
    let flood = Durations::of(FLOOD, |key| {
        let _ = throttle.try_acquire(&key);
    });
    add("throttle-net", flood, throttle.len());
}
