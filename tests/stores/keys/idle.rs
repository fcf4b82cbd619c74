//! Keys that this process forgets, and those that it keeps.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;

use paced::Error;
use paced::Keyed;
use paced::Quota;
use paced::store::MemoryStore;
use tokio::time::Instant;
use tokio::time::sleep;

use super::outages::Moody;
use super::per_second;
use super::process;
use super::sweep;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn an_idle_key_is_forgotten_and_its_limit_is_not() -> Result<(), Error> {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (
        process(&store, per_second(1, 4)),
        process(&store, per_second(1, 4)),
    );
    for _ in 0..4 {
        one.acquire("acme").await?;
    }
    sweep(&one).await;
    assert_eq!(one.len(), 2, "its bucket is empty");
    sleep(10 * SECOND).await;
    sweep(&one).await;
    assert_eq!(one.len(), 1, "only the key in use is left");
    // Another process has used the key meanwhile, and this one asks the store.
    for _ in 0..4 {
        other.acquire("acme").await?;
    }
    let start = Instant::now();
    one.acquire("acme").await?;
    assert_eq!(start.elapsed(), SECOND);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_key_that_waits_or_is_closed_or_has_a_handle_is_kept() -> Result<(), Error> {
    let store = Arc::new(MemoryStore::new());
    let keyed = process(&store, per_second(1, 1));
    let handle = keyed.limiter("handle")?;
    keyed.cooldown_for("closed", 100 * SECOND)?;
    let waiting = {
        let keyed = keyed.clone();
        tokio::spawn(async move {
            for _ in 0..8 {
                keyed.acquire("waiting").await.expect("a permit");
            }
        })
    };
    sleep(5 * SECOND).await;
    sweep(&keyed).await;
    assert_eq!(keyed.len(), 4, "with the one in use");
    drop(handle);
    waiting.await.expect("no panic");
    sleep(200 * SECOND).await;
    sweep(&keyed).await;
    assert_eq!(keyed.len(), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn tokens_that_are_drawn_and_not_used_are_kept_until_they_expire() -> Result<(), Error> {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (
        process(&store, per_second(1, 2)),
        process(&store, per_second(1, 2)),
    );
    // The caller is gone when its token comes.
    assert!(
        one.try_acquire("acme")
            .expect_err("none is drawn")
            .is_not_yet()
    );
    sleep(Duration::from_millis(100)).await;
    other.acquire("acme").await?;
    sweep(&one).await;
    let start = Instant::now();
    one.acquire("acme").await?;
    assert!(start.elapsed() < SECOND / 10);
    one.acquire("acme").await?;
    assert!(start.elapsed() > SECOND / 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn there_are_as_many_keys_as_may_be_and_idle_ones_make_room() -> Result<(), Error> {
    let store = Arc::new(MemoryStore::new());
    let builder = Keyed::<u32>::builder(per_second(1, 1)).name("crm");
    let keyed = builder.store(store).max_keys(3).build()?;
    for key in 0..3 {
        keyed.acquire(&key).await?;
    }
    let error = keyed.acquire(&3).await.expect_err("there is no room");
    assert!(error.is_keys_exhausted());
    assert!(
        keyed
            .limiter(&4)
            .expect_err("there is none")
            .is_keys_exhausted()
    );
    assert!(
        keyed
            .try_acquire(&5)
            .expect_err("there is none")
            .is_keys_exhausted()
    );
    keyed.acquire(&0).await?;
    sleep(5 * SECOND).await;
    for key in 10..13 {
        keyed.acquire(&key).await?;
    }
    assert_eq!(keyed.len(), 3);
    Ok(())
}

/// A limiter of one key, with its tokens.
fn with_tokens(store: &Arc<Moody>) -> Result<Keyed<str>, Error> {
    let per_minute = |count| {
        let count = NonZeroU32::new(count).expect("above 0");
        Quota::per_minute(count).with_burst(count)
    };
    let builder = Keyed::builder(per_minute(600)).row("tokens", per_minute(600));
    let builder = builder.name("crm").store(store.clone());
    builder.max_keys(100).build()
}

#[tokio::test(start_paused = true)]
async fn a_correction_that_is_not_sent_yet_is_not_lost() -> Result<(), Error> {
    let store = Arc::new(Moody::default());
    let (one, other) = (with_tokens(&store)?, with_tokens(&store)?);
    // Known to both.
    one.limiter("acme")?.acquire_costs(&[("tokens", 1)]).await?;
    let limiter = one.limiter("acme")?;
    let permit = limiter.acquire_costs(&[("tokens", 100)]).await?;
    let receipt = permit.into_receipt();
    store.set_away(true);
    limiter.settle(receipt, &[("tokens", 400)])?;
    drop(limiter);
    // The bucket would be full by now if the store did not have to be told.
    sleep(100 * SECOND).await;
    sweep(&one).await;
    store.set_away(false);
    sleep(SECOND).await;
    // No call has this key any more: the process tells the store as it looks for keys to forget.
    sweep(&one).await;
    sleep(SECOND).await;
    let start = Instant::now();
    other
        .limiter("acme")?
        .acquire_costs(&[("tokens", 600)])
        .await?;
    let waited = start.elapsed();
    assert!(waited >= 25 * SECOND && waited <= 31 * SECOND, "{waited:?}");
    sleep(300 * SECOND).await;
    sweep(&one).await;
    assert_eq!(one.len(), 1, "and then forgets it");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn slots_of_a_key_are_given_back_before_it_is_forgotten() -> Result<(), Error> {
    let store = Arc::new(MemoryStore::new());
    let start = Instant::now();
    let calls = [(); 2].map(|()| {
        let store = Arc::clone(&store);
        async move {
            let keyed = process(&store, per_second(100, 100));
            let limiter = keyed.limiter("acme").expect("room");
            limiter.set_max_concurrency(NonZeroU32::new(1));
            let permit = limiter.acquire().await.expect("a permit");
            sleep(2 * SECOND).await;
            drop(permit);
            drop(limiter);
            for _ in 0..4 {
                sweep(&keyed).await;
                sleep(SECOND).await;
            }
            start.elapsed()
        }
    });
    let [one, other] = calls;
    let (one, other) = tokio::join!(one, other);
    assert!(
        one < 10 * SECOND && other < 10 * SECOND,
        "{one:?} {other:?}"
    );
    Ok(())
}
