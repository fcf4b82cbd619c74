//! The end of a program, which concerns all its limiters: a program of its own.

use core::num::NonZeroU32;
use core::time::Duration;

use paced::Error;
use paced::Keyed;
use paced::Limiter;
use paced::Quota;
use paced::rate_limited;

fn api() -> Limiter {
    let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
    Limiter::builder(quota).name("api").build().unwrap()
}

#[rate_limited(limiter = api())]
async fn send() -> Result<u8, Error> {
    Ok(1)
}

#[rate_limited(rate = 5)]
async fn begins_later() -> Result<u8, Error> {
    Ok(1)
}

#[rate_limited(rate = 5, key = tenant)]
async fn of_key(tenant: u64, seconds: u64) -> Result<u64, Error> {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    Ok(tenant)
}

#[rate_limited(rate = 5, key = tenant)]
async fn of_key_begins_later(tenant: u64) -> Result<u64, Error> {
    Ok(tenant)
}

#[rate_limited(limits(requests(rate = "5/s", key = tenant), requests(rate = "9/s", key = ())))]
async fn beside_others(tenant: u64, seconds: u64) -> Result<u64, Error> {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    Ok(tenant)
}

fn keyed(name: Option<&'static str>) -> Keyed<u64> {
    let builder = Keyed::builder(Quota::per_second(NonZeroU32::new(5).unwrap()));
    name.map_or(builder.clone(), |name| builder.name(name))
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn drain_all_closes_all_named_limiters_with_or_without_a_handle() {
    send().await.unwrap();
    let (named, unnamed) = (keyed(Some("tenants")), keyed(None));
    let calls = [(1, 3), (2, 5), (2, 0)].map(|(key, takes)| tokio::spawn(of_key(key, takes)));
    // It takes from two limiters, and is one attempt.
    let beside_others = tokio::spawn(beside_others(1, 6));
    tokio::task::yield_now().await;
    let start = tokio::time::Instant::now();
    // Its name is kept for the tokens that were used, and there is no handle.
    assert!(paced::limiters().iter().all(|it| it.name() != Some("api")));
    assert_eq!(paced::drain_all(Duration::from_secs(4)).await, 2);
    assert_eq!(start.elapsed().as_secs(), 4);
    assert_eq!(paced::drain_all(Duration::from_secs(4)).await, 0);
    for call in calls.into_iter().chain([beside_others]) {
        call.await.unwrap().unwrap();
    }
    assert!(of_key(3, 0).await.unwrap_err().is_closed());
    assert!(of_key_begins_later(3).await.unwrap_err().is_closed());
    assert!(named.try_acquire(&1).unwrap_err().is_closed());
    assert!(
        keyed(Some("others"))
            .try_acquire(&1)
            .unwrap_err()
            .is_closed()
    );
    assert!(unnamed.try_acquire(&1).is_ok(), "it is not known by name");
    assert!(send().await.unwrap_err().is_closed());
    assert!(begins_later().await.unwrap_err().is_closed());
    let api = api();
    api.reset();
    send().await.unwrap();
}
