//! One limiter for each of many keys, beside its peers: nanoseconds, memory, and pauses.
//!
//! ```text
//! cargo run --release -p bench --bin keys
//! cargo run --release -p bench --bin keys -- pauses   the longest single access alone
//! ```
#![forbid(unsafe_code)]

use bench::idling;
use bench::keys::Keys;

fn main() {
    let is_all = std::env::args().nth(1).as_deref() != Some("pauses");
    if is_all {
        for table in Keys::measure(|what| eprintln!("{what}")).tables() {
            println!("{table}");
        }
    }
    eprintln!("pauses");
    println!("{}", idling::measure());
}
