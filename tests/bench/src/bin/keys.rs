//! One limiter for each of many keys, beside its peers: nanoseconds, memory, and pauses.
//!
//! ```text
//! cargo run --release -p bench --bin keys
//! ```
#![forbid(unsafe_code)]

use bench::keys::Keys;

fn main() {
    for table in Keys::measure(|what| eprintln!("{what}")).tables() {
        println!("{table}");
    }
}
