//! Costs of `paced`, beside the usual crates of today: every comparison in one run.
//!
//! ```text
//! cargo run --release -p bench --bin report     everything; writes BENCHMARKS.md
//! cargo run --release -p bench --bin report -- keys plain   these sections of it; they may also be `rows`
//! cargo run --release -p bench --bin settings   the single calls, in two settings of the compiler
//! cargo run --release -p bench --bin waiting    how limiters behave while callers wait
//! cargo run --release -p bench --bin rows       limits as rows
//! cargo run --release -p bench --bin keys       one limiter for each of many keys
//! cargo bench -p bench --bench annotated        the single calls, by criterion
//! cargo run --release -p bench --bin shared_sqlite   limits that processes share through a file
//! ```
#![forbid(unsafe_code)]

pub mod builds;
pub mod calls;
pub mod cases;
pub mod contest;
pub mod floor;
pub mod idling;
pub mod instructions;
pub mod keys;
pub mod limiters;
pub mod machine;
pub mod nanoseconds;
pub mod plain;
pub mod requests;
pub mod rows;
pub mod running;
pub mod settings;
pub mod table;
pub mod trace;
pub mod waiting;
