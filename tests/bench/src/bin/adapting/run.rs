//! One run: 200 calls, 32 at a time, of one client against one server.

use core::fmt;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use test_support::kinds::RATE;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::contenders::Contender;
use crate::contenders::Declared;
use crate::limit::right;
use crate::server::Entry;
use crate::server::Manner;
use crate::server::Server;

const CALLS: u32 = 200;
const CONCURRENCY: u32 = 32;

/// No run takes longer; calls that are not over by then have failed.
const LONGEST: Duration = Duration::from_secs(60);

/// A run's server, callers and length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) contender: Contender,
    pub(crate) declared: Declared,
    pub(crate) manner: Manner,
}

/// Results of a run.
#[derive(Debug)]
pub(crate) struct Row {
    setting: Setting,
    wall: Duration,
    succeeded: u32,
    begun: Instant,
    log: Vec<Entry>,
}

/// Runs all at the same time.
pub(crate) async fn side_by_side(settings: Vec<Setting>) -> std::io::Result<Vec<Row>> {
    let runs: Vec<_> = settings
        .into_iter()
        .map(|setting| tokio::spawn(run(setting)))
        .collect();
    let mut rows = Vec::new();
    for run in runs {
        rows.push(run.await??);
    }
    Ok(rows)
}

async fn run(setting: Setting) -> std::io::Result<Row> {
    let server = Server::start(setting.manner)?;
    let caller = Arc::new(setting.contender.caller(setting.declared));
    let url: Arc<str> = server.url().into();
    let (begun, next, succeeded) = (
        Instant::now(),
        Arc::new(AtomicU32::new(0)),
        Arc::new(AtomicU32::new(0)),
    );
    let mut workers = JoinSet::new();
    for _ in 0..CONCURRENCY {
        let (caller, url) = (Arc::clone(&caller), Arc::clone(&url));
        let (next, succeeded) = (Arc::clone(&next), Arc::clone(&succeeded));
        workers.spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < CALLS {
                if caller.call(&url).await {
                    succeeded.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    let all = async { while workers.join_next().await.is_some() {} };
    // Those that are not over are counted as failed.
    let _ = timeout(LONGEST, all).await;
    Ok(Row {
        setting,
        wall: begun.elapsed(),
        succeeded: succeeded.load(Ordering::Relaxed),
        begun,
        log: server.log(),
    })
}

impl Row {
    pub(crate) const HEADING: &str = "\
| server | headers | client | declared | wall s | ideal s | wall/ideal | wall/even | refused | failed |
| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |";

    /// Prints what the server saw: each run of equal verdicts with its times in milliseconds.
    pub(crate) fn trace(&self) {
        for run in self
            .log
            .chunk_by(|a, b| a.answer.verdict.is_ok() == b.answer.verdict.is_ok())
        {
            let (first, last) = (&run[0], &run[run.len() - 1]);
            let at = |entry: &Entry| entry.at.duration_since(self.begun).as_secs_f64() * 1e3;
            println!(
                "    {:8.1} .. {:8.1}  {:3} {}; then {} left, reset {:.1}",
                at(first),
                at(last),
                run.len(),
                if first.answer.verdict.is_ok() {
                    "passed"
                } else {
                    "refused"
                },
                last.answer.remaining,
                last.answer.reset.as_secs_f64() * 1e3,
            );
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setting {
            contender,
            declared,
            manner,
        } = self.setting;
        let (wall, ideal) = (
            self.wall.as_secs_f64(),
            manner.kind.ideal(CALLS).as_secs_f64(),
        );
        // A client that spreads its calls, after the burst that it declared.
        let burst = right(manner.kind).burst;
        let even = f64::from(CALLS - burst) / f64::from(RATE);
        let refused = self
            .log
            .iter()
            .filter(|e| e.answer.verdict.is_err())
            .count();
        write!(
            f,
            "| {}{} | {} | {} | {declared} | {wall:.2} | {ideal:.2} | {:.2} | {:.2} | {refused} | {} |",
            manner.kind.name(),
            if manner.counts_refused {
                ", counting refused"
            } else {
                ""
            },
            if manner.headers { "with" } else { "without" },
            contender.name(),
            wall / ideal,
            wall / even,
            CALLS - self.succeeded,
        )
    }
}
