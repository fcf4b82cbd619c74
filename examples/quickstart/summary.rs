//! Summary of the run.

use std::{fmt::Write as _, time::Duration};

use paced::Quota;

use crate::client::Api;

/// The summary of `calls` calls that took `took`, several lines.
pub(crate) fn of(api: &Api, quota: Quota, calls: u32, took: Duration) -> String {
    let tally = &api.tally;
    let waited = api.limiter.snapshot().waits;
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        writeln!(text, "{name:<10}{value}").expect("a String takes any text");
    };
    line("calls", format!("{calls}, {} failed", tally.failed()));
    if let Some(problem) = tally.first_failure() {
        line("", format!("the first failure: {problem}"));
    }
    let retries = tally.attempts().saturating_sub(calls);
    line(
        "attempts",
        format!("{}, {retries} of them retries", tally.attempts()),
    );
    let refusals = format!("429: {}, 503: {}", tally.throttled(), tally.unavailable());
    line("refusals", refusals);
    line(
        "waits",
        format!(
            "queue {}, cooldown {}, backoff {} (all calls together)",
            seconds(waited.queue),
            seconds(waited.cooldown),
            seconds(waited.backoff)
        ),
    );
    let ideal = seconds(ideal(quota, calls));
    line(
        "time",
        format!("{}, ideal {ideal}{}", seconds(took), pauses(api)),
    );
    text
}

fn pauses(api: &Api) -> &'static str {
    if api.tally.throttled() + api.tally.unavailable() == 0 {
        return "";
    }
    " plus the pauses that the server asked for"
}

/// The burst goes at once, every other call waits for one interval after the one before it.
fn ideal(quota: Quota, calls: u32) -> Duration {
    let paced = calls.saturating_sub(quota.burst().get());
    Duration::from_secs_f64(f64::from(paced) / quota.rate().hz())
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
