//! `hint`: what the body says of a server's limits goes the way of an observed response.

use paced::Hint;
use paced::Limiter;
use paced::ResponseExt as _;
use paced::hint::Window;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::limiter;
use crate::support::ms;
use crate::support::response;
use crate::support::secs;
use crate::support::since;

#[tokio::test(start_paused = true)]
async fn a_refusal_in_a_body_is_one_though_the_function_returns_ok() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter) -> Result<u32, String> {
        let number = paced::attempt().number();
        if number == 1 {
            let wait = Hint::new().with_limited(true).with_retry_after(secs(7));
            paced::hint(wait);
        }
        Ok(number)
    }
    let (limiter, start) = (limiter(10.0, 5), Instant::now());
    assert_eq!(call(&limiter).await, Ok(2));
    assert_eq!(since(start), 7000);
}

#[tokio::test(start_paused = true)]
async fn a_hint_holds_all_calls_back_while_the_body_still_runs() {
    #[rate_limited(limiter = limiter, max_retries = 0)]
    async fn call(limiter: &Limiter) -> Result<(), String> {
        paced::hint(Hint::new().with_limited(true).with_retry_after(secs(7)));
        sleep(secs(2)).await;
        Ok(())
    }
    let (limiter, start) = (limiter(10.0, 5), Instant::now());
    let (out, at) = tokio::join!(call(&limiter), async {
        sleep(secs(1)).await;
        limiter.acquire().await.unwrap();
        since(start)
    });
    out.unwrap();
    assert_eq!((since(start), at), (7000, 7000));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_without_a_wait_backs_off() {
    #[rate_limited(limiter = limiter, backoff(base = "3s", jitter = "none"))]
    async fn call(limiter: &Limiter) -> Result<u32, String> {
        let number = paced::attempt().number();
        if number == 1 {
            paced::hint(Hint::new().with_limited(true));
        }
        Ok(number)
    }
    let (limiter, start) = (limiter(10.0, 5), Instant::now());
    assert_eq!(call(&limiter).await, Ok(2));
    assert_eq!(since(start), 3000);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_slows_the_limiter_down_and_fails_no_call() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter, left: f64) -> Result<(), String> {
        let hint = Hint::new().with_limit(100.0).with_remaining(left);
        paced::hint(hint.with_reset_after(secs(60)));
        Ok(())
    }
    let limiter = limiter(10.0, 5);
    call(&limiter, 99.0).await.unwrap();
    assert_eq!(limiter.snapshot().cooldown, None);
    call(&limiter, 0.0).await.unwrap();
    assert_eq!(limiter.snapshot().cooldown, Some(secs(60)));
}

#[tokio::test(start_paused = true)]
async fn headers_and_body_of_one_response_are_both_heard() {
    #[rate_limited(limiter = limiter, max_retries = 0)]
    async fn call(limiter: &Limiter, pause: u64) -> Result<(), String> {
        let _ = response(429, &[("retry-after", "7")]).observe();
        sleep(ms(pause)).await;
        let points = Window::new().with_unit("points").with_remaining(5.0);
        paced::hint(Hint::new().with_windows(vec![points]));
        Ok(())
    }
    // In one poll, and in two.
    for pause in [0, 2000] {
        let limiter = limiter(10.0, 5);
        call(&limiter, pause).await.unwrap();
        let left = secs(7).saturating_sub(ms(pause));
        assert_eq!(limiter.snapshot().cooldown, Some(left), "{pause}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_status_that_is_a_failure_stays_the_failure() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter) -> Result<u32, String> {
        let number = paced::attempt().number();
        if number == 1 {
            let _ = response(404, &[]).observe();
            paced::hint(Hint::new().with_limit(100.0).with_remaining(50.0));
        }
        Err(number.to_string())
    }
    let limiter = limiter(10.0, 5);
    assert_eq!(call(&limiter).await, Err("1".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn headers_that_count_for_nothing_take_hints_along() {
    #[rate_limited(limiter = limiter, respect_headers = false)]
    async fn call(limiter: &Limiter) -> Result<(), String> {
        let hint = Hint::new().with_limit(100.0).with_remaining(0.0);
        paced::hint(hint.with_reset_after(secs(60)));
        Ok(())
    }
    let limiter = limiter(10.0, 5);
    call(&limiter).await.unwrap();
    assert_eq!(limiter.snapshot().cooldown, None);
}

#[tokio::test(start_paused = true)]
async fn outside_of_a_call_and_without_content_it_does_nothing() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter) -> Result<u32, String> {
        paced::hint(Hint::new());
        let other = tokio::spawn(async {
            paced::hint(Hint::new().with_limited(true).with_retry_after(secs(7)));
        });
        other.await.unwrap();
        Ok(paced::attempt().number())
    }
    paced::hint(Hint::new().with_limited(true).with_retry_after(secs(7)));
    let limiter = limiter(10.0, 5);
    assert_eq!(call(&limiter).await, Ok(1));
    assert_eq!(limiter.snapshot().cooldown, None);
}
