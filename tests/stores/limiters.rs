//! Limiters of several processes on one store that is some way off, under arbitrary use on paused
//! time: the envelope over all of them, cooldowns, and that every caller is served.

use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use paced::Limiter;
use paced::Quota;
use paced::store::Action;
use paced::store::MemoryStore;
use paced::store::OnStoreError;
use paced::store::Policy;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreFuture;
use proptest::prelude::*;
use test_support::life::Event;
use test_support::life::Life;
use test_support::life::Permit;
use test_support::life::SLACK;
use test_support::life::check_envelope;
use test_support::life::events;
use test_support::life::quotas;
use test_support::life::run;
use tokio::time::Instant;

const PROCESSES: usize = 3;

/// A request takes this long at most, there and back; the limiters give it 150 ms.
const FARTHEST: Duration = Duration::from_millis(80);

/// Tokens per second of the fastest quota.
const FASTEST: u32 = 20_000;

/// The limiters wait for so long before they do without.
const TIMEOUT: Duration = Duration::from_millis(150);

/// More requests than any of these lives needs: the longest is one of 160 callers in 100 seconds.
const MANY: usize = 2_000;

/// For so long a limiter relies on what a store said last.
const FRESH: Duration = Duration::from_millis(5);

/// The same, some of them so long that only calls wait for them that must. The first ones are short: by
/// them the limiters know the store's clock.
fn long_ways() -> impl Strategy<Value = Vec<u64>> {
    let most = u64::try_from(FARTHEST.as_millis()).expect("short") / 2;
    let way = prop_oneof![6 => Just(0), 3 => 0..=most, 1 => 150..5000_u64];
    let later = prop::collection::vec(way, 10..40);
    later.prop_map(|later| [vec![0; 2 * PROCESSES], later].concat())
}

/// Milliseconds that requests take to the store, and answers back, in turn.
fn ways() -> impl Strategy<Value = Vec<u64>> {
    let most = u64::try_from(FARTHEST.as_millis()).expect("short") / 2;
    prop::collection::vec(prop_oneof![Just(0), 0..=1_u64, 0..=most], 1..20)
}

/// A store some way off.
#[derive(Debug)]
struct Far {
    memory: MemoryStore,
    ways: Vec<u64>,
    used: AtomicUsize,
    /// When the store took note of a pause, and until when it is.
    pauses: Mutex<Vec<(Instant, Instant)>>,
}

impl Far {
    async fn travel(&self) {
        let turn = self.used.fetch_add(1, Ordering::Relaxed);
        if turn >= MANY {
            core::future::pending::<()>().await;
        }
        let way = self.ways[turn % self.ways.len()];
        tokio::time::sleep(Duration::from_millis(way)).await;
    }
}

impl Store for Far {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(async move {
            self.travel().await;
            let answer = self.memory.transact(key, request).await;
            let pauses = |action: &Action| matches!(action, Action::Pause { .. });
            if let (true, Ok(answer)) = (request.actions.iter().any(pauses), &answer) {
                let left = answer.state.paused_until - answer.now;
                let until = Instant::now() + left.to_duration();
                let mut pauses = self.pauses.lock().expect("no panic under the lock");
                pauses.push((Instant::now(), until));
            }
            self.travel().await;
            answer
        })
    }
}

fn far(ways: Vec<u64>) -> Arc<Far> {
    Arc::new(Far {
        memory: MemoryStore::new(),
        ways,
        used: AtomicUsize::new(0),
        pauses: Mutex::default(),
    })
}

fn life(quota: Quota, store: &Arc<Far>, policy: Policy) -> Life {
    let limiter = |_| {
        let store = Arc::clone(store) as Arc<dyn Store>;
        let builder = Limiter::builder(quota).name("api").store(store);
        let built = builder.store_policy(policy).unregistered().build();
        built.expect("a rate that is not too fast")
    };
    Life::new((0..PROCESSES).map(limiter).collect())
}

