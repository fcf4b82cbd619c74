//! Single calls beside their peers, in two settings of the compiler, as tables on the terminal.
//!
//! ```text
//! cargo run --release -p bench --bin settings
//! ```
#![forbid(unsafe_code)]

use std::io;
use std::path::Path;

use bench::settings::Compared;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let compared = Compared::measure(&root.canonicalize()?, |what| eprintln!("{what}"))?;
    for table in compared.tables() {
        println!("{table}");
    }
    Ok(())
}
