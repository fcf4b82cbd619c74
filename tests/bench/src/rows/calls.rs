//! Permits of several rows, and calls with a cost that are settled: none of them waits.

use core::hint::black_box;
use core::num::NonZeroU32;
use std::collections::BTreeMap;
use std::io;
use std::sync::LazyLock;

use paced::Limiter;
use paced::Quota;
use paced::rate_limited;
use throttle_net::MultiLimiter;
use throttle_net::Throttle;

use crate::cases::Case;
use crate::running::ready;
use crate::running::repeat;
use crate::running::repeat_inside;
use crate::table::Table;

/// So many permits that no call waits.
const RATE: u32 = 1_000_000_000;

const UNITS: [&str; 8] = ["requests", "tokens", "c", "d", "e", "f", "g", "h"];

/// Tokens that a call takes before, and what it takes in the end.
const COST: u32 = 1_500;
const SPENT: u32 = 900;

static TWO_OF_THROTTLE_NET: LazyLock<MultiLimiter> = LazyLock::new(|| throttle_net(&UNITS[..2]));
static EIGHT_OF_THROTTLE_NET: LazyLock<MultiLimiter> = LazyLock::new(|| throttle_net(&UNITS));

fn throttle_net(units: &[&'static str]) -> MultiLimiter {
    let row = || {
        let throttle = Throttle::builder().per_second(RATE);
        throttle.burst(u32::MAX).build()
    };
    let dimensions = units.iter();
    let builder = dimensions.fold(MultiLimiter::builder(), |builder, unit| {
        builder.dimension(*unit, row())
    });
    builder.build()
}

static TWO: LazyLock<Limiter> = LazyLock::new(|| paced_rows(&UNITS[..2]));
static EIGHT: LazyLock<Limiter> = LazyLock::new(|| paced_rows(&UNITS));

fn paced_rows(units: &[&'static str]) -> Limiter {
    let quota = Quota::per_second(NonZeroU32::new(RATE).unwrap_or(NonZeroU32::MIN));
    let quota = quota.with_burst(NonZeroU32::MAX);
    let others = units[1..].iter();
    let builder = others.fold(Limiter::builder(quota), |builder, unit| {
        builder.row(unit, quota)
    });
    builder.build().expect("at most eight limits")
}

/// The same costs for `paced`.
const WIDE: [(&str, u64); 8] = [
    ("requests", 1),
    ("tokens", COST as u64),
    ("c", 1),
    ("d", 1),
    ("e", 1),
    ("f", 1),
    ("g", 1),
    ("h", 1),
];

/// Costs of a call that takes of each row.
const COSTS: [(&str, u32); 8] = [
    ("requests", 1),
    ("tokens", COST),
    ("c", 1),
    ("d", 1),
    ("e", 1),
    ("f", 1),
    ("g", 1),
    ("h", 1),
];

/// Everything that is measured.
pub(super) const CASES: [Case; 10] = [
    case("try: paced, 2 rows", |n| {
        repeat(n, || TWO.try_acquire_costs(&WIDE[..2]).is_ok());
    }),
    case("try: paced, 8 rows", |n| {
        repeat(n, || EIGHT.try_acquire_costs(&WIDE).is_ok());
    }),
    case("acquire: paced, 2 rows", |n| {
        repeat(n, || ready(TWO.acquire_costs(&WIDE[..2])).is_ok());
    }),
    case("acquire: paced, 8 rows", |n| {
        repeat(n, || ready(EIGHT.acquire_costs(&WIDE)).is_ok());
    }),
    case("call: paced, settled", |n| {
        repeat_inside(n, || ready(settled(black_box(7))).is_ok());
    }),
    case("try: throttle-net, 2 rows", |n| {
        repeat(n, || TWO_OF_THROTTLE_NET.try_acquire_costs(&COSTS[..2]));
    }),
    case("try: throttle-net, 8 rows", |n| {
        repeat(n, || EIGHT_OF_THROTTLE_NET.try_acquire_costs(&COSTS));
    }),
    case("acquire: throttle-net, 2 rows", |n| {
        repeat(n, || {
            ready(TWO_OF_THROTTLE_NET.acquire_costs(&COSTS[..2])).is_ok()
        });
    }),
    case("acquire: throttle-net, 8 rows", |n| {
        repeat(n, || {
            ready(EIGHT_OF_THROTTLE_NET.acquire_costs(&COSTS)).is_ok()
        });
    }),
    case("call: throttle-net, settled", |n| {
        repeat_inside(n, || ready(settled_by_hand(black_box(7))).is_ok());
    }),
];

const fn case(name: &'static str, run: fn(u64)) -> Case {
    Case { name, run }
}

/// Reply that says what it took.
#[derive(Clone, Copy, Debug)]
struct Reply {
    tokens: u32,
}

#[expect(clippy::unused_async, reason = "it stands for a request")]
async fn request(id: u64) -> io::Result<Reply> {
    black_box(id);
    Ok(Reply {
        tokens: black_box(SPENT),
    })
}

/// With the attribute.
#[rate_limited(
    limits(
        requests(rate = "1000000000/s", burst = 4_294_967_295),
        tokens(rate = "1000000000/s", burst = 4_294_967_295),
    ),
    cost(tokens = black_box(COST)),
    settle(tokens = |reply| reply.tokens),
)]
async fn settled(id: u64) -> io::Result<Reply> {
    request(id).await
}

async fn settled_by_hand(id: u64) -> io::Result<Reply> {
    let estimate = [("requests", 1), ("tokens", black_box(COST))];
    let admitted = TWO_OF_THROTTLE_NET.acquire_costs(&estimate).await;
    admitted.map_err(io::Error::other)?;
    let reply = request(id).await?;
    TWO_OF_THROTTLE_NET.settle_costs(&estimate, &[("requests", 1), ("tokens", reply.tokens)]);
    Ok(reply)
}

/// Returns the nanoseconds as a table.
pub(super) fn table(nanos: &BTreeMap<&'static str, f64>) -> Table {
    let explanation = "Nanoseconds on one thread; the limits are so high that nothing waits. A call that is settled \
                       takes one request and 1,500 tokens before, and 900 tokens in the end.";
    let mut table = Table::new("Several rows at once", explanation, ["what", "ns"]);
    for case in CASES {
        table.push([case.name.to_owned(), format!("{:.1}", nanos[case.name])]);
    }
    table
}
