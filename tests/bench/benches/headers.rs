//! Reading the headers of a response: beside other crates that read some of them.
//!
//! `plain` is a response that says nothing about limits, which is what most of them are.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use criterion::{Criterion, criterion_group, criterion_main};
use headers::HeaderMapExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

const PLAIN: &[(&str, &str)] = &[
    ("date", "Mon, 23 Nov 2026 12:00:00 GMT"),
    ("content-type", "application/json; charset=utf-8"),
    ("content-length", "5120"),
    ("cache-control", "private, max-age=60, s-maxage=60"),
    ("vary", "Accept, Authorization, Cookie, Accept-Encoding"),
    ("etag", "W/\"a1b2c3d4e5f60718293a4b5c6d7e8f90\""),
    (
        "strict-transport-security",
        "max-age=31536000; includeSubdomains; preload",
    ),
    ("x-frame-options", "deny"),
    ("x-content-type-options", "nosniff"),
    (
        "referrer-policy",
        "origin-when-cross-origin, strict-origin-when-cross-origin",
    ),
    ("content-security-policy", "default-src 'none'"),
    ("server", "nginx"),
];

const GITHUB: &[(&str, &str)] = &[
    ("x-ratelimit-limit", "5000"),
    ("x-ratelimit-remaining", "4987"),
    ("x-ratelimit-reset", "1795437000"),
    ("x-ratelimit-used", "13"),
    ("x-ratelimit-resource", "core"),
];

const IETF: &[(&str, &str)] = &[
    (
        "ratelimit-policy",
        "\"burst\";q=100;w=60, \"daily\";q=1000;w=86400",
    ),
    ("ratelimit", "\"burst\";r=50;t=30, \"daily\";r=400;t=3600"),
];

const WAIT: &[(&str, &str)] = &[("retry-after", "Mon, 23 Nov 2026 12:00:30 GMT")];

fn reading(c: &mut Criterion) {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_435_200);
    let read = |map: &HeaderMap| paced::headers::parse(StatusCode::OK, map, now);
    for (name, more) in [
        ("plain", &[][..]),
        ("github", GITHUB),
        ("ietf", IETF),
        ("retry_after", WAIT),
    ] {
        let map = response(more);
        let mut group = c.benchmark_group(format!("headers/{name}"));
        group.bench_function("paced", |b| b.iter(|| read(black_box(&map))));
        group.bench_function("rate-limits", |b| {
            b.iter(|| rate_limits::RateLimit::new(black_box(&map)).ok());
        });
        group.bench_function("headers", |b| {
            b.iter(|| black_box(&map).typed_get::<headers::RetryAfter>());
        });
        group.finish();
    }
}

fn response(more: &[(&'static str, &'static str)]) -> HeaderMap {
    let field = |&(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    PLAIN.iter().chain(more).map(field).collect()
}

criterion_group!(benches, reading);
criterion_main!(benches);
