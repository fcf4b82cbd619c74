//! Calls close together give back to a store, near a full bucket, as much as without a store.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use paced::Limiter;
use paced::LimiterBuilder;
use paced::Quota;
use paced::store::Action;
use paced::store::MemoryStore;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreFuture;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::row_far::far;
use crate::row_limiters::overspending_crowd;
use crate::row_limiters::two_of;

/// Tokens that the bucket holds. One flows in each second.
const BURST: u32 = 100_000;

/// A call of 510 tokens: when it begins and how long it takes, in milliseconds, and what it uses.
#[derive(Clone, Copy, Debug)]
struct Call {
    begins: u64,
    takes: u64,
    used: u64,
}

const COST: u64 = 510;

fn builder() -> LimiterBuilder {
    let number = |count| NonZeroU32::new(count).expect("above 0");
    let many = Quota::per_second(number(50_000));
    let tokens = Quota::per_minute(number(60)).with_burst(number(BURST));
    Limiter::builder(many).row("tokens", tokens)
}

/// Returns limiters that stand for two processes.
fn two(store: &Arc<dyn Store>) -> [Limiter; 2] {
    [(); 2].map(|()| {
        let builder = builder().name("refunds").store(Arc::clone(store));
        builder.unregistered().build().expect("two limits")
    })
}

/// Makes calls, in turn by each limiter. Returns the tokens that are gone a second after the last.
async fn taken_by(limiters: &[Limiter], calls: &[Call]) -> u64 {
    let mut callers = JoinSet::new();
    for (call, limiter) in calls.iter().copied().zip(limiters.iter().cycle()) {
        let limiter = limiter.clone();
        callers.spawn(async move {
            sleep(Duration::from_millis(call.begins)).await;
            let permit = limiter.acquire_costs(&[("tokens", COST)]).await;
            let receipt = permit.expect("a permit").into_receipt();
            sleep(Duration::from_millis(call.takes)).await;
            limiter
                .settle(receipt, &[("tokens", call.used)])
                .expect("a limit");
        });
    }
    callers.join_all().await;
    sleep(Duration::from_secs(1)).await;
    let left = match limiters {
        [alone] => alone.snapshot().row("tokens").expect("a limit").available,
        [first, ..] => {
            let shared = first.shared_snapshot().await.expect("an answer");
            shared.row("tokens").expect("a limit").available
        }
        [] => 0,
    };
    u64::from(BURST) - left
}

/// Returns what calls take of a limiter without a store, and of two processes that share one.
async fn compared(calls: &[Call]) -> (u64, u64) {
    let alone = [builder().build().expect("two limits")];
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let alone = taken_by(&alone, calls).await;
    (alone, taken_by(&two(&store), calls).await)
}

fn apart(count: u64, millis: u64) -> Vec<Call> {
    let call = |nth| Call {
        begins: nth * millis,
        takes: 5,
        used: 10,
    };
    (0..count).map(call).collect()
}

#[tokio::test(start_paused = true)]
async fn a_call_gives_back_all_that_it_has_not_used() {
    assert_eq!(compared(&apart(1, 0)).await, (9, 9));
}

#[tokio::test(start_paused = true)]
async fn calls_a_millisecond_apart_give_back_as_much_as_without_a_store() {
    assert_eq!(compared(&apart(8, 1)).await, (79, 79));
}

#[tokio::test(start_paused = true)]
async fn calls_of_one_instant_give_back_as_much_as_without_a_store() {
    assert_eq!(compared(&apart(32, 0)).await, (319, 319));
}

#[tokio::test(start_paused = true)]
async fn a_hundred_calls_that_end_in_any_order_give_back_nearly_all() {
    for seed in 0..20 {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut call = |nth: u64| Call {
            begins: nth * 10,
            takes: dice.random_range(0..900),
            used: 10,
        };
        let calls: Vec<_> = (0..100).map(&mut call).collect();
        let (alone, shared) = compared(&calls).await;
        assert_eq!(shared, 998, "{alone} without a store");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_some_way_off_is_given_back_as_much() {
    for most in [3, 40] {
        let calls = apart(8, 1);
        assert_eq!(taken_by(&two(&far(most, most)), &calls).await, 79);
    }
}

/// A store in memory that counts the tokens that it forgives.
#[derive(Debug, Default)]
struct Forgiving {
    memory: MemoryStore,
    forgiven: AtomicU64,
}

impl Store for Forgiving {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(async move {
            let reply = self.memory.transact(key, request).await?;
            let answers = request.actions.iter().zip(reply.answers.iter());
            let settled = answers.filter(|(action, _)| matches!(action, Action::Settle { .. }));
            let forgiven = settled.map(|(_, answer)| u64::from(answer.granted)).sum();
            self.forgiven.fetch_add(forgiven, Ordering::Relaxed);
            Ok(reply)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn settled_calls_keep_the_long_term_rate() {
    for seed in 0..40 {
        let store = Arc::new(Forgiving::default());
        let shared: Arc<dyn Store> = Arc::<Forgiving>::clone(&store);
        let (made, overspent) = overspending_crowd(two_of(&shared), seed, true).await;
        let (first, last) = (made[0].0, made[made.len() - 1].0);
        let spent: u64 = made.iter().map(|(_, taken)| taken[1]).sum();
        let flowed = 1000 + (last - first).as_millis();
        // Beyond it by what the calls overspend of which the store does not know at the end, by what it forgives, and
        // by one late call.
        let known = last - Duration::from_millis(60);
        let late = overspent.iter().filter(|(at, _)| *at >= known);
        let late: u64 = late.map(|(_, over)| over).sum();
        let beyond = late + store.forgiven.load(Ordering::Relaxed) + 400;
        assert!(
            u128::from(spent) <= flowed + u128::from(beyond),
            "{spent} in {flowed} ms, and {beyond}"
        );
    }
}
