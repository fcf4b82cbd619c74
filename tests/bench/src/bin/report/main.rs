//! Measures everything in one run, prints it as tables and writes them to `BENCHMARKS.md`.
//!
//! ```text
//! cargo run --release -p bench --bin report
//! ```
//!
//! Takes a quarter of an hour on two cores. Instructions need valgrind and are left out without it.
#![forbid(unsafe_code)]

mod measured;
mod summary;
mod tables;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use bench::builds;
use bench::machine;

use crate::measured::Measured;

/// Text beside the figures.
const REASONS: &str = "tests/bench/src/bin/report/reasons.md";

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize()?;
    let note = |what: &str| eprintln!("{what}");
    // This package's other programs.
    let programs = [
        "build",
        "--release",
        "-p",
        "bench",
        "--bin",
        "heap",
        "--bin",
        "one",
    ];
    builds::run(builds::cargo(&root).args(programs))?;
    let load = machine::load();
    let measured = Measured::take(&root, note)?;
    let text = write_up(&root, &load, &measured)?;
    print!("{text}");
    fs::write(target(&root), text)?;
    Ok(())
}

fn target(root: &Path) -> PathBuf {
    root.join("BENCHMARKS.md")
}

fn write_up(root: &Path, load: &str, measured: &Measured) -> Result<String, Box<dyn Error>> {
    let lock = fs::read_to_string(root.join("Cargo.lock"))?;
    let mut sections = vec![
        "# Benchmarks\n".to_owned(),
        format!(
            "Written by `cargo run --release -p bench --bin report`, on {}; {load}. Compared are {}, \
             `paced` with its feature `quanta`, which governor has by default. All that is set side by \
             side was measured in one run.\n",
            machine::machine(),
            machine::versions(&lock),
        ),
        summary::table(measured).to_string(),
        fs::read_to_string(root.join(REASONS))?,
    ];
    let mut tables = tables::calls(measured);
    tables.extend(measured.contest.tables());
    tables.extend(tables::heap_and_builds(measured));
    sections.extend(tables.iter().map(ToString::to_string));
    Ok(sections.join("\n").trim_end().to_owned() + "\n")
}
