//! Statuses and errors on paused time, wherever they are found.

use std::error::Error as StdError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use paced::Limiter;
use paced::Quota;
use paced::Rate;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;
use tonic::Code;
use tonic::Status;
use tonic_types::ErrorDetails;
use tonic_types::StatusExt as _;

fn limiter() -> Limiter {
    Limiter::new(Quota::new(Rate::from_hz(10.0).unwrap()))
}

fn told(code: Code) -> Status {
    let details = ErrorDetails::with_retry_info(Some(Duration::from_secs(7)));
    Status::with_error_details(code, "later", details)
}

#[derive(Debug, thiserror::Error)]
enum ApiError {
    #[error("the call failed")]
    Grpc(#[from] Status),
    #[error("the request failed")]
    Http(#[from] ureq::Error),
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Transparent<E: StdError + 'static>(#[from] E);

/// Defines a function for each way to return an error, and a test that the first attempt's is retried at `millis`.
macro_rules! errors {
    ($($name:ident($millis:literal) -> $error:ty = $first:expr;)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            #[rate_limited(limiter = limiter, backoff(base = "2s", jitter = "none"))]
            async fn call(limiter: &Limiter, attempts: &AtomicUsize) -> Result<(), $error> {
                if attempts.fetch_add(1, Ordering::SeqCst) == 0 {
                    Err($first.into())
                } else {
                    Ok(())
                }
            }
            let (attempts, start) = (AtomicUsize::new(0), Instant::now());
            call(&limiter(), &attempts).await.unwrap();
            assert_eq!(start.elapsed(), Duration::from_millis($millis));
            assert_eq!(attempts.into_inner(), 2);
        }
    )*};
}

errors! {
    a_status(7000) -> Status = told(Code::ResourceExhausted);
    a_status_that_is_unavailable(7000) -> Status = told(Code::Unavailable);
    a_status_without_a_delay(2000) -> Status = Status::unavailable("");
    a_status_in_a_box(7000) -> Box<Status> = told(Code::ResourceExhausted);
    a_status_in_an_erased_box(7000) -> Box<dyn StdError + Send + Sync> = told(Code::ResourceExhausted);
    a_status_in_anyhow(7000) -> anyhow::Error = told(Code::ResourceExhausted);
    a_status_as_a_source(7000) -> ApiError = told(Code::ResourceExhausted);
    // Its text is left, which has no delay.
    a_status_that_is_forwarded(2000) -> Transparent<Status> = told(Code::ResourceExhausted);
    an_error_of_ureq(2000) -> ureq::Error = ureq::Error::StatusCode(429);
    an_error_of_ureq_in_a_box(2000) -> Box<ureq::Error> = ureq::Error::StatusCode(503);
    an_error_of_ureq_in_anyhow(2000) -> anyhow::Error = ureq::Error::HostNotFound;
    an_error_of_ureq_as_a_source(2000) -> ApiError = ureq::Error::Timeout(ureq::Timeout::Connect);
    an_error_of_ureq_that_is_forwarded(2000) -> Transparent<ureq::Error> = ureq::Error::StatusCode(429);
    an_error_of_the_system_in_ureq(2000) -> ureq::Error = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test(start_paused = true)]
async fn a_delay_in_the_details_closes_the_limiter_for_all() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter, refused: bool) -> Result<(), Status> {
        if refused && paced::attempt().number() == 1 {
            return Err(told(Code::ResourceExhausted));
        }
        Ok(())
    }
    let (limiter, start) = (limiter(), Instant::now());
    let refused = call(&limiter, true);
    let other = async {
        sleep(Duration::from_secs(1)).await;
        call(&limiter, false).await.unwrap();
        start.elapsed()
    };
    let (outcome, other) = tokio::join!(refused, other);
    outcome.unwrap();
    assert!(other >= Duration::from_secs(7), "{other:?}");
}

/// Failures that another attempt would not mend, and some that may have been carried out.
#[tokio::test(start_paused = true)]
async fn requests_that_may_have_been_carried_out_are_repeated_only_if_idempotent() {
    fn fail(attempts: &AtomicUsize, code: Code) -> Result<(), Status> {
        attempts.fetch_add(1, Ordering::SeqCst);
        Err(Status::new(code, ""))
    }
    #[rate_limited(rate = 100, max_retries = 1)]
    async fn once(attempts: &AtomicUsize, code: Code) -> Result<(), Status> {
        fail(attempts, code)
    }
    #[rate_limited(rate = 100, max_retries = 1, idempotent)]
    async fn twice(attempts: &AtomicUsize, code: Code) -> Result<(), Status> {
        fail(attempts, code)
    }
    for (code, plain, idempotent) in [
        (Code::Unauthenticated, 1, 1),
        (Code::PermissionDenied, 1, 1),
        (Code::NotFound, 1, 1),
        (Code::InvalidArgument, 1, 1),
        (Code::Aborted, 1, 1),
        (Code::Internal, 1, 2),
        (Code::Unknown, 1, 2),
        (Code::DeadlineExceeded, 1, 2),
    ] {
        let attempts = (AtomicUsize::new(0), AtomicUsize::new(0));
        once(&attempts.0, code).await.unwrap_err();
        twice(&attempts.1, code).await.unwrap_err();
        let attempts = (attempts.0.into_inner(), attempts.1.into_inner());
        assert_eq!(attempts, (plain, idempotent), "{code:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_can_be_refused_in_the_error_of_either() {
    #[rate_limited(limiter = limiter, max_wait = "1ms")]
    async fn grpc(limiter: &Limiter) -> Result<(), Status> {
        Ok(())
    }
    #[rate_limited(limiter = limiter, max_wait = "1ms")]
    async fn http(limiter: &Limiter) -> Result<(), ureq::Error> {
        Ok(())
    }
    let limiter = Limiter::new(Quota::new(Rate::from_hz(1.0).unwrap()));
    grpc(&limiter).await.unwrap();
    let status = grpc(&limiter).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(paced::Error::find(&status).unwrap().is_max_wait());
    let error = http(&limiter).await.unwrap_err();
    assert!(paced::Error::find(&error).unwrap().is_max_wait());
}
