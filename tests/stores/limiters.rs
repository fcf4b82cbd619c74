//! Limiters of several processes on one store that is some way off, under arbitrary use on paused
//! time: the envelope over all of them, cooldowns, and that everybody is served.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use paced::Limiter;
use paced::Quota;
use paced::Rate;
use paced::store::Action;
use paced::store::MemoryStore;
use paced::store::OnStoreError;
use paced::store::Policy;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreFuture;
use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const PROCESSES: usize = 3;

/// A request takes this long at most, there and back; the limiters give it 150 ms.
const FARTHEST: Duration = Duration::from_millis(80);

/// The limiters wait for so long before they do without.
const TIMEOUT: Duration = Duration::from_millis(150);

/// What timers may be late by.
const SLACK: Duration = Duration::from_millis(2);

/// More requests than any of these lives needs: the longest is one of 160 callers in 100 seconds.
const MANY: usize = 2_000;

/// Longer than anybody waits: 160 callers for three tokens each, and all cooldowns one after the other.
const LONGEST: Duration = Duration::from_secs(1000);

/// For so long a limiter relies on what a store said last.
const FRESH: Duration = Duration::from_millis(5);

#[derive(Clone, Debug)]
enum Event {
    Call { by: usize, cost: u32 },
    GiveUp { nth: usize },
    Try { by: usize },
    CoolDown { by: usize, millis: u64 },
    Pass { micros: u64 },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let by = 0..PROCESSES;
    let event = prop_oneof![
        6 => (by.clone(), 1..4_u32).prop_map(|(by, cost)| Event::Call { by, cost }),
        2 => (0..8_usize).prop_map(|nth| Event::GiveUp { nth }),
        1 => by.clone().prop_map(|by| Event::Try { by }),
        1 => (by, 1..2000_u64).prop_map(|(by, millis)| Event::CoolDown { by, millis }),
        4 => prop_oneof![0..5_000_u64, 0..2_000_000_u64].prop_map(|micros| Event::Pass { micros }),
    ];
    prop::collection::vec(event, 1..80)
}

fn quotas() -> impl Strategy<Value = Quota> {
    (prop_oneof![1..20_u32, 20..20_000_u32], 3..20_u32).prop_map(|(hz, burst)| {
        let (hz, burst) = (NonZeroU32::new(hz), NonZeroU32::new(burst));
        Quota::new(Rate::per_second(hz.expect("above 0"))).with_burst(burst.expect("above 0"))
    })
}

/// The same, some of them so long that nobody waits for them who need not. The first ones are short: by
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

#[derive(Clone, Copy, Debug)]
struct Permit {
    at: Instant,
    cost: u32,
}

struct World {
    store: Arc<Far>,
    limiters: Vec<Limiter>,
    permits: Arc<Mutex<Vec<Permit>>>,
    callers: Vec<JoinHandle<()>>,
}

impl World {
    fn new(quota: Quota, ways: Vec<u64>, policy: Policy) -> Self {
        let store = Arc::new(Far {
            memory: MemoryStore::new(),
            ways,
            used: AtomicUsize::new(0),
            pauses: Mutex::default(),
        });
        let limiter = || {
            let store = Arc::clone(&store) as Arc<dyn Store>;
            Limiter::in_store("api", quota, store, policy).expect("a rate that is not too fast")
        };
        Self {
            limiters: (0..PROCESSES).map(|_| limiter()).collect(),
            store,
            permits: Arc::default(),
            callers: Vec::new(),
        }
    }

