//! A limiter beside buckets that count what calls really use: what is given back never leaves it more tokens than they have.

mod counted;

use core::pin::Pin;
use core::time::Duration;

use futures_util::FutureExt as _;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;
use paced::Limiter;
use paced::Receipt;
use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest::test_runner::TestRunner;
use test_support::life::run;
use tokio::time::Instant;
use tokio::time::sleep;

use self::counted::Change;
use self::counted::Counted;
use self::counted::Declared;

const ROWS: usize = 2;
const UNITS: [&str; ROWS] = ["requests", "tokens"];

/// Number of random runs; `PACED_RUNS` sets another.
fn runs() -> u32 {
    let runs = std::env::var("PACED_RUNS");
    runs.map_or(200, |runs| runs.parse().expect("a number of runs"))
}

const FIRST: [Declared; ROWS] = [
    Declared {
        rate: 10,
        burst: 10,
    },
    Declared {
        rate: 100,
        burst: 60,
    },
];

#[derive(Clone, Debug)]
enum Event {
    /// A call takes what is there. `told`: what its response says is left of a limit, and for how many seconds.
    Try {
        costs: [u32; ROWS],
        told: Option<(usize, u32, u32)>,
    },
    /// A caller waits.
    Join {
        costs: [u32; ROWS],
    },
    /// A caller that waits picks its permit up, if it has one.
    Poll {
        which: usize,
    },
    /// A caller that waits is dropped, with its permit if it has one.
    Leave {
        which: usize,
    },
    /// A call ends. `used`: hundredths of its costs, and further tokens; `None`: it stays as it is.
    Settle {
        which: usize,
        used: [Option<(u32, u32)>; ROWS],
    },
    /// A call whose costs are not known is dropped.
    Drop {
        which: usize,
    },
    Pass {
        micros: u64,
    },
    Pause {
        millis: u64,
    },
    Resume,
    SetQuota {
        row: usize,
        quota: Declared,
    },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let costs = || [0..4_u32, 0..40_u32];
    let told = (0..ROWS, 0..6_u32, 1..4_u32);
    let told = prop_oneof![9 => Just(None), 1 => told.prop_map(Some)];
    let used =
        || prop::option::weighted(0.8, (0..=100_u32, prop_oneof![3 => Just(0), 1 => 0..4_u32]));
    let quota = (prop::sample::select(vec![5, 20, 100, 200]), 4..80_u32);
    let quota = quota.prop_map(|(rate, burst)| Declared { rate, burst });
    let event = prop_oneof![
        12 => (costs(), told).prop_map(|(costs, told)| Event::Try { costs, told }),
        4 => costs().prop_map(|costs| Event::Join { costs }),
        6 => any::<usize>().prop_map(|which| Event::Poll { which }),
        2 => any::<usize>().prop_map(|which| Event::Leave { which }),
        12 => (any::<usize>(), [used(), used()]).prop_map(|(which, used)| Event::Settle { which, used }),
        1 => any::<usize>().prop_map(|which| Event::Drop { which }),
        12 => prop_oneof![0..3_000_u64, 0..60_000_u64, 0..900_000_u64]
            .prop_map(|micros| Event::Pass { micros }),
        1 => (1..700_u64).prop_map(|millis| Event::Pause { millis }),
        1 => Just(Event::Resume),
        1 => (0..ROWS, quota).prop_map(|(row, quota)| Event::SetQuota { row, quota }),
    ];
    prop::collection::vec(event, 1..120)
}

/// A call that has its permit. `uses`: the places of what it takes of the limits.
struct Call {
    receipt: Receipt,
    costs: [u32; ROWS],
    uses: [usize; ROWS],
}

type Wait = Pin<Box<dyn Future<Output = Result<Receipt, paced::Error>>>>;

struct World {
    limiter: Limiter,
    start: Instant,
    rows: [Counted; ROWS],
    declared: [Declared; ROWS],
    calls: Vec<Call>,
    waiting: Vec<(Wait, [u32; ROWS])>,
    /// Times that may have been rounded at changes of quotas, for each limit.
    rounded: [i64; ROWS],
    /// Reports one token less than a call used.
    understates: bool,
}

impl World {
    fn new(understates: bool) -> Self {
        let [requests, tokens] = FIRST.map(Declared::quota);
        let builder = Limiter::builder(requests).row(UNITS[1], tokens);
        Self {
            limiter: builder.build().expect("two limits"),
            start: Instant::now(),
            rows: FIRST.map(|first| Counted {
                first,
                changes: Vec::new(),
            }),
            declared: FIRST,
            calls: Vec::new(),
            waiting: Vec::new(),
            rounded: [0; ROWS],
            understates,
        }
    }

