//! Measures everything in one run, prints it as tables and writes them to `BENCHMARKS.md`.
//!
//! ```text
//! cargo run --release -p bench --bin report
//! cargo run --release -p bench --bin report -- keys plain    these sections alone; the others stay as they are
//! ```
//!
//! All of it takes half an hour on two cores. Instructions need valgrind and are left out without it.
#![forbid(unsafe_code)]

mod measured;
mod sections;
mod summary;
mod tables;

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use bench::machine;
use bench::settings::SETTINGS;

use crate::measured::Measured;

/// Text beside the figures.
const REASONS: &str = "tests/bench/src/bin/report/reasons.md";

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize()?;
    let note = |what: &str| eprintln!("{what}");
    let sections: Vec<String> = env::args().skip(1).collect();
    if !sections.is_empty() {
        let tables = sections::measure(&sections, note)?;
        let text = fs::read_to_string(target(&root))?;
        fs::write(target(&root), sections::replace(&text, &tables))?;
        return Ok(());
    }
    SETTINGS[0].build(&root, &["heap"])?;
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
             side was measured in one run, in a release build unless a table says otherwise. The single calls alone, \
             in both settings of the compiler: `cargo run --release -p bench --bin settings`; how limiters behave \
             while callers wait: `cargo run --release -p bench --bin waiting`.\n",
            machine::machine(),
            machine::versions(&lock),
        ),
        summary::table(measured).to_string(),
        fs::read_to_string(root.join(REASONS))?,
    ];
    let mut tables = tables::calls(measured);
    tables.extend(measured.contest.tables());
    tables.extend(measured.rows.tables());
    tables.extend(measured.keys.tables());
    tables.push(measured.plain.table());
    tables.extend(tables::heap_and_builds(measured));
    sections.extend(tables.iter().map(ToString::to_string));
    Ok(sections.join("\n").trim_end().to_owned() + "\n")
}