/// Serves all callers that still wait. Returns the permits, and the pauses as the store knows them.
async fn finish(life: Life, store: &Far) -> (Vec<Permit>, Vec<(Instant, Instant)>) {
    let permits = life.finish().await.permits;
    let requests = store.used.load(Ordering::Relaxed);
    assert!(requests < MANY, "the limiters ask and ask");
    let pauses = std::mem::take(&mut *store.pauses.lock().expect("no panic"));
    (permits, pauses)
}

fn lived(
    quota: Quota,
    ways: Vec<u64>,
    events: Vec<Event>,
) -> (Vec<Permit>, Vec<(Instant, Instant)>) {
    run(async {
        let store = far(ways);
        let mut life = life(quota, &store, Policy::new());
        life.live(events).await;
        finish(life, &store).await
    })
}

/// The same with answers that come late, where no call goes on without them.
fn lived_with_late_answers(quota: Quota, ways: Vec<u64>, events: Vec<Event>) -> Vec<Permit> {
    run(async {
        let closed = Policy::new().on_error(OnStoreError::Closed);
        let store = far(ways);
        let mut life = life(quota, &store, closed);
        for by in 0..PROCESSES {
            life.apply(Event::Call { by, cost: 1 }).await;
        }
        tokio::time::sleep(quota.rate().interval() * quota.burst().get()).await;
        life.live(events).await;
        finish(life, &store).await.0
    })
}

/// One token more than the burst, for those that lie on both edges.
fn check(permits: &[Permit], quota: Quota, slack: Duration) -> Result<(), TestCaseError> {
    check_envelope(permits, quota, quota.burst().get() + 1, slack + SLACK)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn all_processes_together_keep_to_the_envelope(
        quota in quotas(FASTEST), ways in ways(), events in events(PROCESSES),
    ) {
        // What the store has handed out is used when the answer arrives, and not all ways are as long.
        let way = Duration::from_millis(ways.iter().copied().max().unwrap_or(0));
        let (permits, _) = lived(quota, ways, events);
        check(&permits, quota, way)?;
    }

    #[test]
    fn the_envelope_holds_with_late_answers(
        quota in quotas(FASTEST), ways in long_ways(), mut events in events(PROCESSES),
    ) {
        // A process that hears of a cooldown late uses what it holds meanwhile.
        events.retain(|event| !matches!(event, Event::CoolDown { .. }));
        let permits = lived_with_late_answers(quota, ways, events);
        // However late: by no more than one that is in time.
        check(&permits, quota, TIMEOUT)?;
    }

    #[test]
    fn no_process_uses_a_token_once_it_can_know_of_a_cooldown(
        quota in quotas(FASTEST), ways in ways(), events in events(PROCESSES),
    ) {
        let (permits, pauses) = lived(quota, ways, events);
        for permit in &permits {
            let closed = pauses.iter().find(|(from, until)| {
                *from + FARTHEST + FRESH + SLACK < permit.at && permit.at < *until
            });
            prop_assert!(closed.is_none(), "{permit:?} in {closed:?}");
        }
    }

    #[test]
    fn processes_use_what_the_rate_allows(
        quota in quotas(FASTEST),
        ways in ways(),
        calls in prop::collection::vec((0..PROCESSES, any::<bool>()), 100..200),
    ) {
        let (spent, elapsed) = run(async {
            let (store, start) = (far(ways), Instant::now());
            let mut life = life(quota, &store, Policy::new());
            for &(by, _) in &calls {
                life.apply(Event::Call { by, cost: 1 }).await;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            life.leave(calls.into_iter().map(|(_, leaves)| leaves));
            let (permits, _) = finish(life, &store).await;
            (permits.len(), permits.last().map_or(Duration::ZERO, |permit| permit.at - start))
        });
        let paced = u32::try_from(spent).expect("few calls").saturating_sub(quota.burst().get());
        let ideal = quota.rate().interval() * paced;
        // The way to the first token; the draws of callers that left; and the last one's Peek.
        let bound = ideal + 4 * FARTHEST + SLACK + quota.rate().interval() * 8;
        prop_assert!(elapsed <= bound, "{elapsed:?} for {spent} of {quota}, ideal {ideal:?}");
    }
}
