//! A thread that waits uses no time of a processor.
#![cfg(target_os = "linux")]

use std::fs;
use std::time::Duration;
use std::time::Instant;

use paced::rate_limited;

use crate::support::Failed;

#[rate_limited(rate = "1/10s", burst = 1)]
fn rarer() -> Result<(), Failed> {
    Ok(())
}

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

/// Returns the time of a processor that this thread has used, in hundredths of a second.
fn used() -> u64 {
    let stat = fs::read_to_string("/proc/thread-self/stat").expect("procfs");
    // The name of the thread, which may hold anything, ends with the last parenthesis.
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let fields = fields.split_whitespace().skip(11).take(2);
    fields
        .map(|field| field.parse::<u64>().expect("a number"))
        .sum()
}

#[test]
fn a_thread_that_waits_for_ten_seconds_uses_no_time() {
    rarer().expect("the burst");
    let before = (used(), Instant::now());
    rarer().expect("a permit");
    // It may have begun a tenth of a second late.
    assert!(before.1.elapsed() > Duration::from_secs(9));
    let during = used() - before.0;
    assert!(during <= 1, "{during} hundredths of a second");
}