    async fn apply(&mut self, event: Event) {
        match event {
            Event::Call { by, cost } => {
                let (limiter, permits) = (self.limiters[by].clone(), Arc::clone(&self.permits));
                self.callers.push(tokio::spawn(async move {
                    while let Err(error) = limiter.acquire_many(cost).await {
                        // One that is closed while the store is late.
                        assert!(error.is_store(), "{error}");
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    note(&permits, cost);
                }));
                tokio::task::yield_now().await;
            }
            Event::GiveUp { nth } => {
                let mut waiting = self.callers.iter().filter(|caller| !caller.is_finished());
                if let Some(caller) = waiting.nth(nth) {
                    caller.abort();
                    tokio::task::yield_now().await;
                }
            }
            Event::Try { by } => {
                if self.limiters[by].try_acquire().is_ok() {
                    note(&self.permits, 1);
                }
            }
            Event::CoolDown { by, millis } => {
                self.limiters[by].cooldown_for(Duration::from_millis(millis));
            }
            Event::Pass { micros } => tokio::time::sleep(Duration::from_micros(micros)).await,
        }
    }

    /// Lets all who still wait be served.
    async fn finish(mut self) -> (Vec<Permit>, Vec<(Instant, Instant)>) {
        for caller in self.callers.drain(..) {
            let served = tokio::time::timeout(LONGEST, caller).await;
            if let Err(error) = served.expect("somebody is never served") {
                assert!(error.is_cancelled(), "{error}");
            }
        }
        let requests = self.store.used.load(Ordering::Relaxed);
        assert!(requests < MANY, "the limiters ask and ask");
        let pauses = std::mem::take(&mut *self.store.pauses.lock().expect("no panic"));
        let permits = std::mem::take(&mut *self.permits.lock().expect("no panic"));
        (permits, pauses)
    }
}

fn note(permits: &Mutex<Vec<Permit>>, cost: u32) {
    let at = Instant::now();
    permits
        .lock()
        .expect("no panic under the lock")
        .push(Permit { at, cost });
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.expect("a runtime").block_on(test)
}

fn lived(
    quota: Quota,
    ways: Vec<u64>,
    events: Vec<Event>,
) -> (Vec<Permit>, Vec<(Instant, Instant)>) {
    run(async {
        let mut world = World::new(quota, ways, Policy::new());
        for event in events {
            world.apply(event).await;
        }
        world.finish().await
    })
}

/// The same with answers that come late, where nobody goes on without them.
fn lived_with_late_answers(quota: Quota, ways: Vec<u64>, events: Vec<Event>) -> Vec<Permit> {
    run(async {
        let closed = Policy::new().on_error(OnStoreError::Closed);
        let mut world = World::new(quota, ways, closed);
        for by in 0..PROCESSES {
            world.apply(Event::Call { by, cost: 1 }).await;
        }
        tokio::time::sleep(quota.rate().interval() * quota.burst().get()).await;
        for event in events {
            world.apply(event).await;
        }
        world.finish().await.0
    })
}

fn check_envelope(permits: &[Permit], quota: Quota, slack: Duration) -> Result<(), TestCaseError> {
    for (first, from) in permits.iter().enumerate() {
        let mut granted = 0;
        for to in &permits[first..] {
            granted += to.cost;
            let window = to.at - from.at + slack + SLACK;
            // A token more, for those that lie on both edges.
            let burst = f64::from(quota.burst().get()) + 1.0;
            let allowed = burst + quota.rate().hz() * window.as_secs_f64();
            prop_assert!(
                f64::from(granted) <= allowed + 1e-6,
                "{granted} in {window:?} of {quota}"
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn all_processes_together_keep_to_the_envelope(
        quota in quotas(), ways in ways(), events in events(),
    ) {
        // What the store has handed out is used when the answer arrives, and not all ways are as long.
        let way = Duration::from_millis(ways.iter().copied().max().unwrap_or(0));
        let (permits, _) = lived(quota, ways, events);
        check_envelope(&permits, quota, way)?;
    }

    #[test]
    fn answers_that_come_late_change_nothing_about_it(
        quota in quotas(), ways in long_ways(), mut events in events(),
    ) {
        // A process that hears of a cooldown late uses what it holds meanwhile.
        events.retain(|event| !matches!(event, Event::CoolDown { .. }));
        let permits = lived_with_late_answers(quota, ways, events);
        // However late: by no more than one that is in time.
        check_envelope(&permits, quota, TIMEOUT)?;
    }

    #[test]
    fn no_process_uses_a_token_once_it_can_know_of_a_cooldown(
        quota in quotas(), ways in ways(), events in events(),
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
    fn what_the_rate_allows_is_used(
        quota in quotas(),
        ways in ways(),
        calls in prop::collection::vec((0..PROCESSES, any::<bool>()), 100..200),
    ) {
        let (spent, elapsed) = run(async {
            let (mut world, start) = (World::new(quota, ways, Policy::new()), Instant::now());
            for &(by, _) in &calls {
                world.apply(Event::Call { by, cost: 1 }).await;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            for (caller, _) in world.callers.iter().zip(&calls).filter(|(_, (_, leaves))| *leaves) {
                caller.abort();
            }
            let (permits, _) = world.finish().await;
            (permits.len(), permits.last().map_or(Duration::ZERO, |permit| permit.at - start))
        });
        let paced = u32::try_from(spent).expect("few calls").saturating_sub(quota.burst().get());
        let ideal = quota.rate().interval() * paced;
        // The way to the first token; what those who left had drawn; and the last one's Peek.
        let bound = ideal + 4 * FARTHEST + SLACK + quota.rate().interval() * 8;
        prop_assert!(elapsed <= bound, "{elapsed:?} for {spent} of {quota}, ideal {ideal:?}");
    }
}
