//! Tokens, cooldowns and paces of each key that processes share.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;

use paced::Error;
use paced::Hint;
use paced::Keyed;
use paced::Quota;
use paced::store::ListRequest;
use paced::store::MemoryStore;
use paced::store::Store as _;
use tokio::time::Instant;

use super::ACME;
use super::per_second;
use super::process;

const SECOND: Duration = Duration::from_secs(1);

async fn names(store: &MemoryStore) -> Vec<String> {
    let page = store.list(&ListRequest::new()).await.expect("a list");
    let mut names: Vec<_> = page.limiters.into_iter().map(|it| it.name).collect();
    names.sort_unstable();
    names
}

#[tokio::test(start_paused = true)]
async fn processes_take_the_tokens_of_a_key_from_one_bucket() -> Result<(), Error> {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (
        process(&store, per_second(1, 4)),
        process(&store, per_second(1, 4)),
    );
    let start = Instant::now();
    for _ in 0..2 {
        one.acquire("acme").await?;
        other.acquire("acme").await?;
        one.acquire("globex").await?;
    }
    assert_eq!(
        start.elapsed(),
        Duration::ZERO,
        "four of one, two of the other"
    );
    other.acquire("acme").await?;
    one.acquire("acme").await?;
    assert_eq!(start.elapsed(), 2 * SECOND);
    // Nothing was taken from the other key meanwhile, and it is full again.
    one.acquire_many("globex", 4).await?;
    assert_eq!(start.elapsed(), 2 * SECOND);
    assert_eq!((one.len(), other.len()), (2, 1));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn many_callers_of_many_keys_keep_to_each_keys_rate() {
    let store = Arc::new(MemoryStore::new());
    let keyed = [(); 3].map(|()| process(&store, per_second(10, 5)));
    let start = Instant::now();
    let mut calls = tokio::task::JoinSet::new();
    for call in 0..3 * 4 * 25_usize {
        let (keyed, key) = (keyed[call % 3].clone(), format!("tenant-{}", call / 3 % 4));
        calls.spawn(async move {
            keyed.acquire(key.as_str()).await.expect("a permit");
            (key, start.elapsed())
        });
    }
    let mut served = calls.join_all().await;
    served.sort();
    for permits in served.chunks(75) {
        assert!(permits.iter().all(|(key, _)| *key == permits[0].0));
        // Five at once, and the rest at ten a second.
        let last = permits.last().expect("75").1;
        assert!(
            last >= 7 * SECOND && last <= 7 * SECOND + SECOND / 5,
            "{last:?}"
        );
    }
    assert_eq!(names(&store).await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_cooldown_of_a_key_holds_in_all_processes_and_for_no_other_key() -> Result<(), Error> {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (
        process(&store, per_second(5, 5)),
        process(&store, per_second(5, 5)),
    );
    let start = Instant::now();
    let permit = one.acquire("acme").await?;
    other.acquire("acme").await?;
    permit.refused(Some(30 * SECOND));
    other.acquire("globex").await?;
    one.acquire("globex").await?;
    assert_eq!(start.elapsed(), Duration::ZERO);
    // Also in a process that has not called with this key before.
    let third = process(&store, per_second(5, 5));
    third.acquire("acme").await?;
    let reopened = start.elapsed();
    assert!(
        reopened >= 30 * SECOND && reopened <= 31 * SECOND,
        "{reopened:?}"
    );
    other.acquire("acme").await?;
    assert!(start.elapsed() <= 32 * SECOND);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_pace_that_a_key_has_learnt_holds_in_all_processes() -> Result<(), Error> {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (
        process(&store, per_second(10, 1)),
        process(&store, per_second(10, 1)),
    );
    let scarce = Hint::new().with_limit(100.0).with_remaining(5.0);
    let scarce = scarce.with_reset_after(50 * SECOND);
    one.acquire("acme").await?.accepted(&scarce);
    let calls = async |key: &str| {
        let start = Instant::now();
        for _ in 0..3 {
            other.acquire(key).await?;
        }
        Ok::<_, Error>(start.elapsed())
    };
    assert!(calls("globex").await? < SECOND);
    assert!(calls("acme").await? > 10 * SECOND);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_store_knows_no_key() -> Result<(), Error> {
    let store = Arc::new(MemoryStore::new());
    let keyed = process(&store, per_second(5, 5));
    keyed.acquire("acme").await?;
    let text = ["ac", "me"].concat();
    keyed.acquire(text.as_str()).await?;
    assert_eq!(names(&store).await, [ACME]);
    let permit = keyed.acquire("acme").await?;
    keyed.cooldown_for("acme", SECOND)?;
    let error = keyed.try_acquire("acme").expect_err("it is closed");
    let shown = format!("{keyed:?} {permit:?} {error:?} {error}");
    assert!(
        !shown.contains("acme") && !shown.contains(&ACME[4..]),
        "{shown}"
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn processes_share_several_limits_of_each_key() -> Result<(), Error> {
    let store = Arc::new(MemoryStore::new());
    let keyed = |store: &Arc<MemoryStore>| -> Result<Keyed<str>, Error> {
        let per_minute = |count| {
            let count = NonZeroU32::new(count).expect("above 0");
            Quota::per_minute(count).with_burst(count)
        };
        let builder = Keyed::builder(per_minute(60)).row("tokens", per_minute(600));
        builder.name("crm").store(store.clone()).build()
    };
    let (one, other) = (keyed(&store)?, keyed(&store)?);
    let call = async |keyed: &Keyed<str>, key: &str| {
        let limiter = keyed.limiter(key)?;
        limiter.acquire_costs(&[("tokens", 300)]).await?;
        Ok::<_, Error>(())
    };
    let start = Instant::now();
    call(&one, "acme").await?;
    call(&other, "acme").await?;
    call(&other, "globex").await?;
    assert_eq!(start.elapsed(), Duration::ZERO);
    call(&one, "acme").await?;
    assert_eq!(start.elapsed(), 30 * SECOND);
    Ok(())
}

#[test]
fn what_a_store_cannot_keep_is_refused() {
    let store = || Arc::new(MemoryStore::new());
    let builder = || Keyed::<str>::builder(per_second(5, 5));
    let unnamed = builder().store(store()).build().expect_err("no name");
    assert!(unnamed.is_invalid() && unnamed.to_string().contains("`.name(\"..\")`"));
    let fast = Keyed::<str>::builder(per_second(200_000, 1)).name("crm");
    assert!(
        fast.store(store())
            .build()
            .expect_err("too fast")
            .is_invalid()
    );
}
