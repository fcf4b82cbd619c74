//! All limiters through the same scenarios.

mod tables;

use core::time::Duration;

use crate::calls::Governor;
use crate::limiters::Ticking;
use crate::limiters::Waits;
use crate::trace::Disorder;
use crate::waiting;
use crate::waiting::Crowd;
use crate::waiting::Observed;
use crate::waiting::Scenario;

/// How many limiters there are.
pub const CONTESTANTS: usize = 5;

/// One limiter.
#[derive(Clone, Copy)]
struct Contestant {
    name: &'static str,
    run: fn(Scenario) -> Observed,
    idle: fn() -> f64,
}

impl Contestant {
    const fn of<L: Waits>() -> Self {
        Self {
            name: L::NAME,
            run: Scenario::run::<L>,
            idle: waiting::idle::<L>,
        }
    }
}

/// `paced` first.
const ALL: [Contestant; CONTESTANTS] = [
    Contestant::of::<paced::Limiter>(),
    Contestant::of::<Governor>(),
    Contestant::of::<leaky_bucket::RateLimiter>(),
    Contestant::of::<async_rate_limiter::RateLimiter>(),
    Contestant::of::<Ticking>(),
];

const WINDOWS: [Duration; 3] = [
    Duration::from_millis(10),
    Duration::from_millis(100),
    Duration::from_secs(1),
];

/// Figures of three runs, or of one, without the long list of its permits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// The share of the rate that was granted.
    pub rate_held: f64,
    /// Permits beyond what is allowed in any 10 ms, 100 ms and 1 s.
    pub excess: [f64; 3],
    /// How far out of order.
    pub disorder: Disorder,
    /// Microseconds of CPU.
    pub cpu_per_permit: f64,
    /// The share of one core.
    pub cores: f64,
}

/// A scenario, and what each limiter made of it.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// The scenario.
    pub scenario: Scenario,
    /// The share of the rate that timers allowed just before.
    pub timers_allow: f64,
    /// Figures of each limiter, `paced` first.
    pub figures: [Figures; CONTESTANTS],
}

/// All rounds.
#[derive(Debug)]
pub struct Contest {
    /// 1,000 callers that come back at once, at all rates.
    pub few: Vec<Round>,
    /// 100,000 of them.
    pub many: Vec<Round>,
    /// 1,000 callers whose runtime stands still for 50 ms.
    pub stalled: Vec<Round>,
    /// Two workers.
    pub two_workers: Vec<Round>,
    /// Callers that leave.
    pub leaving: Vec<Round>,
    /// CPU microseconds per second while no call comes.
    pub idle: [f64; CONTESTANTS],
}

impl Contest {
    /// Holds it, in about nine minutes. `note` hears of every scenario that begins.
    pub fn hold(mut note: impl FnMut(&str)) -> Self {
        let mut run = |scenarios: Vec<Scenario>| -> Vec<Round> {
            let all = scenarios.into_iter().map(|scenario| {
                note(&scenario.to_string());
                Round::of(scenario)
            });
            all.collect()
        };
        let stalled = grid(&[1_000, 50_000], 1_000).into_iter();
        let base = Scenario::steady(1_000, 10, 1_000);
        let fast = Scenario::steady(10_000, 10, 1_000);
        Self {
            few: run(grid(&[50, 1_000, 10_000, 50_000], 1_000)),
            many: run(grid(&[1_000, 50_000], 100_000)),
            stalled: run(stalled.map(|one| one.with(Crowd::Stalled)).collect()),
            two_workers: run(vec![fast.on(2)]),
            leaving: run(vec![
                base.with(Crowd::Halved),
                base.with(Crowd::Churning),
                fast.with(Crowd::Churning),
            ]),
            idle: ALL.map(|one| (one.idle)()),
        }
    }
}

impl Round {
    fn of(scenario: Scenario) -> Self {
        Self {
            scenario,
            timers_allow: waiting::timers_allow(),
            figures: ALL.map(|one| {
                let run = || Figures::of(scenario, &(one.run)(scenario));
                Figures::of_three([run(), run(), run()])
            }),
        }
    }

    /// Returns the figures of `paced`.
    pub const fn ours(&self) -> &Figures {
        &self.figures[0]
    }
}

impl Figures {
    /// The middle rate, the worst excess and order, and the least CPU: what else the machine does only
    /// adds to that.
    fn of_three(runs: [Self; 3]) -> Self {
        let mut rates = runs.map(|run| run.rate_held);
        rates.sort_by(f64::total_cmp);
        let least = |cost: fn(&Self) -> f64| runs.iter().map(cost).fold(f64::INFINITY, f64::min);
        Self {
            rate_held: rates[1],
            excess: core::array::from_fn(|i| {
                runs.iter().map(|run| run.excess[i]).fold(0.0, f64::max)
            }),
            disorder: runs
                .map(|run| run.disorder)
                .into_iter()
                .fold(Disorder::default(), Disorder::worse),
            cpu_per_permit: least(|run| run.cpu_per_permit),
            cores: least(|run| run.cores),
        }
    }

    fn of(scenario: Scenario, seen: &Observed) -> Self {
        let excess = |window| seen.trace.excess(window, scenario.rate, scenario.burst);
        Self {
            rate_held: seen.rate_held,
            excess: WINDOWS.map(excess),
            disorder: seen.trace.disorder(),
            cpu_per_permit: seen.cpu_per_permit,
            cores: seen.cores,
        }
    }
}

fn grid(rates: &[u32], callers: u32) -> Vec<Scenario> {
    let bursts = [1, 10].into_iter();
    let all = bursts.flat_map(|burst| rates.iter().map(move |rate| (*rate, burst)));
    all.map(|(rate, burst)| Scenario::steady(rate, burst, callers))
        .collect()
}