    async fn apply(&mut self, event: &Event) {
        match event {
            Event::Try { costs, told } => self.call(*costs, *told),
            Event::Join { costs } => {
                let (limiter, of) = (self.limiter.clone(), amounts(*costs));
                let wait = async move {
                    let reservation = limiter.acquire_costs(&of).await?;
                    Ok(reservation.into_receipt())
                };
                self.waiting.push((Box::pin(wait), *costs));
                self.poll(self.waiting.len() - 1);
            }
            Event::Poll { which } if !self.waiting.is_empty() => {
                self.poll(which % self.waiting.len());
            }
            Event::Leave { which } if !self.waiting.is_empty() => {
                drop(self.waiting.swap_remove(which % self.waiting.len()));
            }
            Event::Settle { which, used } if !self.calls.is_empty() => {
                let call = self.calls.swap_remove(which % self.calls.len());
                self.settle(call, *used);
            }
            Event::Drop { which } if !self.calls.is_empty() => {
                self.calls.swap_remove(which % self.calls.len());
            }
            Event::Poll { .. }
            | Event::Leave { .. }
            | Event::Settle { .. }
            | Event::Drop { .. } => {}
            Event::Pass { micros } => sleep(Duration::from_micros(*micros)).await,
            Event::Pause { millis } => self.limiter.cooldown_for(Duration::from_millis(*millis)),
            Event::Resume => self.limiter.resume(),
            Event::SetQuota { row, quota } => {
                // Granted permits are picked up before the change.
                (0..self.waiting.len()).rev().for_each(|nth| self.poll(nth));
                let set = self.limiter.set_limit(UNITS[*row], quota.quota());
                set.expect("a limit of this unit");
                self.rows[*row]
                    .changes
                    .push((self.now(), Change::Quota(*quota)));
                self.declared[*row] = *quota;
                self.rounded[*row] += quota.interval();
            }
        }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn call(&mut self, costs: [u32; ROWS], told: Option<(usize, u32, u32)>) {
        let limiter = self.limiter.clone();
        let Ok(reservation) = limiter.try_acquire_costs(&amounts(costs)) else {
            return;
        };
        if let Some((row, left, seconds)) = told {
            reservation.observe(StatusCode::OK, &headers(row, left, seconds));
        }
        self.begin(reservation.into_receipt(), costs);
    }

    fn poll(&mut self, nth: usize) {
        let Some(ended) = (&mut self.waiting[nth].0).now_or_never() else {
            return;
        };
        let (_, costs) = self.waiting.swap_remove(nth);
        // Otherwise a smaller quota has no room for it.
        if let Ok(receipt) = ended {
            self.begin(receipt, costs);
        }
    }

    fn begin(&mut self, receipt: Receipt, costs: [u32; ROWS]) {
        let now = self.now();
        let mut uses = [0; ROWS];
        for (row, counted) in self.rows.iter_mut().enumerate() {
            uses[row] = counted.changes.len();
            counted.changes.push((now, Change::Use(costs[row])));
        }
        self.calls.push(Call {
            receipt,
            costs,
            uses,
        });
    }

    fn settle(&mut self, call: Call, used: [Option<(u32, u32)>; ROWS]) {
        let (now, mut said) = (self.now(), Vec::new());
        for row in 0..ROWS {
            let Some((share, more)) = used[row] else {
                continue;
            };
            let cost = call.costs[row];
            let used = cost * share / 100 + more;
            let changes = &mut self.rows[row].changes;
            changes[call.uses[row]].1 = Change::Use(used.min(cost));
            changes.push((now, Change::Use(used.saturating_sub(cost))));
            let hidden = u32::from(self.understates && used > 0);
            said.push((UNITS[row], u64::from(used - hidden)));
        }
        let settled = self.limiter.settle(call.receipt, &said);
        settled.expect("limits of these units");
    }

    /// Returns the time in which the limiter has all tokens of a limit, or more.
    fn room(&self, row: usize) -> i64 {
        let state = self.limiter.snapshot().row(UNITS[row]).expect("a limit");
        if state.available == u64::from(self.declared[row].burst) {
            return 0;
        }
        let mut costs = [0; ROWS];
        costs[row] = self.declared[row].burst;
        match self.limiter.try_acquire_costs(&amounts(costs)) {
            Ok(reservation) => {
                let back = reservation.settle(&[(UNITS[row], 0)]);
                back.expect("a limit of this unit");
                0
            }
            Err(error) => {
                let left = error.retry_after().expect("it is not there yet");
                i64::try_from(left.as_nanos()).unwrap_or(i64::MAX)
            }
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for (row, counted) in self.rows.iter().enumerate() {
            let (room, counted) = (self.room(row), counted.room(self.now()));
            let state = self.limiter.snapshot().row(UNITS[row]).expect("a limit");
            let forgiven = i64::try_from(state.forgiven).expect("a few tokens");
            let spared = self.rounded[row] + forgiven * self.declared[row].interval();
            let counted = counted - spared;
            prop_assert!(room >= counted, "{}: {room} < {counted}", UNITS[row]);
        }
        Ok(())
    }
}

fn amounts(costs: [u32; ROWS]) -> [(&'static str, u64); ROWS] {
    [0, 1].map(|row| (UNITS[row], u64::from(costs[row])))
}

fn headers(row: usize, left: u32, seconds: u32) -> HeaderMap {
    let all = [
        ("limit", "100".to_owned()),
        ("remaining", left.to_string()),
        ("reset", format!("{seconds}s")),
    ];
    let header = |(name, value): (&str, String)| {
        let name = format!("x-ratelimit-{name}-{}", UNITS[row]);
        let name = HeaderName::try_from(name).expect("a name");
        (name, HeaderValue::try_from(value).expect("a value"))
    };
    all.into_iter().map(header).collect()
}

fn played(runs: u32, understates: bool) -> Result<(), String> {
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(runs)
    };
    let play = |events: Vec<Event>| {
        run(async {
            let mut world = World::new(understates);
            for event in &events {
                world.apply(event).await;
                world.check()?;
            }
            Ok(())
        })
    };
    let played = TestRunner::new(config).run(&events(), play);
    played.map_err(|error| error.to_string())
}

#[test]
fn a_limiter_never_has_more_than_buckets_that_count_what_is_used() {
    played(runs(), false).expect("none was overdrawn");
}

/// The check above fails if calls report too little.
#[test]
fn a_token_too_many_is_found() {
    played(1000, true).expect_err("one was overdrawn");
}
