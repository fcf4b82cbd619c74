//! Hints of servers about single limits of a limiter with several.

use http::Response;
use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;

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
