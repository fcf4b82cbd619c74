//! Declarations of strict windows: by a quota, by the attribute, and in a store.

use std::sync::Arc;

use paced::Error;
use paced::Limiter;
use paced::rate_limited;
use paced::store::MemoryStore;

use crate::strict::count;
use crate::strict::served;
use crate::strict::strict;

#[test]
fn quotas_say_that_they_are_strict() {
    for (quota, text) in [
        (strict("60/min"), "at most 60 in any 60s"),
        (strict("5"), "at most 5 in any 1s"),
        (strict("1/250ms"), "at most 1 in any 250ms"),
        (strict("0.5"), "at most 1 in any 2s"),
        (strict("1.5/s"), "at most 1 in any 1s"),
        (
            strict("60/min").with_burst(count(4)),
            "at most 60 in any 60s with a burst of 4",
        ),
        (
            strict("60/min").with_burst(count(99)),
            "at most 60 in any 60s",
        ),
    ] {
        assert_eq!(quota.to_string(), text);
    }
    assert_ne!(strict("60/min"), strict("1/s"), "of one rate");
    assert_eq!(strict("60/min").rate(), strict("1/s").rate());
}

#[tokio::test(start_paused = true)]
async fn a_store_needs_a_burst() {
    let store: Arc<dyn paced::store::Store> = Arc::new(MemoryStore::new());
    let in_store = |quota| {
        let limiter = Limiter::builder(quota).name("strict");
        limiter.store(Arc::clone(&store)).build()
    };
    let error = in_store(strict("6/10s")).expect_err("no log in a store");
    assert!(
        error.is_invalid() && error.to_string().contains("burst = 1"),
        "{error}"
    );
    let limiter = in_store(strict("6/10s").with_burst(count(2))).expect("a bucket");
    let at = served(&limiter, &[1; 4]).await;
    assert!((5_502..5_510).contains(&at[3]), "{at:?}");
    // There it counts as one with a burst of 1.
    limiter.set_quota(strict("6/10s"));
    assert_eq!(
        limiter.snapshot().quota,
        strict("6/10s").with_burst(count(1))
    );
}

const WINDOW: &str = "3/10s";

mod declared {
    use super::*;

    #[rate_limited(rate = WINDOW, window = "strict")]
    pub(super) async fn by_constant() -> Result<(), Error> {
        Ok(())
    }

    #[rate_limited(rate = "3/10s".to_owned(), window = "strict", limiter = "strict at run time")]
    pub(super) async fn at_run_time() -> Result<(), Error> {
        Ok(())
    }

    #[rate_limited(rate = "9/10s", burst = bursts() - 1, window = "strict", limiter = "a burst at run time")]
    pub(super) async fn burst_at_run_time() -> Result<(), Error> {
        Ok(())
    }

    #[rate_limited(rate = "3/10s", burst = bursts(), window = "strict", limiter = "a burst that is too large")]
    pub(super) async fn burst_too_large() -> Result<(), Error> {
        Ok(())
    }

    fn bursts() -> u32 {
        3
    }
}

#[tokio::test(start_paused = true)]
async fn the_attribute_declares_strict_windows() {
    declared::by_constant().await.expect("a permit");
    declared::at_run_time().await.expect("a permit");
    declared::burst_at_run_time().await.expect("a permit");
    let path = concat!(module_path!(), "::declared::by_constant");
    let quota = |name| paced::limiter(name).snapshot().quota.to_string();
    assert_eq!(quota(path), "at most 3 in any 10s");
    assert_eq!(quota("strict at run time"), "at most 3 in any 10s");
    assert_eq!(
        quota("a burst at run time"),
        "at most 9 in any 10s with a burst of 2"
    );
    let error = declared::burst_too_large()
        .await
        .expect_err("a burst that is too large");
    assert!(
        error.is_invalid() && error.to_string().contains("leave `burst` out"),
        "{error}"
    );
}
