//! Aims, and the figures that are reached.

use bench::calls;
use bench::contest::Contest;
use bench::contest::Round;
use bench::table::Table;

use crate::measured::Measured;

/// The summary.
pub(crate) fn table(measured: &Measured) -> Table {
    let explanation = "What was aimed at, in the same run, and what is reached.";
    let head = ["what", "target", "reached", "met"];
    let mut table = Table::new("Targets", explanation, head);
    let lines = permits(measured).into_iter().chain(calls(measured));
    let lines = lines
        .chain(waiting(&measured.contest))
        .chain(sizes(measured));
    for line in lines {
        let met = if line.met { "yes" } else { "no" };
        table.push([line.what, line.target, &line.reached, met]);
    }
    table
}

struct Line {
    what: &'static str,
    target: &'static str,
    reached: String,
    met: bool,
}

fn line(what: &'static str, target: &'static str, reached: String, met: bool) -> Line {
    Line {
        what,
        target,
        reached,
        met,
    }
}

fn permits(measured: &Measured) -> Vec<Line> {
    let floor = measured.of("free: paced acquire") / measured.of("decision: quanta");
    let refused = measured.of("refused: paced");
    let [ours, theirs, theirs_by_std] = ["paced", "governor", "governor, std clock"]
        .map(|name| measured.of(&format!("2 threads: {name}")));
    vec![
        line(
            "permit free, 1 thread",
            "at most 1.05 x the GCRA decision with the same clock",
            format!(
                "{floor:.2} x ({:.1} ns)",
                measured.of("free: paced acquire")
            ),
            floor <= 1.05,
        ),
        line(
            "permit refused, 1 thread",
            "at most 12 ns",
            format!(
                "{refused:.1} ns, of which the clock {:.1}",
                measured.of("clock: quanta")
            ),
            refused <= 12.0,
        ),
        line(
            "permit free, 2 threads",
            "at most 0.9 x governor",
            format!(
                "{:.2} x ({ours:.0} ns); {:.2} x with the standard library's clock",
                ours / theirs,
                ours / theirs_by_std
            ),
            ours <= 0.9 * theirs,
        ),
    ]
}

fn plain_function(measured: &Measured) -> Line {
    let blocking = measured.of("call: paced, plain function");
    let times = blocking / measured.of("call: paced");
    let in_blocking = measured.of("call: paced, plain function in spawn_blocking");
    line(
        "annotated plain function, permit free",
        "at most 1.1 x the asynchronous one",
        format!(
            "{times:.2} x ({blocking:.1} ns; {in_blocking:.1} ns in `spawn_blocking`; governor's `check` alone {:.1} ns)",
            measured.of("free: governor check")
        ),
        times <= 1.1,
    )
}

fn calls(measured: &Measured) -> Vec<Line> {
    let call = measured.of("call: paced");
    let composed = call / measured.of("call: governor and backon");
    let one_unit = measured.one_unit().nanos("call: paced")
        / measured.one_unit().nanos("call: governor and backon");
    let composed_by_std = call / measured.of("call: governor and backon, std clock");
    let request = measured.of("request: paced") - measured.of("request: plain");
    let stack = measured.of("request: middleware") - measured.of("request: plain");
    let with_headers =
        measured.of("request: paced, 10 headers") - measured.of("request: plain, 10 headers");
    let allocations = measured.heap.of("request: paced").0 - measured.heap.of("request: plain").0;
    vec![
        line(
            "annotated call, permit free",
            "at most 0.9 x governor and backon in both settings, 0 allocations",
            format!(
                "{composed:.2} x ({call:.1} ns), {one_unit:.2} x with one code generation unit; \
                 {composed_by_std:.2} x with the standard library's clock; {:.0} allocations",
                measured.heap.of("call: paced").0
            ),
            composed <= 0.9 && one_unit <= 0.9 && measured.heap.of("call: paced").0 < 0.5,
        ),
        plain_function(measured),
        line(
            "around reqwest, per request",
            "at most 50 ns, 0 allocations",
            format!(
                "{request:+.0} ns ({with_headers:+.0} where the response has 10 headers), \
                 {allocations:+.0} allocations; middleware {stack:+.0} ns"
            ),
            request <= 50.0 && allocations < 0.5,
        ),
    ]
}

