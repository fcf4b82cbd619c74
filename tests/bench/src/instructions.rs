//! Instructions, which do not depend on what else the machine does, counted by valgrind's callgrind.

use std::env;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

const REPEATS: u32 = 10_000;

/// Instructions of one case, in the program `one` at this path, outside the kernel, the clock's among them: `None` without valgrind.
///
/// Only what the program does in its function `counted` counts: before, it sets up what stays.
pub fn measure(one: &Path, case: &str) -> Option<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--toggle-collect=*one*counted*")
        .arg(one)
        .args([case, &REPEATS.to_string()])
        .output()
        .ok()?;
    let log = String::from_utf8_lossy(&output.stderr);
    let (_, count) = log
        .lines()
        .find_map(|line| line.split_once("Collected :"))?;
    let count: f64 = count.trim().parse().ok()?;
    Some(count / f64::from(REPEATS))
}

/// Another program of this package.
///
/// # Errors
///
/// Where the system does not say which program this is.
pub fn sibling(name: &str) -> io::Result<PathBuf> {
    Ok(env::current_exe()?.with_file_name(name))
}
