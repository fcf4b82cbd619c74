//! The tables beside those of the contest.

use bench::builds::FUNCTIONS;
use bench::builds::MARKS;
use bench::calls;
use bench::cases::CASES;
use bench::table::Table;

use crate::measured::Measured;

/// Single calls.
pub(crate) fn calls(measured: &Measured) -> Vec<Table> {
    vec![single(measured), two_threads(measured), sizes()]
}

/// Returns the tables of waiting tasks and of builds.
pub(crate) fn heap_and_builds(measured: &Measured) -> Vec<Table> {
    vec![heap(measured), functions(measured), features(measured)]
}

fn single(measured: &Measured) -> Table {
    let explanation = "What nobody has to wait for. The best of many short rounds that take turns; \
                       instructions without the kernel's, by callgrind, which reads the clock by a \
                       system call.";
    let head = ["what", "ns", "instructions", "allocations", "bytes"];
    let mut table = Table::new("Single calls", explanation, head);
    for case in CASES {
        let (allocations, bytes) = measured.heap.of(case.name);
        let instructions = measured.instructions.get(case.name);
        table.push([
            case.name.to_owned(),
            format!("{:.1}", measured.of(case.name)),
            instructions.map_or_else(|| "-".to_owned(), |count| format!("{count:.0}")),
            format!("{allocations:.0}"),
            format!("{bytes:.0}"),
        ]);
    }
    table
}

fn two_threads(measured: &Measured) -> Table {
    let explanation = "Nanoseconds that a permit takes each of two threads on one limiter.";
    let mut table = Table::new("Two threads", explanation, ["limiter", "ns"]);
    for (name, nanos) in &measured.two_threads {
        table.push([(*name).to_owned(), format!("{nanos:.1}")]);
    }
    table
}

fn sizes() -> Table {
    let mut table = Table::new("Futures", "", ["future", "bytes", "added"]);
    let sizes = calls::sizes();
    let plain = sizes[0].1;
    for (name, bytes) in sizes {
        let added = bytes.saturating_sub(plain);
        table.push([name.to_owned(), bytes.to_string(), added.to_string()]);
    }
    table
}

fn heap(measured: &Measured) -> Table {
    let explanation = "Heap of each of 100,000 waiting tasks, the task itself included.";
    let head = ["limiter", "bytes", "allocations"];
    let mut table = Table::new("Waiting tasks", explanation, head);
    for (name, bytes, allocations) in &measured.heap.waiting {
        table.push([
            name.clone(),
            format!("{bytes:.0}"),
            format!("{allocations:.2}"),
        ]);
    }
    table
}

fn functions(measured: &Measured) -> Table {
    let explanation = format!(
        "CPU seconds of a debug build of {FUNCTIONS} functions, the best of five that took turns."
    );
    let mut table = Table::new(
        "Compile time",
        explanation,
        ["functions", "seconds", "added"],
    );
    for ((name, _), seconds) in MARKS.iter().zip(&measured.compiled) {
        table.push([
            (*name).to_owned(),
            format!("{seconds:.2}"),
            format!("{:+.2}", seconds - measured.compiled[0]),
        ]);
    }
    table
}

fn features(measured: &Measured) -> Table {
    let explanation =
        "Crates in the tree of `paced`, itself included, and a debug build from nothing.";
    let head = ["feature", "crates", "seconds", "CPU seconds"];
    let mut table = Table::new("Features", explanation, head);
    for (name, cost) in &measured.features {
        let name = if name.is_empty() { "none" } else { name }.to_owned();
        table.push(match cost {
            Some(cost) => [
                name,
                cost.crates.to_string(),
                format!("{:.1}", cost.seconds),
                format!("{:.1}", cost.cpu_seconds),
            ],
            None => [name, "-".into(), "not built".into(), "-".into()],
        });
    }
    table
}
