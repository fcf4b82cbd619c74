//! A thread that waits uses no time of a processor.
#![cfg(target_os = "linux")]

use std::fs;

use paced::rate_limited;

use crate::support::Failed;

#[rate_limited(rate = 2, burst = 1)]
fn rare() -> Result<(), Failed> {
    Ok(())
}

/// Returns how often this thread has gone to sleep.
fn sleeps() -> u64 {
    let status = fs::read_to_string("/proc/thread-self/status").expect("procfs");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.expect("a count").trim().parse().expect("a number")
}

#[test]
fn a_wait_is_one_sleep() {
    // The first wait starts a thread.
    rare().expect("the burst");
    rare().expect("a permit");
    let before = sleeps();
    rare().expect("a permit");
    let during = sleeps() - before;
    // One for the permit. Locks that other threads hold for a moment may add to it, and so may what reads the count.
    assert!((1..=5).contains(&during), "{during} sleeps");
}
