//! Several processes at once, and what came of it.

use std::error::Error;
use std::fs;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;
use std::time::Instant;

use crate::histogram::Histogram;
use crate::work::Work;

/// Results of a run.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    /// By each process, in how many seconds.
    granted: Vec<(u64, f64)>,
    /// From the first request to the last answer, in seconds.
    time: f64,
    pub(crate) latencies: Histogram,
    permits: Vec<u64>,
}

impl Fleet {
    /// Lets so many processes work on a new file.
    pub(crate) fn run(processes: usize, work: Work) -> Result<Self, Box<dyn Error>> {
        let folder = Folder::new()?;
        let mut children = (0..processes)
            .map(|_| start(&folder, work))
            .collect::<Result<Vec<_>, _>>()?;
        for started in &mut children {
            wait_until_ready(started)?;
        }
        let begun = Instant::now();
        for started in &mut children {
            writeln!(started.child.stdin.as_mut().ok_or("no pipe")?)?;
        }
        let mut fleet = Self::default();
        for started in children {
            fleet.hear(started)?;
        }
        fleet.time = begun.elapsed().as_secs_f64();
        fleet.permits.sort_unstable();
        Ok(fleet)
    }

    /// Starts processes one after the other that draw once.
    pub(crate) fn start_often(count: usize, beside: bool) -> Result<Histogram, Box<dyn Error>> {
        let folder = Folder::new()?;
        let mut other = start(&folder, Work::Free { callers: 1 })?;
        wait_until_ready(&mut other)?;
        if !beside {
            // It was there to create the file.
            other.child.kill()?;
        }
        let mut fleet = Self::default();
        for _ in 0..count {
            fleet.hear(start(&folder, Work::Once)?)?;
        }
        other.child.kill()?;
        other.child.wait()?;
        Ok(fleet.latencies)
    }

    fn hear(&mut self, started: Started) -> Result<(), Box<dyn Error>> {
        let Started { mut child, said } = started;
        let before = self.granted.len();
        for line in said.lines() {
            let line = line?;
            let (what, rest) = line.split_once(' ').unwrap_or((line.as_str(), ""));
            match what {
                "granted" => {
                    let (seconds, count) = rest.split_once(' ').ok_or("no count")?;
                    self.granted.push((count.parse()?, seconds.parse()?));
                }
                "latencies" => self
                    .latencies
                    .merge(&Histogram::read(rest).ok_or("no histogram")?),
                _ => {
                    let permits = rest.split(' ').filter_map(|word| word.parse::<u64>().ok());
                    self.permits.extend(permits);
                }
            }
        }
        let status = child.wait()?;
        if !status.success() || self.granted.len() == before {
            return Err(format!("a process failed: {status}").into());
        }
        Ok(())
    }

    fn total(&self) -> u64 {
        self.granted.iter().map(|(count, _)| count).sum()
    }

    /// Granted per second, by all together.
    pub(crate) fn rate(&self) -> f64 {
        self.granted
            .iter()
            .map(|(count, seconds)| count_of(*count) / seconds)
            .sum()
    }

    /// Jain's index: 1 where all got the same, one over their number where one got all.
    pub(crate) fn fairness(&self) -> f64 {
        let counts = || self.granted.iter().map(|(count, _)| count_of(*count));
        let sum: f64 = counts().sum();
        let squares: f64 = counts().map(|count| count * count).sum();
        sum * sum / squares / count_of(self.granted.len() as u64)
    }

    /// How much of the rate was used, after the burst.
    pub(crate) fn use_of(&self, work: Work) -> f64 {
        let span = match (self.permits.first(), self.permits.last()) {
            (Some(first), Some(last)) => count_of(last - first) / 1e9,
            _ => self.time,
        };
        (count_of(self.total()) - f64::from(work.burst())) / (f64::from(work.rate()) * span)
    }

    /// How many were granted, and how many the limit allows in this time.
    pub(crate) fn envelope(&self, work: Work) -> String {
        let allowed = f64::from(work.burst()) + f64::from(work.rate()) * self.time;
        let over = if count_of(self.total()) > allowed {
            " **OVER**"
        } else {
            ""
        };
        format!("{} of {allowed:.0}{over}", self.total())
    }

    /// The most permits in any window of this length, less what is allowed in it.
    pub(crate) fn over(&self, work: Work, millis: u64) -> i64 {
        let length = millis * 1_000_000;
        let (mut first, mut most) = (0, 0);
        for (last, permit) in self.permits.iter().enumerate() {
            while permit - self.permits[first] > length {
                first += 1;
            }
            most = most.max(last + 1 - first);
        }
        let allowed = u64::from(work.burst()) + u64::from(work.rate()) * millis / 1000;
        i64::try_from(most as u64).unwrap_or(0) - i64::try_from(allowed).unwrap_or(0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
const fn count_of(count: u64) -> f64 {
    count as f64
}

/// A process that has been started.
struct Started {
    child: Child,
    said: BufReader<ChildStdout>,
}

fn start(folder: &Folder, work: Work) -> Result<Started, Box<dyn Error>> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg(folder.0.join("quota.db"))
        .args(work.words())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let said = child.stdout.take().ok_or("no pipe")?;
    Ok(Started {
        child,
        said: BufReader::new(said),
    })
}

fn wait_until_ready(started: &mut Started) -> Result<(), Box<dyn Error>> {
    let mut line = String::new();
    started.said.read_line(&mut line)?;
    if line == "ready\n" {
        Ok(())
    } else {
        Err("a process ended before it was ready".into())
    }
}

/// A folder that is removed in the end. Not in memory: waiting for the disk is part of it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
        let path = target.join(format!("shared-sqlite-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
