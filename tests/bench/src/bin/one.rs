//! Does one case many times, for tools that watch a program: `one "call: paced" 10000`.
#![forbid(unsafe_code)]

use std::env;
use std::process::ExitCode;

use bench::cases;
use bench::cases::Case;
use bench::keys;
use bench::rows;

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let all = || cases::CASES.iter().chain(rows::CASES).chain(&keys::CASES);
    let case = args
        .next()
        .and_then(|name| all().find(|case| case.name == name).copied());
    let repeats = args.next().and_then(|count| count.parse().ok());
    let (Some(case), Some(repeats)) = (case, repeats) else {
        eprintln!("usage: one CASE REPEATS, where CASE is one of:");
        for case in all() {
            eprintln!("  {}", case.name);
        }
        return ExitCode::FAILURE;
    };
    // What the first run sets up does not count: clocks are calibrated, limiters made.
    (case.run)(2_000);
    counted(case, repeats);
    ExitCode::SUCCESS
}

/// The function that tools look at by its name.
#[inline(never)]
fn counted(case: Case, repeats: u64) {
    (case.run)(repeats);
}
