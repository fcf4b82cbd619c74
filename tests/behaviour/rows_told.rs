//! Hints of servers about single limits of a limiter with several.

use http::Response;
use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;

use crate::rows_refused::Headers;
use crate::rows_refused::Script;
use crate::rows_refused::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::secs;
use crate::support::since;

#[rate_limited(limiter = limiter, cost(tokens = cost), max_retries = 5, backoff(base = "1s", jitter = "none"))]
async fn ask(
    limiter: &Limiter,
    cost: u32,
    script: &Script,
) -> Result<Response<String>, paced::Error> {
    Ok(script.answer())
}

#[tokio::test(start_paused = true)]
async fn the_last_tokens_of_a_window_are_spread_in_steps_of_what_calls_take() {
    let (limiter, start) = (limiter(), Instant::now());
    let script = Script::of(&[(
        200,
        &[
            ("x-ratelimit-limit-tokens", "10000"),
            ("x-ratelimit-remaining-tokens", "500"),
            ("x-ratelimit-reset-tokens", "60s"),
        ],
    )]);
    for expected in [0, 10_000, 20_000, 30_000] {
        ask(&limiter, 100, &script).await.expect("an answer");
        assert_eq!(since(start), expected);
    }
    // A call that takes half as much leaves room for the next one in half of the time.
    ask(&limiter, 50, &script).await.expect("an answer");
    ask(&limiter, 100, &script).await.expect("an answer");
    assert_eq!(since(start), 45_000);
}

/// Makes calls of 400 tokens at once, and returns when each was sent.
async fn sent_at(limiter: &Limiter, script: &Script, calls: usize) -> Vec<u64> {
    let start = Instant::now();
    let calls = (0..calls).map(|_| ask_at(limiter, script, start));
    futures_util::future::join_all(calls).await
}

/// Makes a call of 400 tokens, and returns when its last attempt was sent.
async fn ask_at(limiter: &Limiter, script: &Script, start: Instant) -> u64 {
    #[rate_limited(limiter = limiter, cost(tokens = 400), backoff(base = "1s", jitter = "none"))]
    async fn ask(
        limiter: &Limiter,
        script: &Script,
        sent: &core::sync::atomic::AtomicU64,
        start: Instant,
    ) -> Result<Response<String>, paced::Error> {
        sent.store(since(start), core::sync::atomic::Ordering::Relaxed);
        Ok(script.answer())
    }
    let sent = core::sync::atomic::AtomicU64::new(0);
    let response = ask(limiter, script, &sent, start).await.expect("an answer");
    assert_eq!(response.status(), 200);
    sent.into_inner()
}

#[tokio::test(start_paused = true)]
async fn no_burst_of_any_limit_follows_a_pause() {
    let (limiter, script) = (limiter(), Script::of(&[]));
    limiter.cooldown_for(secs(10));
    // The first call goes at once, and the others when their tokens have come since.
    assert_eq!(
        sent_at(&limiter, &script, 4).await,
        [10_000, 10_400, 10_800, 11_200]
    );
}

#[tokio::test(start_paused = true)]
async fn permits_that_do_not_wait_are_no_burst_after_a_pause_either() {
    let limiter = limiter();
    limiter.cooldown_for(secs(10));
    tokio::time::sleep(secs(10)).await;
    assert!(limiter.try_acquire_costs(&[("tokens", 600)]).is_ok());
    assert!(
        limiter
            .try_acquire_costs(&[("tokens", 1), ("requests", 0)])
            .is_err()
    );
    tokio::time::sleep(ms(300)).await;
    assert_eq!(
        limiter.snapshot().row("tokens").expect("a limit").available,
        300
    );
}

#[tokio::test(start_paused = true)]
async fn limits_are_full_again_where_no_call_follows_a_pause_for_long() {
    let (limiter, script) = (limiter(), Script::of(&[]));
    limiter.cooldown_for(secs(10));
    tokio::time::sleep(secs(60)).await;
    assert_eq!(sent_at(&limiter, &script, 3).await, [0, 0, 200]);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_tokens_come_too_late_after_a_pause_is_refused_at_once() {
    let limiter = limiter();
    limiter.cooldown_for(secs(10));
    let costs = [("tokens", 400)];
    let first = limiter.acquire_costs(&costs);
    let mut first = core::pin::pin!(first);
    assert!(poll_once(&mut first).is_pending());
    let start = Instant::now();
    let late = limiter.call_with(
        paced::CallOptions::new().costs(&costs).max_wait(ms(10_300)),
        || async { Ok::<_, Box<dyn std::error::Error + Send + Sync>>(()) },
    );
    let late = late.await;
    assert!(late.is_err());
    assert_eq!(since(start), 0);
}

#[tokio::test(start_paused = true)]
async fn tokens_are_there_again_once_the_first_answer_after_a_pause_tells_of_them() {
    let (limiter, start) = (limiter(), Instant::now());
    let tells: (u16, Headers) = (
        200,
        &[
            ("x-ratelimit-limit-tokens", "1000"),
            ("x-ratelimit-remaining-tokens", "550"),
            ("x-ratelimit-reset-tokens", "450ms"),
        ],
    );
    limiter.cooldown_for(secs(1));
    let script = Script::of(&[(429, &[("retry-after", "10")]), tells]);
    assert_eq!(sent_at(&limiter, &script, 1).await, [11_000]);
    // The server has 550, and the limiter has gained 600 until now, which the end of the pause has emptied.
    assert_eq!(
        limiter.snapshot().row("tokens").expect("a limit").available,
        550
    );
    assert_eq!(since(start), 11_000);
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_which_a_refusal_tells_a_rest_is_not_emptied() {
    let limiter = limiter();
    let refused: (u16, Headers) = (
        429,
        &[
            ("retry-after", "10"),
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-remaining-tokens", "900"),
        ],
    );
    let script = Script::of(&[refused]);
    let mut sent = sent_at(&limiter, &script, 2).await;
    sent.sort_unstable();
    assert_eq!(sent, [10_000, 10_100]);
}
