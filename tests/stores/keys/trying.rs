//! Callers that do not wait, of keys with a limit that all of them share, in a store.

use core::time::Duration;
use std::sync::Arc;

use paced::Keyed;
use paced::store::MemoryStore;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreFuture;
use tokio::time::Instant;
use tokio::time::sleep;

use super::per_second;
use super::rows::check_envelope;
use super::rows::process;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// A store that answers after this time.
#[derive(Debug)]
struct Slow(MemoryStore, Duration);

impl Slow {
    fn by(delay: Duration) -> Arc<Self> {
        Arc::new(Self(MemoryStore::new(), delay))
    }
}

impl Store for Slow {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(async move {
            sleep(self.1 / 2).await;
            let answer = self.0.transact(key, request).await;
            sleep(self.1 / 2).await;
            answer
        })
    }
}

/// Tries until it has `count` permits, and comes back when it is told to. Returns when they came, and how many tries that
/// took.
async fn obey(
    keyed: &Keyed<str>,
    key: &str,
    start: Instant,
    count: usize,
) -> (Vec<Duration>, usize) {
    let (mut permits, mut tries) = (Vec::new(), 0);
    while permits.len() < count {
        tries += 1;
        assert!(tries < 1000, "{permits:?}");
        match keyed.try_acquire(key) {
            Ok(_) => permits.push(start.elapsed()),
            Err(error) => {
                assert!(error.is_not_yet(), "{error}");
                let wait = error.retry_after().expect("it is known");
                assert!(wait >= MILLISECOND && wait <= SECOND, "{wait:?}");
                sleep(wait).await;
            }
        }
    }
    (permits, tries)
}

/// Checks permits of one key, at 10 a second after a burst of 5. `unknown`: tries before the first answer of the store, which
/// tells how long one takes.
async fn check_rate(store: &Arc<impl Store>, unknown: usize) {
    let keyed = process(store, per_second(10, 5), per_second(12, 3));
    let (permits, tries) = obey(&keyed, "acme", Instant::now(), 20).await;
    let last = permits[19];
    assert!(
        last >= SECOND * 3 / 2 && last <= SECOND * 8 / 5,
        "{permits:?}"
    );
    // One for the token, one for the answer, and one or two more where the answer comes in the same instant.
    assert!(tries <= 4 * 20 + unknown, "{tries}");
    check_envelope(&permits, 10.0, 5.0);
    check_envelope(&permits, 12.0, 3.0);
}

#[tokio::test(start_paused = true)]
async fn tries_that_come_back_when_they_are_told_to_get_permits_at_the_rate() {
    check_rate(&Arc::new(MemoryStore::new()), 0).await;
}

#[tokio::test(start_paused = true)]
async fn tries_get_permits_at_the_rate_from_a_store_that_takes_its_time() {
    for millis in [2, 4, 8, 30] {
        let store = Slow::by(Duration::from_millis(millis));
        check_rate(&store, usize::try_from(millis).expect("few")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn tries_of_several_keys_and_processes_keep_to_the_limit_of_all_keys() {
    let store = Slow::by(2 * MILLISECOND);
    let keyed = [(); 2].map(|()| process(&store, per_second(10, 5), per_second(12, 3)));
    let start = Instant::now();
    let each = async |process: usize, key| obey(&keyed[process], key, start, 10).await.0;
    let permits = tokio::join!(
        each(0, "acme"),
        each(1, "acme"),
        each(0, "globex"),
        each(1, "initech")
    );
    let mut all = [permits.0, permits.1, permits.2, permits.3].concat();
    all.sort();
    check_envelope(&all, 12.0, 3.0);
    // 37 after the burst.
    let last = all[39];
    assert!(last <= SECOND * 9 / 2, "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_key_without_tokens_takes_none_from_all_keys() {
    let store = Slow::by(2 * MILLISECOND);
    let keyed = process(&store, per_second(1, 1), per_second(1, 4));
    let start = Instant::now();
    obey(&keyed, "acme", start, 1).await;
    for _ in 0..50 {
        assert!(keyed.try_acquire("acme").is_err());
        sleep(MILLISECOND).await;
    }
    for key in ["globex", "initech", "hooli"] {
        obey(&keyed, key, start, 1).await;
    }
    let elapsed = start.elapsed();
    assert!(elapsed <= SECOND / 5, "{elapsed:?}");
}
