//! Python's `token-throttle`, where Python and the package are there.

use core::net::SocketAddr;
use std::env;
use std::io;
use std::process::Command;

use super::CALLERS;
use super::Kind;
use super::LASTING;
use super::REQUESTS_AT_ONCE;
use super::TOKENS_AT_ONCE;

/// Client that calls the server.
const SCRIPT: &str = include_str!("token_throttle.py");

/// Returns the numbers of calls and of failed ones. The interpreter is that of `PACED_BENCH_PYTHON`, or `python3`.
pub(super) fn run(kind: Kind, address: SocketAddr) -> io::Result<(u32, u32)> {
    let python = env::var_os("PACED_BENCH_PYTHON").unwrap_or_else(|| "python3".into());
    let kind = match kind {
        Kind::Start => "start",
        Kind::Reserve => "reserve",
        Kind::End => "end",
    };
    let output = Command::new(python)
        .args(["-c", SCRIPT, kind])
        .args([address.ip().to_string(), address.port().to_string()])
        .args([CALLERS.to_string(), LASTING.as_secs().to_string()])
        // A row of the package holds what comes in a whole number of seconds, of which the shortest is one.
        .args([REQUESTS_AT_ONCE * 2, TOKENS_AT_ONCE].map(|count| count.to_string()))
        .output()?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut counts = told.split_whitespace().map(str::parse);
    if let (true, Some(Ok(calls)), Some(Ok(failed))) =
        (output.status.success(), counts.next(), counts.next())
    {
        return Ok((calls, failed));
    }
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = told.lines().last().unwrap_or("no figures").to_owned();
    Err(io::Error::other(last))
}
