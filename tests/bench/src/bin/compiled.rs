//! CPU seconds of a debug build of many functions, plain and annotated.
#![forbid(unsafe_code)]

use std::io;
use std::path::Path;

use bench::builds;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize()?;
    for (name, mark) in builds::MARKS {
        println!("{:>8.2}  {name}", builds::compile_functions(&root, mark)?);
    }
    Ok(())
}
