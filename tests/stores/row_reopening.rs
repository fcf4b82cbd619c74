//! Limits of which a server said that nothing is left, and then that something is; and limits of an hour after a short pause.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use http::Response;
use paced::Limiter;
use paced::Quota;
use paced::rate_limited;
use paced::store::MemoryStore;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreFuture;
use tokio::time::Instant;
use tokio::time::sleep;

fn per_second(count: u32) -> Quota {
    let count = NonZeroU32::new(count).expect("above 0");
    Quota::per_second(count).with_burst(count)
}

/// A limiter of 100 requests and 1000 tokens per second.
fn limiter(store: Arc<dyn Store>) -> Limiter {
    let builder = Limiter::builder(per_second(100)).row("tokens", per_second(1000));
    let builder = builder.name("reopening").store(store);
    builder.unregistered().build().expect("two limits")
}

/// Makes a call whose answer says what is left.
async fn hears(limiter: &Limiter, cost: u64, left: &str, reset: &str) {
    #[rate_limited(limiter = limiter, cost(tokens = cost))]
    async fn ask(
        limiter: &Limiter,
        cost: u64,
        left: &str,
        reset: &str,
    ) -> Result<Response<String>, paced::Error> {
        let response = Response::builder()
            .header("x-ratelimit-limit-tokens", "100000")
            .header("x-ratelimit-remaining-tokens", left)
            .header("x-ratelimit-reset-tokens", reset);
        Ok(response.body(String::new()).expect("a response"))
    }
    ask(limiter, cost, left, reset).await.expect("an answer");
}

async fn waits(limiter: &Limiter) -> Duration {
    let start = Instant::now();
    let longest = Duration::from_secs(40 * 24 * 3600);
    let permit = tokio::time::timeout(longest, limiter.acquire_costs(&[("tokens", 10)])).await;
    drop(permit.map(|permit| permit.expect("a permit").into_receipt()));
    start.elapsed()
}

/// A store that counts requests.
#[derive(Debug, Default)]
struct Counting {
    memory: MemoryStore,
    requests: AtomicU64,
}

impl Store for Counting {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.memory.transact(key, request)
    }
}

#[tokio::test(start_paused = true)]
async fn a_fresh_answer_opens_a_limit_again_in_all_processes() {
    let store = Arc::new(Counting::default());
    let [one, other] = [(); 2].map(|()| limiter(Arc::<Counting>::clone(&store)));
    hears(&one, 100, "0", "300s").await;
    sleep(Duration::from_millis(200)).await;
    other.acquire().await.expect("a request");
    let waiting = tokio::spawn({
        let other = other.clone();
        async move { waits(&other).await }
    });
    sleep(Duration::from_secs(5)).await;
    // A call that takes no tokens hears that the limit was raised.
    hears(&one, 0, "90000", "300s").await;
    let waited = waiting.await.expect("a permit");
    assert!(waited <= Duration::from_secs(7), "{waited:?}");
    assert!(waits(&one).await < Duration::from_millis(200));
}

#[tokio::test(start_paused = true)]
async fn a_store_is_not_asked_often_while_calls_wait_for_a_closed_limit() {
    let store = Arc::new(Counting::default());
    let [one, other] = [(); 2].map(|()| limiter(Arc::<Counting>::clone(&store)));
    hears(&one, 100, "0", "31536000s").await;
    sleep(Duration::from_millis(200)).await;
    for limiter in [&one, &other] {
        let before = store.requests.load(Ordering::Relaxed);
        drop(tokio::time::timeout(Duration::from_secs(20), waits(limiter)).await);
        let asked = store.requests.load(Ordering::Relaxed) - before;
        assert!(asked <= 45, "{asked} in 20 s");
    }
}

/// Is refused for a second the first time.
#[rate_limited(limiter = limiter)]
async fn refused_once(
    limiter: &Limiter,
    refused: &Mutex<bool>,
) -> Result<Response<String>, paced::Error> {
    let mut refused = refused.lock().expect("no panic");
    let status = if *refused { 200 } else { 429 };
    *refused = true;
    let response = Response::builder()
        .status(status)
        .header("retry-after", "1");
    Ok(response.body(String::new()).expect("a response"))
}

#[tokio::test(start_paused = true)]
async fn a_short_pause_does_not_empty_a_limit_of_an_hour() {
    let store = Arc::new(MemoryStore::new());
    let hour = NonZeroU32::new(1000).expect("above 0");
    let [one, other] = [(); 2].map(|()| {
        let store: Arc<dyn Store> = store.clone();
        let builder =
            Limiter::builder(per_second(10)).row("", Quota::per_hour(hour).with_burst(hour));
        let builder = builder.name("hour").store(store).unregistered();
        builder.build().expect("two limits")
    });
    let refused = Mutex::new(false);
    let start = Instant::now();
    for _ in 0..50 {
        refused_once(&one, &refused).await.expect("an answer");
        refused_once(&other, &refused).await.expect("an answer");
    }
    let took = start.elapsed().as_millis();
    assert!(took < 13_000, "{took}");
}
