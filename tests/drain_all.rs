//! The end of a program, which concerns all its limiters: a program of its own.

use core::num::NonZeroU32;
use core::time::Duration;

use paced::Error;
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

#[tokio::test(start_paused = true)]
async fn drain_all_closes_all_named_limiters_with_or_without_a_handle() {
    send().await.unwrap();
    // Its name is kept for the tokens that were used, and there is no handle.
    assert!(paced::limiters().iter().all(|it| it.name() != Some("api")));
    assert_eq!(paced::drain_all(Duration::from_secs(1)).await, 0);
    assert!(send().await.unwrap_err().is_closed());
    assert!(begins_later().await.unwrap_err().is_closed());
    api().reset();
    send().await.unwrap();
}
