//! Calls to other people's HTTP APIs, paced and retried with one attribute.
//!
//! A `429 Too Many Requests` costs time and quota, and in the end the account. `paced` keeps calls below
//! a rate before they are sent, waits as long as servers ask, and holds back every call on the same limiter
//! when one of them is refused.
//!
//! ```
//! # #[cfg(feature = "reqwest")] mod example {
//! use paced::{ResponseExt as _, rate_limited};
//! # type User = String;
//! # const BASE: &str = "";
//!
//! #[rate_limited(rate = 5, burst = 10, max_retries = 5)]
//! async fn user(api: &reqwest::Client, id: u64) -> reqwest::Result<User> {
//!     api.get(format!("{BASE}/users/{id}"))
//!         .send().await?
//!         .observe()                 // the limiter sees status and rate-limit headers
//!         .error_for_status()?
//!         .text().await
//! }
//! # }
//! ```
//!
//! # Where to go
//!
//! * [`paced::guide`](guide) explains how to work with the crate, from the first function to what to do when things go
//!   wrong.
//! * [`macro@rate_limited`] is the attribute. Its page is the reference of the options.
//! * [`Limiter`] is the token bucket with its queue and its cooldown. [`Limiter::builder`] gives it a name, or its limit in
//!   a store. [`Quota`] and [`Rate`] declare what is allowed.
//! * Without the attribute, [`Limiter::call`] makes a call with all that the attribute does, [`Limiter::call_with`] takes
//!   [`CallOptions`], and [`Limiter::acquire`] gives a [`Permit`] alone.
//! * [`Keyed`] is one limiter for each tenant, account or channel ([guide](guide::keys)).
//! * [`Config`] changes limits while the program runs ([guide](guide::config)).
//! * [`Error`] is returned where a call is refused and has no outcome of its own; [`Error::find`] finds it in other errors.
//! * [`Signal`] tells what an error of your own means. [`Verdict`] is the result of a `classify` function.
//! * Several limits at once, as of requests and tokens: [`guide::limits`]. [`Limiter::acquire_costs`] gives a
//!   [`Reservation`] without the attribute.
//! * [`Keyed`] has a limiter for each tenant, account or channel: [`guide::keys`].
//! * [`LimiterBuilder::max_concurrency`] bounds the calls in flight.
//! * [`Config`] changes limits while the program runs, from a file or built in code: [`guide::config`].
//! * [`hint()`] in the body passes on what a server says of its limits elsewhere than in headers.
//! * [`attempt`] tells the body which attempt it is, and gives it an idempotency key.
//! * [`spent()`], [`refund()`] and [`meter()`] say in the body what an attempt really took: a
//!   [`Meter`] also after the call has returned. The guide has a [page](guide::costs) about it.
//! * [`limiter()`] returns a function's own limiter, [`limiters`] lists all that have a name. A [`Snapshot`] has
//!   [`Counts`] and [`Waits`]. A [`Report`] is passed to the hooks `on_retry` and `on_give_up`.
//! * [`Limiter::resume`], [`Limiter::reset`] and [`Limiter::close`] control a limiter by hand. [`drain`] and [`drain_all`]
//!   are for the end of a program.
//! * [`Limiter::set_mode`] chooses a [`Mode`]: a limiter that observes holds nothing back and says what it would have done.
//! * [`store`] has the stores of limits that processes share.
//!
//! # Promises
//!
//! * **Envelope.** In any interval of length `w` at most `burst + rate * w` permits are granted, plus the tokens of 2 ms
//!   for late timers. In a [strict window](Quota::strict) no interval of the period holds more than its count.
//! * **First come, first served**, whatever a call costs. A retry goes before calls that have not had
//!   their first attempt.
//! * **Dropping a waiting call loses nothing**, and a waiter that is not polled holds up only itself. A permit
//!   that is picked up more than 2 ms after its grant is not used as it is: the bucket decides again.
//! * **No call is refused that would have been served**, as far as the limiter can know, and a call that is let
//!   in is served in time. The defaults never fail a batch that merely takes long.
//! * **No call stops the others**: a resource that is always refused holds back its own calls.
//! * **A hint always binds its own call**: no attempt before its instant. It binds the other calls as well,
//!   unless their outcomes show that only this call is refused. When it ends, one call goes first and the
//!   others follow at the paced rate.
//! * **Idle is free.** There is no background task and no ticker.
//! * **Paused time.** Everything runs on tokio's clock: with `tokio::time::pause` tests take no time,
//!   and delays are exact to the millisecond.
//!
//! # Crate features
//!
//! **tracing** is on by default, the others are not.
//!
//! * **tracing**: events for whatever holds calls up, and a span for each call
//!   ([list](guide::troubleshooting#events)). Adds two crates. Nearly free while no subscriber listens.
//! * **http**: rate-limit headers are understood ([`headers`], [`observe`], `http::Response` as an
//!   outcome). Without it a hint comes from [`Signal`] alone.
//! * **reqwest**: `http`, and `reqwest::Response` and `reqwest::Error` of reqwest 0.13 are understood.
//!   With another version show the response to [`observe`]. Chooses no TLS backend: that stays with your own
//!   dependency on reqwest.
//! * **tonic**: `http`, and `tonic::Status` is understood, with the `RetryInfo` in its details
//!   ([list](guide::clients#grpc)). Chooses no transport.
//! * **ureq**: `http`, and `ureq::Error` is understood. Chooses no TLS backend.
//! * **tower**: `http`, and [`tower::ObserveLayer`] for clients built on `tower`.
//! * **reqwest-middleware**: `reqwest`, and [`reqwest_middleware::ObserveMiddleware`] for clients with
//!   middleware.
//! * **sqlite**: [`store::SqliteStore`], `store = "sqlite:.."`: one limit for the processes of one machine.
//!   SQLite is compiled from its C source, which needs a C compiler and about a minute in release mode.
//!   A build can link SQLite only once, so any `rusqlite` from 0.38 to 0.43 that your other crates chose will do:
//!   0.39 beside sqlx 0.9, 0.40 beside diesel 2.3. From 0.41 on it needs Rust 1.89;
//!   cargo picks an older one if your `rust-version` says so.
//! * **redis**: [`store::RedisStore`] and `store = "redis://.."`, for limits that processes on several
//!   machines share.
//! * **redis-rustls**: `redis`, and `store = "rediss://.."` for TLS by rustls. It trusts the operating system's
//!   certificates, and uses *ring* unless the program has chosen another provider.
//! * **redis-cluster**: `redis`, and URLs of servers that are part of a Redis Cluster.
//! * **store-keys**: keys in a store of your own: [`KeyedBuilder::store`]. `sqlite` and `redis` bring it.
//! * **quanta**: permits without a wait read the processor's counter instead of a clock,
//!   which takes a third of the time (10 ns instead of 32). The first call calibrates the counter, for a
//!   few milliseconds as a rule. In builds where tokio's clock can be paused (its feature `test-util`), that clock is used.
//! * **config**: [`Config::from_toml`], limits from a file while the program runs ([guide](guide::config)). Adds five crates,
//!   and no serde.
//! * **blocking**: [the attribute on a plain `fn`](guide::blocking), which waits on its thread, without a runtime of the
//!   caller's. With **reqwest**, `reqwest::blocking::Response` is understood as well.
//! * **test-util**: [`testing::unpaced`], for tests that are not to wait for permits, and [`store::conformance`], a check
//!   of a store of your own.
//!
//! # Not supported
//!
//! * Runtimes other than tokio.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(
        feature = "config",
        feature = "blocking",
        feature = "http",
        feature = "redis",
        feature = "sqlite",
        feature = "test-util"
    )),
    expect(rustdoc::broken_intra_doc_links, reason = "links to features")
)]

