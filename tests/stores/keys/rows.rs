//! Limits that all keys share, and those of further keys, in a store.

use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use paced::Error;
use paced::Keyed;
use paced::Quota;
use paced::store::ListRequest;
use paced::store::MemoryStore;
use paced::store::OnStoreError;
use paced::store::Policy;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreFuture;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::sleep;

use super::outages::Moody;
use super::per_second;

const SECOND: Duration = Duration::from_secs(1);

/// Limiters that stand for a process: of a key, and of all keys.
pub(super) fn process(store: &Arc<impl Store>, own: Quota, shared: Quota) -> Keyed<str> {
    let builder = Keyed::builder(own).shared_row("requests", shared);
    let builder = builder.name("crm").store(Arc::clone(store) as _);
    builder.build().expect("a right limiter")
}

/// Permits, in the order in which they came: the key, and the time since the start.
#[derive(Clone)]
struct Served {
    start: Instant,
    permits: Arc<Mutex<Vec<(String, Duration)>>>,
}

impl Served {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            permits: Arc::default(),
        }
    }

    fn call(&self, keyed: &Keyed<str>, key: &str) -> impl Future<Output = ()> + Send + use<> {
        let (keyed, key, served) = (keyed.clone(), key.to_owned(), self.clone());
        async move {
            keyed.acquire(key.as_str()).await.expect("a permit");
            let mut permits = served.permits.lock().expect("no panic");
            permits.push((key, served.start.elapsed()));
        }
    }

    fn times(&self, key: Option<&str>) -> Vec<Duration> {
        let permits = self.permits.lock().expect("no panic");
        let of_key = permits
            .iter()
            .filter(|(of, _)| key.is_none_or(|key| of == key));
        of_key.map(|(_, at)| *at).collect()
    }
}

/// Checks that no interval holds more permits than a bucket allows.
pub(super) fn check_envelope(at: &[Duration], rate: f64, burst: f64) {
    for (first, from) in at.iter().enumerate() {
        for (last, to) in at.iter().enumerate().skip(first) {
            let most = burst + rate * (to.saturating_sub(*from).as_secs_f64() + 0.002) + 1e-6;
            let count = u32::try_from(last - first + 1).expect("few");
            assert!(
                f64::from(count) <= most,
                "{count} permits from {from:?} to {to:?}: {at:?}"
            );
        }
    }
}

pub(super) async fn names(store: &MemoryStore) -> Vec<String> {
    let page = store.list(&ListRequest::new()).await.expect("a list");
    page.limiters.into_iter().map(|it| it.name).collect()
}

