//! The processes together.

use std::{
    error::Error,
    fmt,
    process::Stdio,
    time::{Duration, Instant},
};

use examples::server::Limits;
use tokio::process::{Child, Command};

use crate::{Options, client::Report};

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
    }

    /// How many requests the quota allows in this time.
    fn allowed(&self) -> f64 {
        f64::from(self.quota.burst) + self.quota.rate * self.time.as_secs_f64()
    }

    fn sum(&self, of: impl Fn(&Report) -> u32) -> u32 {
        self.reports.iter().map(|(_, report)| of(report)).sum()
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
        let Limits { rate, burst, .. } = self.quota;
        writeln!(
            f,
            "together         {:>4} requests, {} refused, in {:.1} s",
            self.sum(|report| report.attempts),
            self.sum(|report| report.refused),
            self.time.as_secs_f64()
        )?;
        writeln!(
            f,
            "the quota        {:>4.0} requests: {rate}/s with a burst of {burst}",
            self.allowed()
        )
    }
}
