//! All figures of one report.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Command;

use bench::builds;
use bench::builds::FeatureCost;
use bench::cases::CASES;
use bench::contest::Contest;
use bench::instructions;
use bench::instructions::sibling;
use bench::nanoseconds;

/// All figures of one report.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Nanoseconds by case.
    pub(crate) nanos: BTreeMap<&'static str, f64>,
    /// Nanoseconds of a permit on each of two threads.
    pub(crate) two_threads: BTreeMap<&'static str, f64>,
    /// Instructions by case, without those that valgrind could not count.
    pub(crate) instructions: BTreeMap<&'static str, f64>,
    pub(crate) heap: Heap,
    pub(crate) contest: Contest,
    /// CPU seconds for each of [`MARKS`](builds::MARKS).
    pub(crate) compiled: [f64; builds::MARKS.len()],
    /// Cost of each feature; `None` where it does not build.
    pub(crate) features: Vec<(String, Option<FeatureCost>)>,
}

/// Counts of the program `heap`.
#[derive(Debug, Default)]
pub(crate) struct Heap {
    /// Bytes and allocations of a waiting task, in the order of the program.
    pub(crate) waiting: Vec<(String, f64, f64)>,
    /// Allocations and bytes by case.
    pub(crate) calls: BTreeMap<String, (f64, f64)>,
}

impl Measured {
    /// Measures all there is, the short things first.
    pub(crate) fn take(root: &Path, note: impl Fn(&str)) -> io::Result<Self> {
        note("nanoseconds");
        let (nanos, two_threads) = (nanoseconds::measure(), nanoseconds::measure_two_threads());
        note("allocations");
        let heap = Heap::count()?;
        note("instructions");
        let counted = CASES.map(|case| (case.name, instructions::measure(case.name)));
        let counted = counted
            .into_iter()
            .filter_map(|(name, count)| Some((name, count?)));
        let instructions = counted.collect();
        let contest = Contest::hold(&note);
        note("compile time");
        let compiled = builds::compile_functions(root)?;
        note("features");
        let features = builds::features(root)?.into_iter().map(|feature| {
            note(&feature);
            let cost = builds::build_feature(root, &feature).ok();
            (feature, cost)
        });
        Ok(Self {
            nanos,
            two_threads,
            instructions,
            heap,
            contest,
            compiled,
            features: features.collect(),
        })
    }

    /// Nanoseconds of one case.
    pub(crate) fn of(&self, case: &str) -> f64 {
        self.nanos[case]
    }
}

impl Heap {
    fn count() -> io::Result<Self> {
        let output = Command::new(sibling("heap")?).output()?;
        let mut heap = Self::default();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let fields: Vec<_> = line.split('\t').collect();
            let [kind, name, first, second] = fields[..] else {
                continue;
            };
            let (Ok(first), Ok(second)) = (first.parse(), second.parse()) else {
                continue;
            };
            if kind == "waiting" {
                heap.waiting.push((name.to_owned(), first, second));
            } else {
                heap.calls.insert(name.to_owned(), (first, second));
            }
        }
        Ok(heap)
    }

    /// Bytes of a task that waits for this limiter.
    pub(crate) fn bytes_waiting(&self, limiter: &str) -> f64 {
        let found = self.waiting.iter().find(|(name, ..)| name == limiter);
        found.map_or(f64::NAN, |(_, bytes, _)| *bytes)
    }

    /// Allocations and bytes of one case.
    pub(crate) fn of(&self, case: &str) -> (f64, f64) {
        self.calls
            .get(case)
            .copied()
            .unwrap_or((f64::NAN, f64::NAN))
    }
}
