//! One limiter for each of many keys, beside its peers: nanoseconds, memory, and pauses.
//!
//! ```text
//! cargo run --release -p bench --bin keys
//! ```
#![forbid(unsafe_code)]

use bench::keys;

fn main() {
    for table in keys::measure(|what| eprintln!("{what}")) {
        println!("{table}");
    }
}
