//! Nanoseconds of single calls and permits, without the rest of the report.
//!
//! ```text
//! cargo run --release -p bench --bin single
//! cargo run --profile one-unit -p bench --bin single
//! ```
#![forbid(unsafe_code)]

use bench::cases::CASES;
use bench::nanoseconds;

fn main() {
    let nanos = nanoseconds::measure();
    for case in CASES {
        println!("{:>8.2}  {}", nanos[case.name], case.name);
    }
    for (name, nanos) in nanoseconds::measure_two_threads() {
        println!("{nanos:>8.2}  2 threads: {name}");
    }
}
