//! Limits of which a server says that nothing is left, as the other processes follow it.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;

use http::Response;
use paced::Limiter;
use paced::Quota;
use paced::rate_limited;
use paced::store::Action;
use paced::store::MemoryStore;
use paced::store::OnStoreError;
use paced::store::Policy;
use paced::store::State;
use paced::store::Store;
use paced::store::Ticks;
use paced::store::Wait;
use tokio::time::Instant;

use crate::stepping::BURST;
use crate::stepping::START;
use crate::stepping::T;
use crate::stepping::ask;
use crate::stepping::draw;
use crate::stepping::granted;
use crate::stepping::learn_pace;

fn per_second(count: u32) -> Quota {
    let count = NonZeroU32::new(count).expect("above 0");
    Quota::per_second(count).with_burst(count)
}

/// Returns a limiter of 100 requests and 1000 tokens per second.
fn limiter(store: Arc<dyn Store>) -> Limiter {
    let builder = Limiter::builder(per_second(100)).row("tokens", per_second(1000));
    let builder = builder.name("closing").store(store).unregistered();
    // The machine may be busy.
    let policy = Policy::new().on_error(OnStoreError::Closed);
    let policy = policy.timeout(Duration::from_secs(5));
    builder.store_policy(policy).build().expect("two limits")
}

/// Makes a call whose answer says that no tokens are left for so many seconds.
async fn is_told_that_nothing_is_left(limiter: &Limiter, seconds: u64) {
    #[rate_limited(limiter = limiter, cost(tokens = 100))]
    async fn ask(limiter: &Limiter, seconds: u64) -> Result<Response<String>, paced::Error> {
        let response = Response::builder()
            .header("x-ratelimit-limit-tokens", "100000")
            .header("x-ratelimit-remaining-tokens", "0")
            .header("x-ratelimit-reset-tokens", format!("{seconds}s"));
        Ok(response.body(String::new()).expect("a response"))
    }
    ask(limiter, seconds).await.expect("an answer");
}

/// Checks that calls of another process take no tokens until the limit is reset, and all of them then.
pub(crate) async fn check(stores: [Arc<dyn Store>; 2], seconds: u64) {
    let [one, other] = stores.map(limiter);
    is_told_that_nothing_is_left(&one, seconds).await;
    // The store hears of it, and the other process by its next request.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let start = Instant::now();
    other.acquire().await.expect("a request");
    let closed_for = other.snapshot().row("tokens").expect("a limit").closed_for;
    assert!(closed_for.is_some(), "{:?}", other.snapshot());
    let shared = other.shared_snapshot().await.expect("an answer");
    let tokens = shared.row("tokens").expect("a limit");
    assert_eq!((tokens.available, tokens.learnt), (0, None));
    assert!(tokens.closed_for.is_some(), "{shared:?}");
    for _ in 0..5 {
        drop(
            other
                .acquire_costs(&[("tokens", 10)])
                .await
                .expect("a permit"),
        );
        let least = Duration::from_millis(seconds * 1000 - 150);
        assert!(start.elapsed() >= least, "{:?}", start.elapsed());
    }
    // All of them are there again.
    let opened = Instant::now();
    let all = other.acquire_costs(&[("tokens", 850)]).await;
    assert!(all.is_ok() && opened.elapsed() < Duration::from_millis(800));
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_limit_that_is_used_up_is_taken_by_another_process_until_its_reset() {
    let store = Arc::new(MemoryStore::new());
    let stores: [Arc<dyn Store>; 2] = [Arc::<MemoryStore>::clone(&store), store];
    let start = Instant::now();
    check(stores, 30).await;
    assert_eq!(start.elapsed().as_millis(), 30_000);
}

#[tokio::test(start_paused = true)]
async fn the_first_call_of_a_new_process_waits_for_what_the_store_knows() {
    let store = Arc::new(MemoryStore::new());
    let new = || -> Arc<dyn Store> { Arc::<MemoryStore>::clone(&store) };
    let one = limiter(new());
    is_told_that_nothing_is_left(&one, 30).await;
    let start = Instant::now();
    one.cooldown_for(Duration::from_secs(10));
    tokio::time::sleep(Duration::from_millis(100)).await;
    // The pause of all, and then the limit that is used up.
    let other = limiter(new());
    drop(other.acquire().await.expect("a permit"));
    assert_eq!(start.elapsed().as_millis(), 10_010);
    let third = limiter(new());
    assert!(third.try_acquire_costs(&[("tokens", 1)]).is_err());
    drop(
        third
            .acquire_costs(&[("tokens", 1)])
            .await
            .expect("a permit"),
    );
    assert_eq!(start.elapsed().as_millis(), 30_000);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_refused_for_a_closed_limit_says_so() {
    let store = Arc::new(MemoryStore::new());
    let stores: [Arc<dyn Store>; 2] = [Arc::<MemoryStore>::clone(&store), store];
    let [one, other] = stores.map(limiter);
    is_told_that_nothing_is_left(&one, 30).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    other.acquire().await.expect("a request");
    for limiter in [one, other] {
        let error = limiter.try_acquire_costs(&[("tokens", 10)]);
        let error = error.expect_err("nothing is left").to_string();
        let part = "\"tokens\" is closed for another 30s: the server's limit is used up";
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn nothing_is_drawn_of_a_closed_limit_until_its_end_and_all_of_it_then() {
    let mut state = State::default();
    let closes = learn_pace(Ticks::MAX, 100 * T);
    assert_eq!(
        granted(&mut state, START, closes),
        (0, Wait::ahead(100 * T))
    );
    // A token that is drawn ahead is due then.
    assert_eq!(
        granted(&mut state, START, draw(1)),
        (1, Wait::ahead(100 * T))
    );
    let open = START + 100 * T;
    assert_eq!(granted(&mut state, open, draw(BURST)).0, BURST - 1);
}

#[test]
fn a_limit_that_was_closed_opens_when_something_is_left_after_all() {
    let mut state = State::default();
    ask(&mut state, START, learn_pace(Ticks::MAX, 100 * T));
    ask(&mut state, START, learn_pace(Ticks::ZERO, Ticks::ZERO));
    assert_eq!(
        granted(&mut state, START, Action::Peek).1.to_come(),
        Ticks::ZERO
    );
    assert_eq!(granted(&mut state, START, draw(BURST)).0, BURST);
}
