//! CPU seconds that annotated functions take to compile, on the terminal.
#![forbid(unsafe_code)]

use std::io;
use std::path::Path;

use bench::builds;
use bench::builds::MARKS;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let seconds = builds::compile_functions(&root.canonicalize()?)?;
    for ((name, _), seconds) in MARKS.iter().zip(seconds) {
        println!("{seconds:>8.2}  {name}");
    }
    Ok(())
}
