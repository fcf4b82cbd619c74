//! Limits that take long to fill up, after a short pause.

use http::Response;
use paced::rate_limited;
use tokio::time::Instant;

use crate::rows_refused::Headers;
use crate::rows_refused::Script;
use crate::support::since;

const ASKED: (u16, Headers) = (429, &[("retry-after", "1")]);

/// Returns when the last of 101 calls was made, the first of which is refused once.
macro_rules! last_of_calls {
    ($script:expr, $($option:tt)*) => {{
        #[rate_limited($($option)*, backoff(base = "1s", jitter = "none"))]
        async fn ask(script: &Script) -> Result<Response<String>, paced::Error> {
            Ok(script.answer())
        }
        let (script, start) = (Script::of($script), Instant::now());
        for _ in 0..101 {
            ask(&script).await.expect("an answer");
        }
        since(start)
    }};
}

#[tokio::test(start_paused = true)]
async fn a_short_pause_does_not_empty_a_limit_of_an_hour() {
    let last = last_of_calls!(&[ASKED], limits = ["10/s", "1000/h"]);
    assert!(last <= 12_000, "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_bare_refusal_does_not_either_in_whatever_order_the_limits_are() {
    let last = last_of_calls!(&[(429, &[])], limits = ["1000/h", "10/s"]);
    assert!(last <= 17_000, "{last}");
}

#[tokio::test(start_paused = true)]
async fn many_short_pauses_do_not_either() {
    let last = last_of_calls!(&[ASKED; 5], limits = ["10/s", "1000/h"], max_retries = 9);
    assert!(last <= 25_000, "{last}");
}

#[tokio::test(start_paused = true)]
async fn of_tokens_a_day_neither() {
    let limits = last_of_calls!(
        &[ASKED],
        limits(
            requests = "10/s",
            tokens(rate = "100000/day", burst = 100_000)
        ),
        cost(tokens = 100)
    );
    assert!(limits <= 12_000, "{limits}");
}
