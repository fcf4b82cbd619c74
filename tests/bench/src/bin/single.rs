//! Nanoseconds of single calls and permits, without the rest of the report.
//!
//! ```text
//! cargo run --release -p bench --bin single
//! ```
#![forbid(unsafe_code)]

use bench::cases::CASES;
use bench::nanoseconds;

fn main() {
    let nanos = nanoseconds::measure();
    for case in CASES {
        println!("{:>8.1}  {}", nanos[case.name], case.name);
    }
    println!("on two threads");
    for (name, nanos) in nanoseconds::measure_two_threads() {
        println!("{nanos:>8.1}  {name}");
    }
}
