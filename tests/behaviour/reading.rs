//! Where the status of an outcome is found, and the hint that belongs to it.

use std::error::Error as StdError;
use std::io;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use http::HeaderMap;
use http::HeaderValue;
use http::Response;
use http::StatusCode;
use paced::Limiter;
use paced::ResponseExt as _;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::limiter;
use crate::support::response;
use crate::support::secs;
use crate::support::since;

fn client_response(status: u16, headers: &[(&'static str, &str)]) -> reqwest::Response {
    reqwest::Response::from(response(status, headers))
}

/// Counts attempts, and answers the first with the status in question.
#[derive(Debug, Default)]
struct Attempts(AtomicUsize);

impl Attempts {
    fn status(&self, first: u16) -> u16 {
        if self.0.fetch_add(1, Ordering::SeqCst) == 0 {
            first
        } else {
            200
        }
    }

    fn made(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Defines one function per kind of outcome, and a test that it is retried on 429 after 7 s, which
/// a header says, and not on 404.
macro_rules! outcomes {
    ($($(#[$doc:meta])* $name:ident($status:ident) -> $ret:ty $body:block)*) => {$(
        $(#[$doc])*
        #[tokio::test(start_paused = true)]
        async fn $name() {
            #[rate_limited(limiter = limiter)]
            async fn call(limiter: &Limiter, attempts: &Attempts, first: u16) -> $ret {
                let $status = attempts.status(first);
                $body
            }
            for (status, made, millis) in [(429, 2, 7000), (404, 1, 0), (200, 1, 0)] {
                let (attempts, start) = (Attempts::default(), Instant::now());
                let _ = call(&limiter(10.0, 5), &attempts, status).await;
                assert_eq!((attempts.made(), since(start)), (made, millis), "{status}");
            }
        }
    )*};
}

const HEADERS: [(&str, &str); 1] = [("retry-after", "7")];

outcomes! {
    an_http_response_as_the_ok(status) -> Result<Response<String>, io::Error> {
        Ok(response(status, &HEADERS))
    }

    a_reqwest_response_as_the_ok(status) -> reqwest::Result<reqwest::Response> {
        Ok(client_response(status, &HEADERS))
    }

    /// `error_for_status` drops the headers: only what was observed has them.
    a_reqwest_error(status) -> reqwest::Result<String> {
        client_response(status, &HEADERS).observe().error_for_status()?.text().await
    }

    an_error_that_says_nothing(status) -> Result<(), String> {
        let response = client_response(status, &HEADERS).observe();
        if response.status().is_success() { Ok(()) } else { Err("failed".to_owned()) }
    }

    an_error_of_thiserror_with_a_source(status) -> Result<(), WithSource> {
        client_response(status, &HEADERS).observe().error_for_status()?;
        Ok(())
    }

    an_error_of_thiserror_that_is_transparent(status) -> Result<(), Transparent> {
        client_response(status, &HEADERS).observe().error_for_status()?;
        Ok(())
    }

    an_error_of_anyhow(status) -> anyhow::Result<()> {
        use anyhow::Context as _;
        client_response(status, &HEADERS).observe().error_for_status().context("no user")?;
        Ok(())
    }

    a_boxed_error(status) -> Result<(), Box<dyn StdError>> {
        client_response(status, &HEADERS).observe().error_for_status()?;
        Ok(())
    }

    a_boxed_error_that_is_send_and_sync(status) -> Result<(), Box<dyn StdError + Send + Sync>> {
        client_response(status, &HEADERS).observe().error_for_status()?;
        Ok(())
    }

    a_boxed_error_that_is_send(status) -> Result<(), Box<dyn StdError + Send>> {
        match client_response(status, &HEADERS).observe().error_for_status() {
            Ok(_) => Ok(()),
            Err(error) => Err(Box::new(error)),
        }
    }

    /// A 429 whose status was ignored: its body decodes to something.
    an_ok_whose_response_was_refused(status) -> reqwest::Result<String> {
        client_response(status, &HEADERS).observe().text().await
    }

    a_status_and_headers_of_another_client(status) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        headers.insert("Retry-After", HeaderValue::from_static("7"));
        paced::observe(StatusCode::from_u16(status).unwrap(), &headers);
        if status == 200 { Ok(()) } else { Err("failed".to_owned()) }
    }
}

#[derive(Debug, thiserror::Error)]
enum WithSource {
    #[error("request failed")]
    Http(#[from] reqwest::Error),
}

#[derive(Debug, thiserror::Error)]
enum Transparent {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
}

/// Whether an error of this status is retried where nothing was observed.
macro_rules! unobserved {
    ($error:ty, $status:expr) => {{
        #[rate_limited(rate = 100)]
        async fn call(attempts: &Attempts) -> Result<(), $error> {
            client_response(attempts.status($status), &[]).error_for_status()?;
            Ok(())
        }
        let attempts = Attempts::default();
        let _ = call(&attempts).await;
        attempts.made() == 2
    }};
}

#[tokio::test(start_paused = true)]
async fn the_status_of_a_reqwest_error_is_found_without_observing() {
    assert!(unobserved!(reqwest::Error, 429));
    assert!(unobserved!(WithSource, 503));
    assert!(unobserved!(Transparent, 429));
    assert!(unobserved!(Transparent, 503));
    assert!(unobserved!(anyhow::Error, 429));
    assert!(unobserved!(Box<dyn StdError>, 429));
    assert!(!unobserved!(Transparent, 403));
    assert!(!unobserved!(anyhow::Error, 500));
}

/// The instant in seven seconds in each form that a server may write it.
fn forms(date: SystemTime) -> [String; 4] {
    let later = jiff::Timestamp::try_from(date).unwrap() + jiff::SignedDuration::from_secs(7);
    let format = |form| later.strftime(form).to_string();
    [
        format("%a, %d %b %Y %H:%M:%S GMT"),
        format("%A, %d-%b-%y %H:%M:%S GMT"),
        format("%a %b %e %H:%M:%S %Y"),
        format("%Y-%m-%dT%H:%M:%SZ"),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_date_is_read_against_that_of_the_response_and_never_undercut() {
    #[rate_limited(limiter = limiter)]
    async fn call(
        limiter: &Limiter,
        attempts: &Attempts,
        date: &str,
        retry_after: &str,
    ) -> Result<Response<String>, io::Error> {
        let headers = [("date", date), ("retry-after", retry_after)];
        Ok(response(attempts.status(429), &headers))
    }
    // A server whose clock is a day ahead of ours.
    let date = SystemTime::UNIX_EPOCH + secs(1_795_348_800);
    let sent = jiff::Timestamp::try_from(date).unwrap();
    let sent = sent.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    for form in forms(date) {
        let (attempts, start) = (Attempts::default(), Instant::now());
        call(&limiter(10.0, 5), &attempts, &sent, &form)
            .await
            .unwrap();
        assert_eq!((attempts.made(), since(start)), (2, 7000), "{form}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_403_is_a_throttle_with_evidence_only() {
    #[rate_limited(limiter = limiter)]
    async fn call(
        limiter: &Limiter,
        attempts: &Attempts,
        headers: &[(&'static str, &str)],
    ) -> Result<Response<String>, io::Error> {
        Ok(response(attempts.status(403), headers))
    }
    for (headers, made) in [
        (&[][..], 1),
        (&[("x-ratelimit-remaining", "10")], 1),
        (&[("x-ratelimit-remaining", "0")], 2),
        (&[("retry-after", "7")], 2),
    ] {
        let attempts = Attempts::default();
        call(&limiter(10.0, 5), &attempts, headers).await.unwrap();
        assert_eq!(attempts.made(), made, "{headers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_400_that_names_a_throttle_is_one() {
    #[rate_limited(limiter = limiter, backoff(jitter = "none"))]
    async fn call(
        limiter: &Limiter,
        attempts: &Attempts,
        code: &str,
    ) -> Result<Response<String>, io::Error> {
        let headers = [("x-amzn-errortype", code)];
        Ok(response(attempts.status(400), &headers))
    }
    for (code, made, millis) in [
        ("ThrottlingException:", 2, 1000),
        ("TooManyRequestsException", 2, 1000),
        ("ProvisionedThroughputExceededException#x", 2, 1000),
        ("RequestLimitExceeded", 2, 1000),
        ("SlowDown", 2, 1000),
        ("ValidationException:", 1, 0),
    ] {
        let (attempts, start) = (Attempts::default(), Instant::now());
        call(&limiter(10.0, 5), &attempts, code).await.unwrap();
        assert_eq!((attempts.made(), since(start)), (made, millis), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_because_nothing_is_left_is_retried_at_the_reset() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter, attempts: &Attempts) -> Result<Response<String>, io::Error> {
        let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "30")];
        Ok(response(attempts.status(429), &headers))
    }
    let (attempts, start) = (Attempts::default(), Instant::now());
    call(&limiter(10.0, 5), &attempts).await.unwrap();
    assert_eq!((attempts.made(), since(start)), (2, 30_000));
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_on_a_success_is_no_refusal() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter) -> Result<Response<String>, io::Error> {
        Ok(response(200, &HEADERS))
    }
    let (limiter, start) = (limiter(10.0, 5), Instant::now());
    for _ in 0..3 {
        call(&limiter).await.unwrap();
    }
    assert_eq!(since(start), 0);
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_on_a_success_does_not_drown_what_else_is_said() {
    const HEADERS: [(&str, &str); 3] = [
        ("retry-after", "2"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "7"),
    ];
    #[rate_limited(limiter = limiter)]
    async fn returned(limiter: &Limiter) -> Result<Response<String>, io::Error> {
        Ok(response(200, &HEADERS))
    }
    #[rate_limited(limiter = limiter)]
    async fn observed(limiter: &Limiter) -> Result<(), io::Error> {
        let _ = response(200, &HEADERS).observe();
        Ok(())
    }
    let one = limiter(10.0, 5);
    returned(&one).await.unwrap();
    assert_eq!(one.snapshot().cooldown, Some(secs(7)));
    let other = limiter(10.0, 5);
    observed(&other).await.unwrap();
    assert_eq!(other.snapshot().cooldown, Some(secs(7)));
}

#[test]
fn absurd_headers_are_ignored() {
    for value in [
        "-1",
        "NaN",
        "inf",
        "1e400",
        "99999999999999999999999999",
        "",
        " ",
        "soon",
        "\u{e9}",
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(
            "retry-after",
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
        let hint =
            paced::headers::parse(StatusCode::TOO_MANY_REQUESTS, &headers, SystemTime::now());
        assert!(hint.limited(), "{value}");
        assert_eq!(hint.retry_after(), None, "{value}");
    }
}
