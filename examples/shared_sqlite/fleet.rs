//! The processes together.

use std::{
    error::Error,
    fmt,
    iter::Sum,
    process::Stdio,
    time::{Duration, Instant},
};

use examples::server::Limits;
use tokio::process::{Child, Command};

use crate::{
    Options,
    client::{Report, TOKENS},
};

/// Work of the processes.
pub(crate) struct Fleet {
    quota: Limits,
    calls: u32,
    time: Duration,
    /// Each with its number.
    reports: Vec<(u32, Report)>,
}

impl Fleet {
    /// Starts the processes and waits for what they did. Those that are left behind are killed.
    pub(crate) async fn run(options: &Options, quota: Limits) -> Result<Self, Box<dyn Error>> {
        let begun = Instant::now();
        let children = (0..options.processes)
            .map(|_| start(options))
            .collect::<Result<Vec<_>, _>>()?;
        let mut reports = Vec::new();
        for child in children {
            let id = child.id().unwrap_or(0);
            let output = child.wait_with_output().await?;
            reports.push((id, String::from_utf8(output.stdout)?.parse()?));
        }
        Ok(Self {
            quota,
            calls: options.calls,
            time: begun.elapsed(),
            reports,
        })
    }

    /// Whether all calls succeeded within the quota.
    pub(crate) fn is_good(&self) -> bool {
        self.sum(|report| report.failed) == 0
            && self.sum(|report| report.refused) == 0
            && f64::from(self.sum(|report| report.attempts)) <= self.allowed()
            && self.has_tokens()
    }

    /// Whether the requests took no more tokens than the limit allows. Processes that are alone do not count them.
    fn has_tokens(&self) -> bool {
        let tokens = self.sum(|report| report.tokens);
        u32::try_from(tokens).is_ok_and(|tokens| f64::from(tokens) <= self.tokens_allowed())
    }

    /// How many requests the quota allows in this time.
    fn allowed(&self) -> f64 {
        f64::from(self.quota.burst) + self.quota.rate * self.time.as_secs_f64()
    }

    /// How many tokens the limit allows in this time, and what one request of each process takes more.
    fn tokens_allowed(&self) -> f64 {
        let more = 140 * u32::try_from(self.reports.len()).unwrap_or(u32::MAX);
        f64::from(more) + f64::from(TOKENS) * (1.0 + self.time.as_secs_f64())
    }

    fn sum<N: Sum>(&self, of: impl Fn(&Report) -> N) -> N {
        self.reports.iter().map(|(_, report)| of(report)).sum()
    }

    /// A line of the table: a limit, what was taken of it and what it allows, and for how long calls have waited for it.
    fn row(
        &self,
        f: &mut fmt::Formatter<'_>,
        limit: usize,
        taken: u64,
        allowed: f64,
    ) -> fmt::Result {
        let (name, quota) = match limit {
            0 => (
                "requests",
                format!("{}/s, burst {}", self.quota.rate, self.quota.burst),
            ),
            _ => ("tokens", format!("{TOKENS}/s, burst {TOKENS}")),
        };
        let waited = Duration::from_millis(self.sum(|report| report.waited[limit]));
        writeln!(
            f,
            "{name:<10} {quota:<20} {taken:>8} {allowed:>8.0} {:>8.1} s",
            waited.as_secs_f64()
        )
    }
}

fn start(options: &Options) -> std::io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--calls", &options.calls.to_string()]);
    command.arg("--file").arg(&options.file);
    if let Some(url) = &options.url {
        command.args(["--url", url.as_str()]);
    }
    if options.alone {
        command.arg("--alone");
    }
    command.stdout(Stdio::piped()).kill_on_drop(true).spawn()
}

impl fmt::Display for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, report) in &self.reports {
            writeln!(
                f,
                "process {id:<8} {:>4} calls, {} failed; {:>4} requests, {} refused with 429",
                self.calls, report.failed, report.attempts, report.refused
            )?;
        }
        writeln!(
            f,
            "together in {:.1} s, {} refused:",
            self.time.as_secs_f64(),
            self.sum(|report| report.refused)
        )?;
        writeln!(
            f,
            "{:<10} {:<20} {:>8} {:>8} {:>10}",
            "limit", "quota", "taken", "allowed", "waited"
        )?;
        let requests = self.sum(|report| report.attempts);
        self.row(f, 0, u64::from(requests), self.allowed())?;
        self.row(
            f,
            1,
            self.sum(|report| report.tokens),
            self.tokens_allowed(),
        )
    }
}
