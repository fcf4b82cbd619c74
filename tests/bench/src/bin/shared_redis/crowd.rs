//! Several processes on one limit: the fullest windows, over all of them.

use std::error::Error;
use std::io::Read as _;
use std::io::Write as _;
use std::num::NonZeroU32;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bench::table::Table;
use nix::time::ClockId;
use nix::time::clock_gettime;
use paced::Limiter;
use paced::Quota;
use paced::Rate;
use paced::store;
use paced::store::OnStoreError;
use paced::store::Policy;

const TIME: u64 = 6_000_000_000;
const WINDOWS: [u64; 3] = [10_000_000, 100_000_000, 1_000_000_000];

/// Callers of each process, the rate, and the burst.
const CASES: [(&[u32], u32, u32); 4] = [
    (&[32; 4], 200, 20),
    (&[1, 2, 4, 8, 16, 32, 64, 128], 200, 20),
    (&[1; 8], 200, 20),
    (&[64; 8], 2000, 100),
];

pub(crate) fn table(url: &str) -> Result<Table, Box<dyn Error>> {
    let mut table = Table::new(
        "Several processes",
        "The most that all of them together were granted in any window of 10 ms, 100 ms and 1 s, less \
         burst + rate * window: 0 and 1 are what the limit allows, depending on where its ends fall.",
        [
            "callers of each process",
            "rate, burst",
            "granted",
            "of the limit",
            "10 ms",
            "100 ms",
            "1 s",
        ],
    );
    for (number, (callers, rate, burst)) in CASES.into_iter().enumerate() {
        let permits = run(url, number, callers, rate, burst)?;
        let (Some(first), Some(last)) = (permits.first(), permits.last()) else {
            return Err("nothing was granted".into());
        };
        let allowed = f64::from(burst) + f64::from(rate) * seconds(last - first);
        let granted = u32::try_from(permits.len())?;
        let mut row = vec![
            format!("{callers:?}"),
            format!("{rate}/s, {burst}"),
            granted.to_string(),
            format!("{:.1} %", f64::from(granted) / allowed * 100.0),
        ];
        for window in WINDOWS {
            let most = u32::try_from(fullest(&permits, window))?;
            let allowed = f64::from(burst) + f64::from(rate) * seconds(window);
            row.push(format!("{:+.0}", f64::from(most) - allowed));
        }
        table.push(row);
    }
    Ok(table)
}

/// When permits were granted, in order.
fn run(
    url: &str,
    number: usize,
    callers: &[u32],
    rate: u32,
    burst: u32,
) -> Result<Vec<u64>, Box<dyn Error>> {
    let name = format!("crowd-{number}-{}", std::process::id());
    // All of them are there by then.
    let from = now()? + 500_000_000;
    let mut processes = Vec::new();
    for callers in callers {
        let program = std::env::current_exe()?;
        let process = Command::new(program)
            .args(["process", url, &name])
            .args([rate, burst, *callers].map(|number| number.to_string()))
            .arg(from.to_string())
            .stdout(Stdio::piped())
            .spawn()?;
        processes.push(process);
    }
    let mut permits = Vec::new();
    for process in processes {
        permits.extend(read(process)?);
    }
    permits.sort_unstable();
    Ok(permits)
}

fn read(mut process: Child) -> Result<Vec<u64>, Box<dyn Error>> {
    let mut text = String::new();
    if let Some(mut output) = process.stdout.take() {
        output.read_to_string(&mut text)?;
    }
    if !process.wait()?.success() {
        return Err("a process failed".into());
    }
    Ok(text.lines().map(str::parse).collect::<Result<_, _>>()?)
}

/// The most permits in any window of this length.
fn fullest(permits: &[u64], window: u64) -> usize {
    let counts = permits
        .iter()
        .enumerate()
        .map(|(first, from)| permits[first..].partition_point(|permit| permit - from < window));
    counts.max().unwrap_or(0)
}

/// One of the processes: `URL NAME RATE BURST CALLERS FROM`.
pub(crate) fn be_one(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [url, name, rate, burst, callers, from] = arguments else {
        return Err("URL NAME RATE BURST CALLERS FROM".into());
    };
    let (rate, burst): (NonZeroU32, NonZeroU32) = (rate.parse()?, burst.parse()?);
    let (callers, from): (u32, u64) = (callers.parse()?, from.parse()?);
    let policy = Policy::new().on_error(OnStoreError::Closed);
    let quota = Quota::new(Rate::per_second(rate)).with_burst(burst);
    let limiter = Limiter::builder(quota)
        .name(name)
        .store(Arc::clone(&store::connect(url)?))
        .store_policy(policy)
        .unregistered()
        .build()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let permits = runtime.block_on(async {
        tokio::time::sleep(Duration::from_nanos(from.saturating_sub(now()?))).await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..callers {
            tasks.spawn(call(limiter.clone(), from + TIME));
        }
        let all = tasks
            .join_all()
            .await
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
        Ok::<_, nix::Error>(all.concat())
    })?;
    let mut output = std::io::stdout().lock();
    for permit in permits {
        writeln!(output, "{permit}")?;
    }
    Ok(())
}

async fn call(limiter: Limiter, until: u64) -> Result<Vec<u64>, nix::Error> {
    let mut permits = Vec::new();
    loop {
        limiter.acquire().await.expect("a permit");
        let at = now()?;
        if at > until {
            return Ok(permits);
        }
        permits.push(at);
    }
}

/// A clock that all processes of the machine share.
fn now() -> Result<u64, nix::Error> {
    let time = Duration::from(clock_gettime(ClockId::CLOCK_MONOTONIC)?);
    Ok(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

fn seconds(nanos: u64) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64()
}