#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;
mod backoff;
#[cfg(feature = "blocking")]
mod blocking;
mod bucket;
mod call;
mod clock;
mod config;
mod context;
mod costs;
mod debt;
mod error;
mod events;
mod failure;
mod grammar;
mod guard;
// Text alone, which users do not compile.
#[cfg(any(doc, doctest))]
pub mod guide;
#[cfg(feature = "http")]
pub mod headers;
pub mod hint;
mod keyed;
mod lasting;
mod learning;
mod limiter;
mod mode;
mod nearest;
#[cfg(any(feature = "tower", feature = "reqwest-middleware"))]
mod observing;
#[cfg(test)]
mod provider_hints;
mod quota;
mod report;
mod retry;
mod retry_on;
mod row;
mod run_log;
mod schedule;
mod signal;
pub mod store;
mod store_url;
mod strict;
mod sync;
#[cfg(feature = "test-util")]
pub mod testing;
mod time;
mod verdict;
mod waits;

#[doc = include_str!("rate_limited.md")]
pub use paced_macros::rate_limited;

pub use crate::backoff::Backoff;
pub use crate::backoff::Jitter;
pub use crate::call::CallError;
pub use crate::call::CallOptions;
pub use crate::config::Config;
pub use crate::config::ConfigError;
pub use crate::config::LimiterConfig;
pub use crate::context::Attempt;
pub use crate::context::IdempotencyKey;
pub use crate::context::Meter;
pub use crate::context::attempt;
pub use crate::context::hint;
pub use crate::context::meter;
pub use crate::context::refund;
pub use crate::context::spent;
pub use crate::error::Error;
pub use crate::failure::Failure;
pub use crate::hint::Hint;
pub use crate::keyed::AcquireKey;
pub use crate::keyed::Keyed;
pub use crate::keyed::KeyedBuilder;
pub use crate::keyed::KeyedPermit;
pub use crate::limiter::Acquire;
pub use crate::limiter::AcquireCosts;
pub use crate::limiter::Counts;
pub use crate::limiter::Limiter;
pub use crate::limiter::LimiterBuilder;
pub use crate::limiter::ObservedWaits;
pub use crate::limiter::Permit;
pub use crate::limiter::Receipt;
pub use crate::limiter::Reservation;
pub use crate::limiter::RowSnapshot;
pub use crate::limiter::SharedRow;
pub use crate::limiter::SharedSnapshot;
pub use crate::limiter::Snapshot;
pub use crate::limiter::drain;
pub use crate::limiter::drain_all;
pub use crate::limiter::limiter;
pub use crate::limiter::limiters;
pub use crate::mode::Mode;
pub use crate::quota::Quota;
pub use crate::quota::Rate;
pub use crate::report::Report;
pub use crate::retry_on::RetryOn;
#[cfg(feature = "http")]
pub use crate::signal::ResponseExt;
pub use crate::signal::Signal;
#[cfg(feature = "http")]
pub use crate::signal::observe;
pub use crate::verdict::Verdict;
pub use crate::waits::Waits;

/// A layer for `tower` clients.
#[cfg(feature = "tower")]
pub mod tower {
    pub use crate::observing::Observe;
    pub use crate::observing::ObserveFuture;
    pub use crate::observing::ObserveLayer;
}

/// A middleware for `reqwest-middleware` clients.
#[cfg(feature = "reqwest-middleware")]
pub mod reqwest_middleware {
    pub use crate::observing::ObserveMiddleware;
}