fn waiting(contest: &Contest) -> Vec<Line> {
    let steady = || contest.few.iter().chain(&contest.many);
    let least = steady()
        .map(|round| round.ours().rate_held)
        .fold(1.0, f64::min);
    let behind = steady().map(|round| round.timers_allow.min(1.0) - round.ours().rate_held);
    let behind = behind.fold(0.0, f64::max);
    let two = contest.two_workers[0].ours().disorder.furthest;
    let overtaken = contest
        .few
        .iter()
        .map(|round| round.ours().disorder.overtaken);
    let overtaken = overtaken.fold(0.0, f64::max);
    let beyond = |rounds: &mut dyn Iterator<Item = &Round>| {
        let permits = rounds.flat_map(|round| round.ours().excess);
        permits.fold(0.0, f64::max)
    };
    let (calm, stalled) = (beyond(&mut steady()), beyond(&mut contest.stalled.iter()));
    vec![
        line(
            "rate held, all scenarios",
            "0.999 to 1.000",
            format!("at least {least:.4}; at most {behind:.4} less than timers allowed"),
            least >= 0.999,
        ),
        line(
            "order",
            "0 violations on one thread; at most 50 places on two",
            format!("{:.1} %; {two} places", overtaken * 100.0),
            overtaken <= 0.0 && two <= 50,
        ),
        line(
            "overshoot, all windows",
            "0",
            format!("{calm:.0}; {stalled:.0} after a standstill"),
            calm + stalled <= 0.0,
        ),
        cpu(contest),
        leavers(contest),
    ]
}

fn leavers(contest: &Contest) -> Line {
    let leaving = contest.leaving.iter().map(bench::contest::Round::ours);
    let held: Vec<f64> = leaving.clone().map(|ours| ours.rate_held).collect();
    let cores = leaving.map(|ours| ours.cores).fold(0.0, f64::max);
    let semaphores = contest
        .leaving
        .iter()
        .filter_map(|round| round.figures.last());
    let reference = semaphores.map(|figures| figures.cores).fold(0.0, f64::max);
    line(
        "callers who leave",
        "0.998 to 1.000 of the rate; at most 0.08 core",
        format!(
            "{}; {cores:.3} core, the Semaphore {reference:.3}",
            held.iter()
                .map(|share| format!("{share:.4}"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        held.iter().all(|share| (0.998..1.001).contains(share)) && cores <= 0.08,
    )
}

fn cpu(contest: &Contest) -> Line {
    let at = |rounds: &[Round], rate: u32| {
        let of_rate = rounds.iter().filter(|round| round.scenario.rate == rate);
        let costs = of_rate.map(|round| round.ours().cpu_per_permit);
        costs.fold(f64::INFINITY, f64::min)
    };
    let few = [1_000, 10_000, 50_000].map(|rate| at(&contest.few, rate));
    let many = at(&contest.many, 50_000) / few[2];
    let targets = [35.0, 5.0, 1.5];
    line(
        "CPU per permit, 1,000/s, 10,000/s, 50,000/s",
        "at most 35, 5, 1.5 us; with 100,000 waiters at most 1.1 x that",
        format!(
            "{:.1}, {:.1}, {:.2} us; {many:.2} x at 50,000/s",
            few[0], few[1], few[2]
        ),
        few.iter()
            .zip(targets)
            .all(|(cost, target)| *cost <= target)
            && many <= 1.1,
    )
}

fn sizes(measured: &Measured) -> Vec<Line> {
    let sizes = calls::sizes();
    let added = sizes[1].1 - sizes[0].1;
    let waiting = measured.heap.bytes_waiting("paced");
    let compiled = measured.compiled[1] - measured.compiled[0];
    let instrumented = measured.compiled[2] - measured.compiled[0];
    vec![
        line(
            "bytes added to the user's future",
            "at most 96",
            format!("{added}; governor and backon {}", sizes[2].1 - sizes[0].1),
            added <= 96,
        ),
        line(
            "heap per waiting task, the task included",
            "at most 336 bytes",
            format!("{waiting:.0} bytes; nothing is allocated beside the task and the queue"),
            waiting <= 336.0,
        ),
        line(
            "compile time of 400 annotated functions",
            "at most +2.5 CPU seconds",
            format!("{compiled:+.2} s; `#[tracing::instrument]` {instrumented:+.2} s"),
            compiled <= 2.5,
        ),
    ]
}
