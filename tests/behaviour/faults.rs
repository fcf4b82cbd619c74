//! Failures of the server that may have been carried out, with headers that look like a refusal's.

use std::io;

use http::Response;
use paced::Limiter;
use paced::ResponseExt as _;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::Log;
use crate::support::limiter;
use crate::support::response;
use crate::support::secs;
use crate::support::since;

type Headers = &'static [(&'static str, &'static str)];

const ASKED: Headers = &[("retry-after", "7")];
const SPENT: Headers = &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "7")];

/// Posts something: it may not be carried out twice.
#[rate_limited(limiter = limiter)]
async fn post(
    limiter: &Limiter,
    (status, headers): (u16, Headers),
    sent: &Log<u32>,
) -> Result<Response<String>, io::Error> {
    sent.add(paced::attempt().number());
    Ok(response(status, headers))
}

/// The same by a body that observes its response.
#[rate_limited(limiter = limiter)]
async fn post_observed(
    limiter: &Limiter,
    (status, headers): (u16, Headers),
    sent: &Log<u32>,
) -> Result<(), io::Error> {
    sent.add(paced::attempt().number());
    match response(status, headers).observe().status().as_u16() {
        200 => Ok(()),
        _ => Err(io::Error::other("failed")),
    }
}

/// Fails once, and may be carried out twice.
#[rate_limited(limiter = limiter, idempotent, backoff(jitter = "none"))]
async fn put(
    limiter: &Limiter,
    (status, headers): (u16, Headers),
    sent: &Log<u64>,
    start: Instant,
) -> Result<Response<String>, io::Error> {
    sent.add(since(start));
    let status = if paced::attempt().number() == 1 {
        status
    } else {
        200
    };
    Ok(response(status, headers))
}

#[tokio::test(start_paused = true)]
async fn a_request_that_may_have_been_carried_out_is_sent_once() {
    for status in [408, 421, 425, 500, 502, 504, 520] {
        for headers in [&[][..], ASKED, SPENT] {
            let sent = Log::new();
            let _ = post(&limiter(10.0, 5), (status, headers), &sent).await;
            assert_eq!(sent.entries(), [1], "{status} {headers:?}");
            let sent = Log::new();
            let _ = post_observed(&limiter(10.0, 5), (status, headers), &sent).await;
            assert_eq!(sent.entries(), [1], "{status} {headers:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_request_is_sent_again_when_the_server_asked() {
    for status in [408, 425, 500, 502, 504, 520, 521, 522, 523, 524] {
        for (headers, millis) in [(&[][..], 1000), (ASKED, 7000)] {
            let (sent, start) = (Log::new(), Instant::now());
            put(&limiter(10.0, 5), (status, headers), &sent, start)
                .await
                .unwrap();
            assert_eq!(sent.entries(), [0, millis], "{status} {headers:?}");
        }
    }
    for status in [421, 501] {
        let (sent, start) = (Log::new(), Instant::now());
        put(&limiter(10.0, 5), (status, ASKED), &sent, start)
            .await
            .unwrap();
        assert_eq!(sent.entries(), [0], "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_failing_call_does_not_close_the_limiter_and_two_do() {
    for status in [500, 502] {
        let (limiter, sent) = (limiter(10.0, 5), Log::new());
        let fails = (status, ASKED);
        post(&limiter, fails, &sent).await.unwrap();
        assert_eq!(limiter.snapshot().cooldown, None, "{status}");
        // One that passes in between is a sign that it is the other's own fault.
        post(&limiter, (200, &[]), &sent).await.unwrap();
        post(&limiter, fails, &sent).await.unwrap();
        assert_eq!(limiter.snapshot().cooldown, None, "{status}");
        let _ = post_observed(&limiter, fails, &sent).await;
        assert_eq!(limiter.snapshot().cooldown, Some(secs(7)), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_attempts_of_one_call_count_once() {
    #[rate_limited(limiter = limiter, idempotent, max_retries = 2)]
    async fn put(limiter: &Limiter) -> Result<Response<String>, io::Error> {
        Ok(response(500, ASKED))
    }
    let (limiter, start) = (limiter(10.0, 5), Instant::now());
    put(&limiter).await.unwrap();
    assert_eq!(since(start), 14_000);
    assert_eq!(limiter.snapshot().cooldown, None);
    let (one, other) = tokio::join!(put(&limiter), put(&limiter));
    one.unwrap();
    other.unwrap();
    assert_eq!(limiter.snapshot().cooldown, Some(secs(7)));
}

#[tokio::test(start_paused = true)]
async fn a_503_with_the_same_headers_closes_at_once() {
    let (limiter, sent, start) = (limiter(10.0, 5), Log::new(), Instant::now());
    let call = post(&limiter, (503, ASKED), &sent);
    let _ = tokio::time::timeout(secs(1), call).await;
    assert_eq!(since(start), 1000);
    assert_eq!(limiter.snapshot().cooldown, Some(secs(6)));
}

/// A 503 with `Retry-After` is maintenance. It is about the rate where nothing is left of a limit.
#[tokio::test(start_paused = true)]
async fn a_503_that_says_when_to_come_back_does_not_slow_the_limiter_down() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter, headers: Headers) -> Result<Response<String>, io::Error> {
        let down = paced::attempt().number() == 1 && !headers.is_empty();
        Ok(if down {
            response(503, headers)
        } else {
            response(200, &[])
        })
    }
    const WAIT: (&str, &str) = ("retry-after", "1");
    let cases: [(Headers, bool); 3] = [
        (&[WAIT], false),
        (&[WAIT, ("x-ratelimit-remaining", "7")], false),
        (&[WAIT, ("x-ratelimit-remaining", "0")], true),
    ];
    for (headers, slower) in cases {
        let limiter = limiter(10.0, 1);
        for _ in 0..20 {
            call(&limiter, &[]).await.unwrap();
        }
        call(&limiter, headers).await.unwrap();
        let rate = limiter.snapshot().rate.hz();
        assert_eq!(rate < 10.0, slower, "{rate}/s after {headers:?}");
    }
}
