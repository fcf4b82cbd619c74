//! Instructions, which do not depend on what else the machine does, counted by valgrind's callgrind.

use std::env;
use std::io;
use std::path::PathBuf;
use std::process::Command;

const FEW: u64 = 1_000;
const MANY: u64 = 11_000;

/// Instructions of one case outside the kernel, the clock's among them: `None` without valgrind.
///
/// The difference of two runs, so that starting the program does not count.
pub fn measure(case: &str) -> Option<f64> {
    let (few, many) = (collect(case, FEW).ok()??, collect(case, MANY).ok()??);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let each = many.checked_sub(few)? as f64 / (MANY - FEW) as f64;
    Some(each)
}

fn collect(case: &str, repeats: u64) -> io::Result<Option<u64>> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(sibling("one")?)
        .args([case, &repeats.to_string()])
        .output()?;
    let log = String::from_utf8_lossy(&output.stderr);
    let collected = log.lines().find_map(|line| line.split_once("Collected :"));
    Ok(collected.and_then(|(_, count)| count.trim().parse().ok()))
}

/// Another program of this package.
///
/// # Errors
///
/// Where the system does not say which program this is.
pub fn sibling(name: &str) -> io::Result<PathBuf> {
    Ok(env::current_exe()?.with_file_name(name))
}
