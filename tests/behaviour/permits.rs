//! Reports of permits: the outcomes of the requests that they were for.

use paced::Failure;
use paced::Hint;
use paced::Limiter;
use paced::Permit;
use paced::ResponseExt as _;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::ApiError;
use crate::support::limiter;
use crate::support::ms;
use crate::support::response;
use crate::support::secs;
use crate::support::since;

fn observe(permit: &Permit<'_>, status: u16, headers: &[(&'static str, &str)]) {
    let response = response(status, headers);
    permit.observe(response.status(), response.headers());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_closes_the_limiter_from_when_it_is_observed() {
    let (limiter, start) = (limiter(10.0, 5), Instant::now());
    let permit = limiter.acquire().await.unwrap();
    sleep(ms(300)).await;
    observe(&permit, 429, &[("retry-after", "7")]);
    assert_eq!(limiter.snapshot().cooldown, Some(secs(7)));
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 7300);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_is_used_up_closes_the_limiter_until_its_reset() {
    let (limiter, start) = (limiter(10.0, 5), Instant::now());
    let headers = [
        ("x-ratelimit-limit", "100"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "30"),
    ];
    observe(&limiter.try_acquire().unwrap(), 200, &headers);
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 30_000);
}

#[tokio::test(start_paused = true)]
async fn a_permit_keeps_the_whole_limiter_to_the_limit_of_a_resource() {
    let limiter = limiter(10.0, 5);
    let headers = [("retry-after", "7"), ("x-ratelimit-resource", "search")];
    observe(&limiter.acquire().await.unwrap(), 429, &headers);
    assert_eq!(limiter.snapshot().cooldown, Some(secs(7)));
}

#[tokio::test(start_paused = true)]
async fn it_does_what_an_annotated_call_that_observes_does() {
    #[rate_limited(limiter = limiter, max_retries = 0)]
    async fn call(
        limiter: &Limiter,
        status: u16,
        headers: &[(&'static str, &str)],
    ) -> Result<(), String> {
        if response(status, headers).observe().status().is_success() {
            Ok(())
        } else {
            Err("no success".to_owned())
        }
    }
    let left = |left| {
        vec![
            ("x-ratelimit-limit", "100"),
            ("x-ratelimit-remaining", left),
            ("x-ratelimit-reset", "30"),
        ]
    };
    let script = [
        (200, left("50")),
        (200, left("5")),
        (429, vec![]),
        (429, vec![("retry-after", "3")]),
        (404, vec![]),
        (503, vec![("retry-after", "9")]),
        (500, vec![("retry-after", "9")]),
        (200, left("0")),
    ];
    let (by_call, by_permit) = (limiter(10.0, 5), limiter(10.0, 5));
    for (status, headers) in script {
        let _ = tokio::join!(call(&by_call, status, &headers), async {
            observe(&by_permit.acquire().await.unwrap(), status, &headers);
        });
        let (call, permit) = (by_call.snapshot(), by_permit.snapshot());
        assert_eq!(call.cooldown, permit.cooldown, "{status} {headers:?}");
        assert_eq!(call.rate, permit.rate, "{status} {headers:?}");
        assert_eq!(call.available, permit.available, "{status} {headers:?}");
        assert_eq!(permit.in_flight, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_ends_the_probing_after_a_cooldown() {
    for told in [true, false] {
        let (limiter, start) = (limiter(10.0, 5), Instant::now());
        limiter.acquire().await.unwrap().refused(Some(secs(2)));
        let first = limiter.acquire().await.unwrap();
        assert_eq!(since(start), 2000);
        if told {
            sleep(ms(50)).await;
            first.accepted(&Hint::new());
        }
        limiter.acquire().await.unwrap();
        // A permit that is dropped without a report delays no other caller.
        assert_eq!(since(start), if told { 2150 } else { 2100 });
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_without_a_wait_close_for_longer_and_longer() {
    let limiter = limiter(10.0, 5);
    let mut pauses = Vec::new();
    for _ in 0..8 {
        limiter.acquire().await.unwrap().refused(None);
        pauses.push(limiter.snapshot().cooldown.unwrap().as_millis());
    }
    assert_eq!(pauses, [1000, 1000, 1000, 1500, 2250, 3375, 5062, 7594]);
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_is_dropped_says_nothing() {
    let limiter = limiter(10.0, 5);
    limiter.acquire().await.unwrap();
    let snapshot = limiter.snapshot();
    assert_eq!((snapshot.available, snapshot.in_flight), (4, 0));
    assert_eq!((snapshot.counts.granted, snapshot.counts.attempts), (1, 0));
    assert_eq!(snapshot.cooldown, None);
}

#[tokio::test(start_paused = true)]
async fn reports_of_permits_hide_no_call_in_flight() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter) -> Result<(), ApiError> {
        sleep(secs(1)).await;
        Err(ApiError::of(Failure::Other))
    }
    let limiter = limiter(10.0, 5);
    let ((), out) = tokio::join!(
        async {
            tokio::task::yield_now().await;
            observe(&limiter.acquire().await.unwrap(), 200, &[]);
            observe(&limiter.acquire().await.unwrap(), 500, &[]);
            assert_eq!(limiter.snapshot().in_flight, 1);
        },
        call(&limiter)
    );
    assert!(out.is_err());
    assert_eq!(limiter.snapshot().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_static_limiter_gives_permits_that_can_be_kept_anywhere() {
    static API: Limiter = Limiter::new(paced::Quota::per_second(core::num::NonZeroU32::MIN));
    let permit: Permit<'static> = API.acquire().await.unwrap();
    let told = tokio::spawn(async move { permit.refused(Some(secs(5))) });
    told.await.unwrap();
    assert_eq!(API.snapshot().cooldown, Some(secs(5)));
}

#[tokio::test(start_paused = true)]
async fn reports_are_counted_and_are_no_attempts() {
    let limiter = limiter(10.0, 5);
    limiter.acquire().await.unwrap().refused(None);
    observe(&limiter.acquire().await.unwrap(), 404, &[]);
    let counts = limiter.snapshot().counts;
    assert_eq!((counts.granted, counts.attempts), (2, 0));
    assert_eq!((counts.throttled, counts.failed), (1, 1));
}
