//! Everything that is measured in nanoseconds and instructions, by name.

use core::future::Future;
use core::hint::black_box;
use std::time::Instant;

use crate::calls;
use crate::calls::EMPTY;
use crate::calls::EMPTY_GOVERNOR;
use crate::calls::EMPTY_THROTTLE;
use crate::calls::FREE;
use crate::calls::GOVERNOR;
use crate::calls::GOVERNOR_BY_STD;
use crate::calls::THROTTLE;
use crate::floor;
use crate::requests;
use crate::running::ready;
use crate::running::repeat;
use crate::running::repeat_in_spawn_blocking;
use crate::running::repeat_inside;

/// Something that can be done many times in a row.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Name in tables and on command lines.
    pub name: &'static str,
    /// Does it this often.
    pub run: fn(u64),
}

const fn case(name: &'static str, run: fn(u64)) -> Case {
    Case { name, run }
}

/// All cases, the floor first.
pub const CASES: [Case; 32] = [
    case("compare-and-swap", |n| repeat(n, floor::compare_and_swap)),
    case("clock: std", |n| repeat(n, Instant::now)),
    case("clock: tokio", |n| repeat(n, tokio::time::Instant::now)),
    case("clock: quanta", |n| repeat(n, floor::quanta_clock)),
    case("decision: std", |n| repeat(n, floor::decision_by_std)),
    case("decision: quanta", |n| repeat(n, floor::decision_by_quanta)),
    case("free: paced try_acquire", |n| {
        repeat(n, || FREE.try_acquire().is_ok());
    }),
    case("free: paced acquire", |n| {
        repeat(n, || ready(FREE.acquire()).is_ok());
    }),
    case("free: governor check", |n| {
        repeat(n, || GOVERNOR.check().is_ok());
    }),
    case("free: governor until_ready", |n| {
        repeat(n, || ready(GOVERNOR.until_ready()));
    }),
    case("free: governor check, std clock", |n| {
        repeat(n, || GOVERNOR_BY_STD.check().is_ok());
    }),
    case("free: governor until_ready, std clock", |n| {
        repeat(n, || ready(GOVERNOR_BY_STD.until_ready()));
    }),
    case("free: throttle-net try_acquire", |n| {
        repeat(n, || THROTTLE.try_acquire());
    }),
    case("free: throttle-net acquire", |n| {
        repeat(n, || ready(THROTTLE.acquire()).is_ok());
    }),
    case("refused: paced", |n| {
        repeat(n, || EMPTY.try_acquire().is_err());
    }),
    case("refused: governor", |n| {
        repeat(n, || EMPTY_GOVERNOR.check().is_err());
    }),
    case("refused: throttle-net", |n| {
        repeat(n, || !EMPTY_THROTTLE.try_acquire());
    }),
    case("call: plain", |n| call(n, calls::plain)),
    case("call: paced", |n| call(n, calls::annotated)),
    case("call: paced, closure", |n| call(n, calls::closure)),
    case("call: paced, plain function", |n| {
        repeat(n, || calls::annotated_blocking(black_box(7)));
    }),
    case("call: paced, plain function in spawn_blocking", |n| {
        repeat_in_spawn_blocking(n, || calls::annotated_blocking(black_box(7)));
    }),
    case("call: paced, bounded in flight", |n| {
        call(n, calls::bounded);
    }),
    case("call: governor and backon", |n| {
        call(n, calls::governor_and_backon);
    }),
    case("call: governor and backon, std clock", |n| {
        call(n, calls::governor_by_std_and_backon);
    }),
    case("call: governor and tokio-retry2", |n| {
        call(n, calls::governor_and_tokio_retry);
    }),
    case("call: throttle-net and its retry", |n| {
        call(n, calls::throttle_net_and_its_retry);
    }),
    case("request: plain", requests::plain),
    case("request: paced", requests::annotated),
    case("request: middleware", requests::middleware),
    case("request: plain, 10 headers", requests::plain_with_headers),
    case(
        "request: paced, 10 headers",
        requests::annotated_with_headers,
    ),
];

fn call<F: Future>(n: u64, make: impl Fn(u64) -> F) {
    repeat_inside(n, || ready(make(black_box(7))));
}
