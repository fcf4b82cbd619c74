//! How limiters behave while callers wait for them, as tables on the terminal.
#![forbid(unsafe_code)]

use bench::contest::Contest;

fn main() {
    let contest = Contest::hold(|scenario| eprintln!("{scenario}"));
    for table in contest.tables() {
        println!("{table}");
    }
}
