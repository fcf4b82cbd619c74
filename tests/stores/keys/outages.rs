//! Keys while their store is away.

use core::num::NonZeroU32;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use paced::Error;
use paced::Keyed;
use paced::Quota;
use paced::store::MemoryStore;
use paced::store::OnStoreError;
use paced::store::Policy;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreError;
use paced::store::StoreFuture;
use tokio::time::Instant;
use tokio::time::sleep;

use super::per_second;
use super::sweep;

const SECOND: Duration = Duration::from_secs(1);

/// A store that can be away.
#[derive(Debug, Default)]
pub(crate) struct Moody {
    memory: MemoryStore,
    is_away: AtomicBool,
    asked: AtomicUsize,
}

impl Moody {
    pub(crate) fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }
}

impl Store for Moody {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if self.is_away.load(Ordering::SeqCst) {
                return Err(StoreError::unavailable("it is away"));
            }
            self.memory.transact(key, request).await
        })
    }
}

fn keyed(store: &Arc<Moody>, on_error: OnStoreError) -> Result<Keyed<str>, Error> {
    let policy = Policy::new().on_error(on_error).processes(2);
    let builder = Keyed::builder(per_second(10, 10)).name("crm");
    builder
        .store(store.clone())
        .store_policy(policy)
        .max_keys(100)
        .build()
}

#[tokio::test(start_paused = true)]
async fn each_key_goes_on_at_this_processs_share_of_its_rate() -> Result<(), Error> {
    let store = Arc::new(Moody::default());
    let keyed = keyed(&store, OnStoreError::Local)?;
    store.set_away(true);
    let start = Instant::now();
    let serve = async |key: &str| {
        for _ in 0..10 {
            keyed.acquire(key).await?;
        }
        Ok::<_, Error>(start.elapsed())
    };
    let (acme, globex) = tokio::join!(serve("acme"), serve("globex"));
    // Nine more at 4.5 a second.
    for took in [acme?, globex?] {
        assert!(
            took >= 19 * SECOND / 10 && took <= 22 * SECOND / 10,
            "{took:?}"
        );
    }
    store.set_away(false);
    sleep(30 * SECOND).await;
    sweep(&keyed).await;
    sleep(30 * SECOND).await;
    sweep(&keyed).await;
    assert_eq!(keyed.len(), 1, "keys are forgotten after it, too");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn keys_of_an_outage_do_not_fill_the_table() -> Result<(), Error> {
    let store = Arc::new(Moody::default());
    let builder = Keyed::<u32>::builder(per_second(10, 10)).name("crm");
    let keyed = builder.store(store.clone()).max_keys(4).build()?;
    store.set_away(true);
    for key in 0..40 {
        keyed.acquire(&key).await?;
        sleep(SECOND).await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_closed_policy_refuses_each_key() -> Result<(), Error> {
    let store = Arc::new(Moody::default());
    let keyed = keyed(&store, OnStoreError::Closed)?;
    keyed.acquire("acme").await?;
    store.set_away(true);
    sleep(SECOND).await;
    let error = keyed.acquire("acme").await.expect_err("the store is away");
    assert!(error.is_store(), "{error}");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("acme"), "{shown}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn corrections_that_cannot_be_sent_do_not_keep_their_keys_for_ever() -> Result<(), Error> {
    let store = Arc::new(Moody::default());
    let hour = Quota::per_hour(NonZeroU32::new(3600).expect("above 0"));
    let hour = hour.with_burst(NonZeroU32::new(3600).expect("above 0"));
    let builder = Keyed::<str>::builder(per_second(10, 10)).row("tokens", hour);
    let keyed = builder
        .name("crm")
        .store(store.clone())
        .max_keys(2)
        .build()?;
    let estimate = async |key: &str| {
        let limiter = keyed.limiter(key)?;
        let reservation = limiter.acquire_costs(&[("tokens", 50)]).await?;
        Ok::<_, Error>(reservation.into_receipt())
    };
    let (refund, charge) = (estimate("acme").await?, estimate("globex").await?);
    store.set_away(true);
    keyed.limiter("acme")?.settle(refund, &[("tokens", 10)])?;
    keyed.limiter("globex")?.settle(charge, &[("tokens", 90)])?;
    // Both buckets are full again after a while. A refund that is lost harms no other process.
    sleep(300 * SECOND).await;
    keyed.acquire("initech").await?;
    // The charge matters for two hours: the bucket might owe the tokens of an hour.
    sleep(6600 * SECOND).await;
    keyed.acquire("initech").await?;
    let error = keyed
        .acquire("hooli")
        .await
        .expect_err("the charge is not sent");
    assert!(error.is_keys_exhausted(), "{error}");
    sleep(900 * SECOND).await;
    keyed.acquire("initech").await?;
    keyed.acquire("hooli").await?;
    Ok(())
}
