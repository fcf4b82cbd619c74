//! Costs of a limit that several processes share through a file, as tables on the terminal.
//!
//! ```text
//! cargo run --release -p bench --bin shared_sqlite
//! ```
//!
//! Takes a minute. The processes are this program itself.
#![forbid(unsafe_code)]

mod child;
mod fleet;
mod histogram;
mod work;

use std::error::Error;

use bench::machine;
use bench::table::Table;

use crate::fleet::Fleet;
use crate::work::Work;

/// How many processes run beside each other.
const PROCESSES: [usize; 3] = [1, 4, 8];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    if let [path, work @ ..] = args.as_slice() {
        return child::run(path, Work::parse(work)?);
    }
    println!("On {}.\n", machine::machine());
    println!("{}", store()?);
    println!("{}", limiters()?);
    println!("{}", starts()?);
    Ok(())
}

/// The store by itself.
fn store() -> Result<Table, Box<dyn Error>> {
    let mut table = Table::new(
        "The store by itself",
        "Each caller draws one token after the other. *Free*: the limit is out of the way. *Limited*: \
         5000 per second with a burst of 1000, so that most requests get nothing. *Paced*: 5 ms on average between a \
         caller's requests. Latencies are those of single requests; fairness is Jain's index over the \
         processes; *allowed* is burst + rate x time.",
        [
            "work",
            "processes",
            "callers each",
            "granted/s",
            "p50",
            "p99",
            "p99.9",
            "worst",
            "fairness",
            "granted of allowed",
        ],
    );
    for (work, callers) in [
        (Work::Free { callers: 1 }, 1),
        (Work::Free { callers: 64 }, 64),
        (Work::Limited { callers: 1 }, 1),
        (Work::Paced { callers: 1 }, 1),
    ] {
        for processes in PROCESSES {
            eprintln!("{work:?}, {processes} processes");
            let fleet = Fleet::run(processes, work)?;
            let [p50, p99, p999] =
                [0.5, 0.99, 0.999].map(|share| micros(fleet.latencies.quantile(share)));
            table.push([
                work.name().to_owned(),
                processes.to_string(),
                callers.to_string(),
                format!("{:.0}", fleet.rate()),
                p50,
                p99,
                p999,
                micros(fleet.latencies.worst()),
                format!("{:.3}", fleet.fairness()),
                fleet.envelope(work),
            ]);
        }
    }
    Ok(table)
}

/// Through limiters, as programs use it.
fn limiters() -> Result<Table, Box<dyn Error>> {
    let mut table = Table::new(
        "Through limiters",
        "8 callers in each process, one permit after the other, at 2000 per second with a burst of 100. \
         *Over* is how many more permits than allowed the worst window of that length holds, taken over \
         all processes; below zero it is less.",
        [
            "processes",
            "permits/s",
            "of the rate",
            "over in 10 ms",
            "100 ms",
            "1 s",
            "worst wait",
            "fairness",
            "granted of allowed",
        ],
    );
    let work = Work::Limiter { callers: 8 };
    for processes in PROCESSES {
        eprintln!("{work:?}, {processes} processes");
        let fleet = Fleet::run(processes, work)?;
        let [tenth, hundred, second] =
            [10, 100, 1000].map(|millis| fleet.over(work, millis).to_string());
        table.push([
            processes.to_string(),
            format!("{:.0}", fleet.rate()),
            format!("{:.3}", fleet.use_of(work)),
            tenth,
            hundred,
            second,
            micros(fleet.latencies.worst()),
            format!("{:.3}", fleet.fairness()),
            fleet.envelope(work),
        ]);
    }
    Ok(table)
}

/// Programs that start, make one request and end.
fn starts() -> Result<Table, Box<dyn Error>> {
    const STARTS: usize = 100;
    let mut table = Table::new(
        "A program that makes one request",
        "From opening the store to the answer, each time in a new process. *Alone*: nobody else has the \
         file open. *Beside others*: somebody has.",
        ["", "p50", "p99"],
    );
    for beside in [false, true] {
        let times = Fleet::start_often(STARTS, beside)?;
        let name = if beside { "beside others" } else { "alone" };
        table.push([
            name.to_owned(),
            micros(times.quantile(0.5)),
            micros(times.quantile(0.99)),
        ]);
    }
    Ok(table)
}

fn micros(nanos: u64) -> String {
    match nanos {
        0..1_000_000 => format!("{} µs", nanos / 1000),
        _ => format!("{}.{} ms", nanos / 1_000_000, nanos / 100_000 % 10),
    }
}
