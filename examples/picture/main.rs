//! Draws the picture of the README: the same calls without and with the attribute, against a server with a real limit.
//!
//! ```text
//! cargo run -p examples --example picture                  # replaces runtime/src/guide/picture.svg
//! cargo run -p examples --example picture -- /tmp/run.svg
//! ```
//!
//! A call begins every 100 ms, 60 in all. The server allows 5 requests per second, 10 at once, and fails one time.
#![forbid(unsafe_code)]

mod drawing;
mod run;

use std::error::Error;
use std::path::PathBuf;

use crate::run::Variant;

const DEFAULT_PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../runtime/src/guide/picture.svg"
);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os()
        .nth(1)
        .map_or_else(|| PathBuf::from(DEFAULT_PATH), PathBuf::from);
    let (plain, paced) = tokio::try_join!(run::all(Variant::Plain), run::all(Variant::Paced))?;
    for run in [&plain, &paced] {
        println!("{}: {}", run.name(), run.summary());
    }
    std::fs::write(&path, drawing::of(&[plain, paced])?)?;
    println!("written to {}", path.display());
    Ok(())
}
