//! Hints of servers about single limits of a limiter with several.

use http::Response;
use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;

use crate::rows_refused::Headers;
use crate::rows_refused::Script;
use crate::rows_refused::limiter;
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

#[rate_limited(rate = 10, max_retries = 5)]
async fn paced_by_one(script: &Script) -> Result<Response<String>, paced::Error> {
    Ok(script.answer())
}

// The order of the limits makes no difference.
#[rate_limited(limits = ["3600/h", "10/s"], max_retries = 5)]
async fn paced_by_two(script: &Script) -> Result<Response<String>, paced::Error> {
    Ok(script.answer())
}

/// Returns a script in which one call in the middle is refused for a second.
fn refused_once() -> Script {
    let mut answers = [(200, &[] as Headers); 36];
    answers[35] = (429, &[("retry-after", "1")]);
    Script::of(&answers)
}

#[tokio::test(start_paused = true)]
async fn a_short_pause_costs_nothing_of_what_a_long_limit_has_saved_up() {
    let (start, script) = (Instant::now(), refused_once());
    for call in (0..100).map(|_| paced_by_one(&script)) {
        call.await.expect("an answer");
    }
    let (of_one, start, script) = (since(start), Instant::now(), refused_once());
    for call in (0..100).map(|_| paced_by_two(&script)) {
        call.await.expect("an answer");
    }
    // With one limit the refusal cuts its rate for a while; of two, it says nothing of either.
    let of_two = since(start);
    assert!(
        of_two <= of_one && of_one < 12_000,
        "{of_two} and {of_one} ms"
    );
}
