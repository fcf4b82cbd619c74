//! A contest as tables.

use crate::table::Table;
use crate::trace::Disorder;

use super::ALL;
use super::Contest;
use super::Figures;
use super::Round;

impl Contest {
    /// All tables.
    pub fn tables(&self) -> Vec<Table> {
        let steady = [&self.few[..], &self.many].concat();
        let all = [&steady[..], &self.stalled].concat();
        vec![
            rate_table(&steady),
            excess_table(&all),
            order_table(&[&self.few[..], &self.two_workers].concat()),
            cpu_table(&steady),
            leaving_table(&self.leaving),
            self.idle_table(),
        ]
    }

    fn idle_table(&self) -> Table {
        let explanation = "Microseconds of CPU per second while nobody asks for anything.";
        let mut table = Table::new("Idle", explanation, ALL.map(|one| one.name));
        table.push(self.idle.map(|micros| format!("{micros:.0}")));
        table
    }
}

fn table(
    heading: &str,
    explanation: &str,
    rounds: &[Round],
    cell: impl Fn(&Figures) -> String,
) -> Table {
    let head = ["scenario"].into_iter().chain(ALL.map(|one| one.name));
    let mut table = Table::new(heading, explanation, head);
    for round in rounds {
        let cells = round.figures.iter().map(&cell);
        table.push([round.scenario.to_string()].into_iter().chain(cells));
    }
    table
}

fn rate_table(rounds: &[Round]) -> Table {
    let explanation = "The share of the rate that callers got who come back at once, the middle one of \
                       three runs: less wastes what \
                       was allowed, more breaks the limit. The second column is what timers allowed \
                       just before: tokens that come due while a timer is more than 2 ms late cannot \
                       be granted later without breaking the limit.";
    let names = ALL.map(|one| one.name);
    let head = ["scenario", "timers allow"].into_iter().chain(names);
    let mut table = Table::new("Rate held", explanation, head);
    for round in rounds {
        let shares = round.figures.iter().map(|seen| seen.rate_held);
        let shares = [round.timers_allow].into_iter().chain(shares);
        let cells = shares.map(|share| format!("{share:.4}"));
        table.push([round.scenario.to_string()].into_iter().chain(cells));
    }
    table
}

fn excess_table(rounds: &[Round]) -> Table {
    let explanation = "Most permits of three runs in any window of 10 ms / 100 ms / 1 s beyond burst + rate x \
                       (window + 2 ms), by the instants at which callers went on.";
    table("Overshoot", explanation, rounds, |seen| {
        let permits = seen.excess.map(|permits| format!("{permits:.0}"));
        permits.join(" / ")
    })
}

fn order_table(rounds: &[Round]) -> Table {
    let explanation = "The share of callers who were overtaken by one that came later, the worst of \
                       three runs; by how many \
                       places at most; how many had still not been served at the end although later \
                       ones had been.";
    table("Order", explanation, rounds, |seen| {
        let Disorder {
            overtaken,
            furthest,
            left_behind,
        } = seen.disorder;
        format!("{:.1} %; {furthest}; {left_behind}", overtaken * 100.0)
    })
}

fn cpu_table(rounds: &[Round]) -> Table {
    let explanation = "Microseconds of CPU per permit, runtime and task included, on one thread: the \
                       least of three runs.";
    table("CPU per permit", explanation, rounds, |seen| {
        format!("{:.2}", seen.cpu_per_permit)
    })
}

fn leaving_table(rounds: &[Round]) -> Table {
    let explanation = "Rate held (the middle one of three runs) and the share of one core (the least), \
                       where callers do not stay.";
    table("Callers who leave", explanation, rounds, |seen| {
        format!("{:.4}; {:.3}", seen.rate_held, seen.cores)
    })
}
