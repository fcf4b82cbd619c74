//! Both settings as tables.

use crate::cases::CASES;
use crate::table::Table;

use super::Compared;
use super::Figures;
use super::RUNS;
use super::SETTINGS;

/// Pairs of cases: the words for the table, the case of `paced`, the case of its peer.
const PAIRS: [(&str, &str, &str); 13] = [
    (
        "`try_acquire` : governor's `check`",
        "free: paced try_acquire",
        "free: governor check",
    ),
    (
        "`acquire` : governor's `until_ready`",
        "free: paced acquire",
        "free: governor until_ready",
    ),
    (
        "`try_acquire` : throttle-net's",
        "free: paced try_acquire",
        "free: throttle-net try_acquire",
    ),
    (
        "`acquire` : throttle-net's",
        "free: paced acquire",
        "free: throttle-net acquire",
    ),
    (
        "a refusal : governor's",
        "refused: paced",
        "refused: governor",
    ),
    (
        "a refusal : throttle-net's",
        "refused: paced",
        "refused: throttle-net",
    ),
    (
        "a permit on each of 2 threads : governor's",
        "2 threads: paced",
        "2 threads: governor",
    ),
    (
        "a permit on each of 2 threads : throttle-net's",
        "2 threads: paced",
        "2 threads: throttle-net",
    ),
    (
        "an annotated call : governor and backon",
        "call: paced",
        "call: governor and backon",
    ),
    (
        "an annotated call : governor and backon, std clock",
        "call: paced",
        "call: governor and backon, std clock",
    ),
    (
        "an annotated call : governor and tokio-retry2",
        "call: paced",
        "call: governor and tokio-retry2",
    ),
    (
        "an annotated call : throttle-net and its retry",
        "call: paced",
        "call: throttle-net and its retry",
    ),
    (
        "an annotated request : middleware",
        "request: paced",
        "request: middleware",
    ),
];

impl Compared {
    /// The tables: beside its peers, and case by case.
    pub fn tables(&self) -> [Table; 2] {
        [self.beside_peers(), self.case_by_case()]
    }

    fn beside_peers(&self) -> Table {
        let explanation = format!(
            "How many times as long as its peer's each takes, and how many times as many instructions it has. Below 1 \
             `paced` is faster. Times are the median of {RUNS} runs of each setting, which took turns, with the least \
             and the most; both of a pair were measured in the same run. `default`: a release build with `lto = \
             \"thin\"`. `one unit`: the same with `codegen-units = 1`."
        );
        let head = columns("what", ["time", "instructions"]);
        let mut table = Table::new("Beside its peers", explanation, head);
        for (what, ours, theirs) in PAIRS {
            let time = |figures: &Figures| {
                let ratio = figures.ratio(ours, theirs);
                ratio.map_or_else(|| "-".to_owned(), |ratio| ratio.to_string())
            };
            let instructions = |figures: &Figures| {
                let counts = figures.instructions(ours).zip(figures.instructions(theirs));
                counts.map_or_else(
                    || "-".to_owned(),
                    |(ours, theirs)| format!("{:.2}", ours / theirs),
                )
            };
            self.push(&mut table, what, [&time, &instructions]);
        }
        table
    }

    fn case_by_case(&self) -> Table {
        let explanation = format!(
            "What does not have to wait. Nanoseconds: in each run, the best of many short rounds that take turns; the \
             median of {RUNS} such runs. Instructions: without the kernel's, by callgrind, which reads the clock by a \
             system call. They differ by setting because the compiler inlines differently."
        );
        let head = columns("what", ["ns", "instructions"]);
        let mut table = Table::new("Single calls", explanation, head);
        for case in CASES {
            let nanos = |figures: &Figures| format!("{:.1}", figures.nanos(case.name));
            let instructions = |figures: &Figures| {
                let count = figures.instructions(case.name);
                count.map_or_else(|| "-".to_owned(), |count| format!("{count:.0}"))
            };
            self.push(&mut table, case.name, [&nanos, &instructions]);
        }
        table
    }

    /// Adds a row: each kind of cell for both settings.
    fn push(&self, table: &mut Table, what: &str, kinds: [&dyn Fn(&Figures) -> String; 2]) {
        let cells = kinds.iter().flat_map(|cell| self.0.iter().map(cell));
        table.push([what.to_owned()].into_iter().chain(cells));
    }
}

/// Each kind of column for both settings.
fn columns(first: &str, kinds: [&str; 2]) -> Vec<String> {
    let of_kind = |kind| SETTINGS.map(|setting| format!("{kind}, {}", setting.name));
    let kinds = kinds.into_iter().flat_map(of_kind);
    [first.to_owned()].into_iter().chain(kinds).collect()
}
