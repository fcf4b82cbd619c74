//! Callers of two rows at once, both of which have more callers than permits.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Instant;

use paced::Limiter;
use paced::Quota;
use throttle_net::MultiLimiter;
use throttle_net::Throttle;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::table::Table;

/// Permits of each row in a second.
const RATE: u32 = 50;

const CALLERS: usize = 22;

const LASTING: Duration = Duration::from_secs(20);

/// Limiter of the rows `a` and `b`.
trait TwoRows: Clone + Send + Sync + 'static {
    const NAME: &'static str;

    fn new() -> Self;

    /// Waits for a permit of `a`, of `b`, or of both.
    fn wait(&self, costs: &'static [(&'static str, u32)]) -> impl Future<Output = ()> + Send;
}

impl TwoRows for Limiter {
    const NAME: &'static str = "paced";

    fn new() -> Self {
        // The limit of requests is so high that it never binds.
        let row = |rate| Quota::per_second(NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN));
        let one = row(RATE).with_burst(NonZeroU32::MIN);
        let builder = Self::builder(row(1_000_000)).row("a", one).row("b", one);
        builder.build().expect("three limits")
    }

    async fn wait(&self, costs: &'static [(&'static str, u32)]) {
        let mut wide = [("", 0); 2];
        for (to, (unit, cost)) in wide.iter_mut().zip(costs) {
            *to = (*unit, u64::from(*cost));
        }
        let waited = self.acquire_costs(&wide[..costs.len()]).await;
        waited.expect("one permit fits in each row");
    }
}

impl TwoRows for MultiLimiter {
    const NAME: &'static str = "throttle-net";

    fn new() -> Self {
        let row = || Throttle::builder().per_second(RATE).burst(1).build();
        let builder = Self::builder().dimension("a", row());
        builder.dimension("b", row()).build()
    }

    async fn wait(&self, costs: &'static [(&'static str, u32)]) {
        let waited = self.acquire_costs(costs).await;
        waited.expect("one permit fits in each row");
    }
}

const BOTH: &[(&str, u32)] = &[("a", 1), ("b", 1)];
const ONE: [&[(&str, u32)]; 2] = [&[("a", 1)], &[("b", 1)]];

/// Figures of one limiter.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    name: &'static str,
    /// Callers of each row alone.
    others: usize,
    /// Permits of both rows.
    both: usize,
    /// Share of the permits of a row that were granted, of the row with less.
    share: f64,
    /// Longest wait of a caller of both rows.
    longest: Duration,
    /// Permits of callers that came later than one that still waited.
    early: usize,
}

/// A permit, or a wait that was not over at the end.
#[derive(Clone, Copy, Debug)]
struct Wait {
    /// Number of the wait, in the order in which they began.
    nth: usize,
    costs: &'static [(&'static str, u32)],
    begun: Instant,
    granted: Option<Instant>,
}

/// Runs each limiter without and with callers of one row alone, for 20 seconds each.
pub(super) fn run(mut note: impl FnMut(&str)) -> Vec<Figures> {
    let mut all = Vec::new();
    for others in [0, 4] {
        note(&format!(
            "{CALLERS} callers of two rows, {others} of each row alone"
        ));
        all.push(one::<Limiter>(others));
        all.push(one::<MultiLimiter>(others));
    }
    all
}

fn one<L: TwoRows>(others: usize) -> Figures {
    let runtime = Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime without threads can be built");
    let begun = Instant::now();
    let waits = runtime.block_on(crowd::<L>(others));
    figures::<L>(others, &waits, begun + LASTING)
}

async fn crowd<L: TwoRows>(others: usize) -> Vec<Wait> {
    let (limiter, waits) = (L::new(), Arc::new(Mutex::new(Vec::new())));
    let mut callers = JoinSet::new();
    let both = core::iter::repeat_n(BOTH, CALLERS);
    let alone = ONE.into_iter().cycle().take(2 * others);
    for costs in both.chain(alone) {
        callers.spawn(wait_again(limiter.clone(), costs, Arc::clone(&waits)));
    }
    let _ = timeout(LASTING, callers.join_all()).await;
    waits.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

async fn wait_again<L: TwoRows>(
    limiter: L,
    costs: &'static [(&'static str, u32)],
    waits: Arc<Mutex<Vec<Wait>>>,
) {
    loop {
        let nth = {
            let mut waits = waits.lock().unwrap_or_else(PoisonError::into_inner);
            let nth = waits.len();
            waits.push(Wait {
                nth,
                costs,
                begun: Instant::now(),
                granted: None,
            });
            nth
        };
        limiter.wait(costs).await;
        let mut waits = waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits[nth].granted = Some(Instant::now());
    }
}

fn figures<L: TwoRows>(others: usize, waits: &[Wait], ended: Instant) -> Figures {
    let granted = |costs| {
        let of_these = waits.iter().filter(|wait| wait.costs == costs);
        of_these.filter(|wait| wait.granted.is_some()).count()
    };
    let both = granted(BOTH);
    let least = ONE.map(|row| both + granted(row));
    let offered = f64::from(RATE) * LASTING.as_secs_f64() + 1.0;
    let of_both = waits.iter().filter(|wait| wait.costs == BOTH);
    let longest = of_both.map(|wait| {
        let until = wait.granted.unwrap_or(ended);
        until.saturating_duration_since(wait.begun)
    });
    let mut order: Vec<_> = waits
        .iter()
        .filter_map(|wait| Some((wait.granted?, wait.nth)))
        .collect();
    order.sort_unstable();
    // From the end: the earliest caller that was served after this one.
    let mut earliest = usize::MAX;
    let early = order.iter().rev().filter(|(_, nth)| {
        let was_passed = earliest < *nth;
        earliest = earliest.min(*nth);
        was_passed
    });
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let share = least[0].min(least[1]) as f64 / offered;
    Figures {
        name: L::NAME,
        others,
        both,
        share,
        early: early.count(),
        longest: longest.max().unwrap_or_default(),
    }
}

/// Returns the figures as a table.
pub(super) fn table(all: &[Figures]) -> Table {
    let explanation = format!(
        "{CALLERS} callers take one permit of each of two rows of {RATE} in a second, again and again for {} s; beside \
         them, callers of one row alone.",
        LASTING.as_secs()
    );
    let head = [
        "limiter",
        "callers of each row alone",
        "permits of both",
        "share of the row with less",
        "longest wait",
        "granted before an earlier caller",
    ];
    let mut table = Table::new("Two rows and more callers than permits", explanation, head);
    for figures in all {
        table.push([
            figures.name.to_owned(),
            figures.others.to_string(),
            figures.both.to_string(),
            format!("{:.3}", figures.share),
            format!("{:.2} s", figures.longest.as_secs_f64()),
            figures.early.to_string(),
        ]);
    }
    table
}
