//! The figures about keys as tables.

use super::CASES;
use super::Keys;
use super::floods::Flood;
use crate::cases::Case;
use crate::table::Table;

/// Name of a figure, its target, what is reached, and whether that is enough.
type Line = (&'static str, &'static str, String, bool);

impl Keys {
    /// Returns the figures as tables, beside the targets first.
    pub fn tables(&self) -> Vec<Table> {
        vec![
            self.targets(),
            self.single_calls(),
            self.memory_table(),
            self.flood_table(),
        ]
    }

    fn targets(&self) -> Table {
        let explanation = "What was aimed at, in the same run, and what is reached. Nanoseconds depend on what else the \
                           machine does, so compare ratios.";
        let head = ["what", "target", "reached", "met"];
        let mut table = Table::new("Keys", explanation, head);
        for (what, target, reached, is_met) in self.permits().into_iter().chain(self.others()) {
            let is_met = if is_met { "yes" } else { "no" };
            table.push([what, target, &reached, is_met]);
        }
        table
    }

    fn permits(&self) -> [Line; 2] {
        let hot = self.nanos("key: hot, paced");
        let hot_times = hot / self.nanos("key: hot, governor");
        let random = self.nanos("key: random, paced");
        let random_times = random / self.nanos("key: random, governor");
        [
            (
                "permit of one hot key",
                "40 ns, or 0.73 x governor",
                format!("{hot:.1} ns, {hot_times:.2} x"),
                hot <= 40.0 || hot_times <= 0.73,
            ),
            (
                "permit of a random one of a million keys",
                "at most 1.0 x governor",
                format!("{random:.1} ns, {random_times:.2} x"),
                random_times <= 1.0,
            ),
        ]
    }

    fn others(&self) -> [Line; 3] {
        let call = self.nanos("call: paced, by key, 2 rows, settled, bounded");
        let bytes = self.memory.first().map_or(i64::MAX, |(_, bytes)| *bytes);
        let floods = self.floods.iter();
        let ours = || {
            floods
                .clone()
                .filter(|flood| flood.name.starts_with("paced"))
        };
        let each = ours().map(|flood| flood.each).fold(0.0, f64::max);
        let lost: usize = ours().map(|flood| flood.lost).sum();
        [
            (
                "memory of an idle key",
                "at most 40 bytes",
                format!("{bytes} bytes"),
                bytes <= 40,
            ),
            (
                "ten million new keys in a row",
                "at most 0.4 us each, no limited key lost",
                format!("{each:.2} us of CPU each, {lost} lost"),
                each <= 0.4 && lost == 0,
            ),
            (
                "annotated call with key, cost, settlement and a bound in flight",
                "at most 200 ns, 0 allocations",
                format!("{call:.1} ns, {} allocations", self.allocations),
                call <= 200.0 && self.allocations == 0,
            ),
        ]
    }

    fn single_calls(&self) -> Table {
        let mut table = Table::new(
            "Permits and calls by key",
            "Nanoseconds of a permit, and of an annotated call whose permit is free, by 64-bit keys.",
            ["case", "ns"],
        );
        for Case { name, .. } in CASES {
            table.push([name.to_owned(), format!("{:.1}", self.nanos(name))]);
        }
        table
    }

    fn memory_table(&self) -> Table {
        let mut table = Table::new("Memory of a million keys", "", ["", "bytes for each"]);
        for (name, bytes) in &self.memory {
            table.push([(*name).to_owned(), bytes.to_string()]);
        }
        table
    }

    fn flood_table(&self) -> Table {
        let mut table = Table::new(
            "New keys in a row",
            "Ten million, each once. The pauses are the longest single operations, those of the machine included.",
            [
                "",
                "us of CPU each",
                "99.999 % within us",
                "longest us",
                "keys at the end",
                "limited keys lost",
            ],
        );
        for flood in &self.floods {
            let Flood {
                name,
                each,
                keys,
                lost,
                longest: [most, longest],
            } = flood;
            table.push([
                (*name).to_owned(),
                format!("{each:.3}"),
                format!("{most:.1}"),
                format!("{longest:.1}"),
                keys.to_string(),
                lost.to_string(),
            ]);
        }
        table
    }
}