#[tokio::test(start_paused = true)]
async fn processes_keep_to_the_limits_of_all_keys_and_of_each() {
    let store = Arc::new(MemoryStore::new());
    let processes = [(); 2].map(|()| process(&store, per_second(2, 2), per_second(4, 2)));
    let served = Served::new();
    let mut calls = JoinSet::new();
    for call in 0..60_usize {
        let key = ["acme", "globex", "initech"][call % 3];
        calls.spawn(served.call(&processes[call / 3 % 2], key));
    }
    calls.join_all().await;
    check_envelope(&served.times(None), 4.0, 2.0);
    for key in ["acme", "globex", "initech"] {
        let times = served.times(Some(key));
        assert_eq!(times.len(), 20);
        check_envelope(&times, 2.0, 2.0);
    }
    // Two at once, and 58 at four a second.
    let last = served.start.elapsed();
    assert!(last >= 29 * SECOND / 2 && last <= 15 * SECOND, "{last:?}");
    let names = names(&store).await;
    assert!(names.iter().any(|name| name == "crm.shared"), "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("crm")));
}

#[tokio::test(start_paused = true)]
async fn the_backlog_of_a_key_neither_uses_the_shared_limit_up_nor_delays_another_key() {
    let store = Arc::new(MemoryStore::new());
    let processes = [(); 2].map(|()| process(&store, per_second(1, 1), per_second(4, 4)));
    let served = Served::new();
    let mut calls = JoinSet::new();
    for call in 0..40_usize {
        calls.spawn(served.call(&processes[call % 2], "acme"));
    }
    sleep(SECOND / 2).await;
    for call in 0..4_usize {
        let key = format!("tenant-{call}");
        calls.spawn(served.call(&processes[call % 2], &key));
        if call < 3 {
            sleep(SECOND / 100).await;
        }
    }
    sleep(SECOND / 100).await;
    assert_eq!(served.times(Some("acme")).len(), 1);
    for call in 0..3 {
        let times = served.times(Some(&format!("tenant-{call}")));
        assert_eq!(times.len(), 1, "tenant {call}");
    }
    calls.join_all().await;
    check_envelope(&served.times(Some("acme")), 1.0, 1.0);
    let last = served.start.elapsed();
    assert!(last >= 39 * SECOND && last <= 40 * SECOND, "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_takes_nothing_of_the_shared_limit() -> Result<(), Error> {
    let store = Arc::new(MemoryStore::new());
    let processes = [(); 2].map(|()| process(&store, per_second(10, 10), per_second(1, 1)));
    let [one, other] = &processes;
    one.acquire("acme").await?;
    let start = Instant::now();
    for key in ["acme", "globex", "initech"] {
        let waits = tokio::time::timeout(SECOND / 4, one.acquire(key)).await;
        assert!(waits.is_err(), "the shared limit holds it back");
    }
    // The token that was drawn ahead for them goes to the next caller of their process.
    one.acquire("acme").await?;
    let took = start.elapsed();
    assert!(took >= SECOND && took <= SECOND + SECOND / 50, "{took:?}");
    other.acquire("acme").await?;
    let took = start.elapsed();
    assert!(
        took >= 2 * SECOND && took <= 2 * SECOND + SECOND / 50,
        "{took:?}"
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_cooldown_of_the_key_that_another_process_was_told_holds_a_call_that_waits_for_all_keys()
-> Result<(), Error> {
    let store = Arc::new(MemoryStore::new());
    let processes = [(); 2].map(|()| process(&store, per_second(10, 10), per_second(1, 1)));
    let [one, other] = &processes;
    one.acquire("acme").await?;
    let served = Served::new();
    let mut calls = JoinSet::new();
    calls.spawn(served.call(one, "acme"));
    calls.spawn(served.call(one, "globex"));
    sleep(SECOND / 2).await;
    other.cooldown_for("acme", 10 * SECOND)?;
    calls.join_all().await;
    let [globex, acme] = [Some("globex"), Some("acme")].map(|key| served.times(key)[0]);
    assert!(globex <= SECOND + SECOND / 50, "{globex:?}");
    assert!(acme >= 21 * SECOND / 2 && acme <= 11 * SECOND, "{acme:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waited_long_for_all_keys_still_has_its_own_token() {
    let store = Arc::new(MemoryStore::new());
    // A token of a key may be used for a second, and the wait for the shared limit takes up to ten.
    let keyed = process(&store, per_second(1, 1), per_second(1, 1));
    let served = Served::new();
    let mut calls = JoinSet::new();
    for call in 0..30_usize {
        calls.spawn(served.call(&keyed, &format!("tenant-{}", call % 10)));
    }
    calls.join_all().await;
    let last = served.start.elapsed();
    assert!(last >= 29 * SECOND && last <= 30 * SECOND, "{last:?}");
    check_envelope(&served.times(None), 1.0, 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_is_tried_for_is_of_the_key_and_of_all_keys() -> Result<(), Error> {
    let store = Arc::new(MemoryStore::new());
    let keyed = process(&store, per_second(1, 2), per_second(1, 3));
    let attempt = async |key: &str| {
        // The first try asks the store.
        for _ in 0..4 {
            if keyed.try_acquire(key).is_ok() {
                return true;
            }
            sleep(Duration::from_millis(1)).await;
        }
        false
    };
    assert!(attempt("acme").await);
    assert!(attempt("acme").await);
    assert!(!attempt("acme").await, "the limit of the key");
    assert!(attempt("globex").await);
    assert!(!attempt("globex").await, "the limit of all keys");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_outage_follows_the_policy() -> Result<(), Error> {
    let with_policy = |store: &Arc<Moody>, on_error| {
        let builder = Keyed::<str>::builder(per_second(10, 10));
        let builder = builder.shared_row("requests", per_second(10, 10));
        let policy = Policy::new().on_error(on_error).processes(2);
        let builder = builder.name("crm").store(Arc::clone(store) as _);
        builder.store_policy(policy).build()
    };
    let store = Arc::new(Moody::default());
    let local = with_policy(&store, OnStoreError::Local)?;
    store.set_away(true);
    let served = Served::new();
    let mut calls = JoinSet::new();
    for key in ["acme", "globex"] {
        for _ in 0..10 {
            calls.spawn(served.call(&local, key));
        }
    }
    calls.join_all().await;
    // Nineteen more at 4.5 a second, whatever their keys.
    let took = served.start.elapsed();
    assert!(
        took >= 42 * SECOND / 10 && took <= 46 * SECOND / 10,
        "{took:?}"
    );
    // When it is back, it serves again.
    store.set_away(false);
    sleep(60 * SECOND).await;
    let start = Instant::now();
    for _ in 0..20 {
        local.acquire("acme").await?;
    }
    // The bucket begins empty.
    assert!(start.elapsed() <= 5 * SECOND / 2, "{:?}", start.elapsed());

    let closed = with_policy(&store, OnStoreError::Closed)?;
    closed.acquire("initech").await?;
    store.set_away(true);
    sleep(SECOND).await;
    let error = closed.acquire("initech").await.expect_err("it is away");
    assert!(error.is_store(), "{error}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_outage_while_a_call_waits_for_all_keys_ends() -> Result<(), Error> {
    let store = Arc::new(Moody::default());
    let keyed = process(&store, per_second(10, 10), per_second(1, 1));
    keyed.acquire("acme").await?;
    let served = Served::new();
    let mut calls = JoinSet::new();
    for key in ["acme", "globex", "acme"] {
        calls.spawn(served.call(&keyed, key));
    }
    sleep(SECOND / 2).await;
    store.set_away(true);
    calls.join_all().await;
    check_envelope(&served.times(None), 1.0, 1.0);
    Ok(())
}

/// A store that answers late.
#[derive(Debug)]
struct Late {
    memory: MemoryStore,
    by: Duration,
}

impl Store for Late {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(async move {
            sleep(self.by / 2).await;
            let reply = self.memory.transact(key, request).await;
            sleep(self.by / 2).await;
            reply
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_far_away_serves_the_whole_rate_of_all_keys() {
    for millis in [2, 30] {
        let store = Arc::new(Late {
            memory: MemoryStore::new(),
            by: Duration::from_millis(millis),
        });
        let processes = [(); 2].map(|()| process(&store, per_second(10, 10), per_second(20, 5)));
        let served = Served::new();
        let mut calls = JoinSet::new();
        for call in 0..200_usize {
            let key = format!("tenant-{}", call % 8);
            calls.spawn(served.call(&processes[call / 8 % 2], &key));
        }
        calls.join_all().await;
        // Permits of the shared limit wait for an answer about the key.
        check_envelope(&served.times(None), 20.0, 6.0);
        let last = served.start.elapsed();
        assert!(last >= 39 * SECOND / 4, "{last:?}");
        assert!(last <= 21 * SECOND / 2, "{millis} ms: {last:?}");
    }
}
