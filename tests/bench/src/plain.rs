//! The attribute on plain functions, beside the asynchronous ones.

use std::collections::BTreeMap;

use crate::cases::CASES;
use crate::cases::Case;
use crate::nanoseconds;
use crate::table::Table;

/// Cases that are set side by side.
const NAMES: [&str; 6] = [
    "free: paced try_acquire",
    "free: paced acquire",
    "free: governor check",
    "call: paced",
    "call: paced, plain function",
    "call: paced, plain function in spawn_blocking",
];

/// All figures about plain functions.
#[derive(Debug)]
pub struct Plain(BTreeMap<&'static str, f64>);

impl Plain {
    /// Measures everything, in a few seconds. `note` hears of it.
    pub fn measure(note: impl FnOnce(&str)) -> Self {
        note("plain functions");
        let cases = CASES.iter().filter(|case| NAMES.contains(&case.name));
        let cases: Vec<Case> = cases.copied().collect();
        Self(nanoseconds::best_of(&cases))
    }

    fn nanos(&self, case: &str) -> f64 {
        self.0.get(case).copied().unwrap_or(f64::NAN)
    }

    /// Returns the figures as a table.
    pub fn table(&self) -> Table {
        let call = self.nanos("call: paced");
        let explanation = "Nanoseconds of permits that are free, and of calls with the attribute whose permit is free. \
                           A plain function is to take at most 1.1 times as long as an asynchronous one.";
        let head = ["what", "ns", "times an asynchronous call"];
        let mut table = Table::new("Plain functions", explanation, head);
        for name in NAMES {
            let nanos = self.nanos(name);
            let is_call = name.starts_with("call");
            let times = if is_call {
                format!("{:.2}", nanos / call)
            } else {
                "-".to_owned()
            };
            table.push([name.to_owned(), format!("{nanos:.1}"), times]);
        }
        table
    }
}
