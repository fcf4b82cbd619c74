//! All figures of one report.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Command;

use bench::builds;
use bench::builds::FeatureCost;
use bench::contest::Contest;
use bench::instructions::sibling;
use bench::keys::Keys;
use bench::plain::Plain;
use bench::rows::Rows;
use bench::settings::Compared;
use bench::settings::Figures;

/// All figures of one report.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Nanoseconds and instructions by case, in both settings of the compiler.
    pub(crate) calls: Compared,
    pub(crate) heap: Heap,
    pub(crate) contest: Contest,
    pub(crate) rows: Rows,
    pub(crate) keys: Keys,
    pub(crate) plain: Plain,
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
        let calls = Compared::measure(root, &note)?;
        note("allocations");
        let heap = Heap::count()?;
        let contest = Contest::hold(&note);
        let rows = Rows::measure(&note)?;
        let keys = Keys::measure(&note);
        let plain = Plain::measure(&note);
        note("compile time");
        let compiled = builds::compile_functions(root)?;
        note("features");
        let features = builds::features(root)?.into_iter().map(|feature| {
            note(&feature);
            let cost = builds::build_feature(root, &feature).ok();
            (feature, cost)
        });
        Ok(Self {
            calls,
            heap,
            contest,
            rows,
            keys,
            plain,
            compiled,
            features: features.collect(),
        })
    }

    /// Figures of the default setting.
    pub(crate) const fn default(&self) -> &Figures {
        &self.calls.0[0]
    }

    /// Figures of the setting with one code generation unit.
    pub(crate) const fn one_unit(&self) -> &Figures {
        &self.calls.0[1]
    }

    /// Nanoseconds of one case, by default.
    pub(crate) fn of(&self, case: &str) -> f64 {
        self.default().nanos(case)
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
