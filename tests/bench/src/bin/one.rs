//! Does one case many times, for tools that watch a program: `one "call: paced" 10000`.
#![forbid(unsafe_code)]

use std::env;
use std::process::ExitCode;

use bench::cases;

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let case = args.next().and_then(|name| cases::find(&name));
    let repeats = args.next().and_then(|count| count.parse().ok());
    let (Some(case), Some(repeats)) = (case, repeats) else {
        eprintln!("usage: one CASE REPEATS, where CASE is one of:");
        for case in &cases::CASES {
            eprintln!("  {}", case.name);
        }
        return ExitCode::FAILURE;
    };
    (case.run)(repeats);
    ExitCode::SUCCESS
}
