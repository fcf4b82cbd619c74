//! Limits as rows beside their peers, as tables on the terminal.
//!
//! ```text
//! cargo run --release -p bench --bin rows
//! PACED_BENCH_PYTHON=venv/bin/python cargo run --release -p bench --bin rows    with Python's token-throttle
//! ```
#![forbid(unsafe_code)]

use std::io;

use bench::rows::Rows;

fn main() -> io::Result<()> {
    let rows = Rows::measure(|what| eprintln!("{what}"))?;
    for table in rows.tables() {
        println!("{table}");
    }
    Ok(())
}
