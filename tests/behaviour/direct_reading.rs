//! Outcomes of calls without the attribute, and how they are read.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use paced::CallOptions;
use paced::Limiter;
use paced::ResponseExt as _;
use paced::Verdict;
use tokio::time::Instant;

use crate::direct::PLAIN;
use crate::support::ApiError;
use crate::support::limiter;
use crate::support::response;
use crate::support::secs;
use crate::support::since;

/// Makes a call whose first attempt fails with this, and returns after how many milliseconds it ended.
macro_rules! readers {
    ($($name:ident($millis:literal) $options:expr => $first:expr;)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            let (limiter, start) = (limiter(10.0, 5), Instant::now());
            let options = $options.backoff(PLAIN);
            let out = limiter.call_with(options, || async {
                if paced::attempt().number() == 1 { Err($first) } else { Ok(()) }
            });
            out.await.unwrap();
            assert_eq!(since(start), $millis);
        }
    )*};
}

fn refused() -> io::Error {
    io::ErrorKind::ConnectionRefused.into()
}

fn client_error() -> reqwest::Error {
    let response = reqwest::Response::from(response(429, &[]));
    response.error_for_status().unwrap_err()
}

fn unavailable() -> tonic::Status {
    use tonic_types::StatusExt as _;
    let details = tonic_types::ErrorDetails::with_retry_info(Some(secs(7)));
    tonic::Status::with_error_details(tonic::Code::Unavailable, "later", details)
}

#[derive(Debug, thiserror::Error)]
enum SdkError {
    #[error("the transport failed")]
    Transport(#[from] reqwest::Error),
}

#[derive(Debug, thiserror::Error)]
#[error("busy")]
struct Busy;

impl paced::Signal for Busy {
    fn failure(&self) -> paced::Failure {
        paced::Failure::Status(429)
    }

    fn hint(&self) -> Option<paced::Hint> {
        Some(paced::Hint::new().with_retry_after(secs(5)))
    }
}

const DEFAULT: CallOptions = CallOptions::new();

readers! {
    an_io_error(2000) DEFAULT => refused();
    a_reqwest_error(2000) DEFAULT => client_error();
    a_reqwest_error_in_an_sdks_error(2000) DEFAULT => SdkError::from(client_error());
    a_reqwest_error_in_anyhow(2000) DEFAULT => anyhow::Error::from(client_error());
    a_reqwest_error_in_a_box(2000) DEFAULT => Box::<dyn StdError + Send + Sync>::from(client_error());
    a_reqwest_error_in_a_lone_box(2000) DEFAULT => Box::<dyn StdError>::from(client_error());
    a_reqwest_error_behind_an_arc(2000) DEFAULT => Arc::new(client_error());
    a_status_of_grpc(7000) DEFAULT => unavailable();
    an_error_of_ureq(2000) DEFAULT => ureq::Error::StatusCode(429);
    a_signal_alone(3000) DEFAULT => ApiError::after(429, secs(3));
    a_signal_of_a_standard_error(5000) DEFAULT.by_signal() => Busy;
    a_signal_beside_a_verdict(5000) DEFAULT.by_signal().classify(|_: &Result<(), Busy>| Verdict::Auto) => Busy;
}

#[tokio::test(start_paused = true)]
async fn a_response_in_an_ok_is_read_and_comes_back_in_the_end() {
    async fn check<T: 'static>(limiter: Limiter, make: impl Fn(u16) -> T) -> (Option<T>, u64) {
        let start = Instant::now();
        let options = CallOptions::new().max_retries(1);
        let out = limiter.call_with(options, || async { io::Result::Ok(make(429)) });
        (out.await.ok(), since(start))
    }
    const AFTER: [(&str, &str); 1] = [("retry-after", "7")];
    let (out, took) = check(limiter(10.0, 5), |status| {
        reqwest::Response::from(response(status, &AFTER))
    })
    .await;
    assert_eq!((out.unwrap().status().as_u16(), took), (429, 7000));
    let (out, took) = check(limiter(10.0, 5), |status| response(status, &AFTER)).await;
    assert_eq!((out.unwrap().status().as_u16(), took), (429, 7000));
    // Of another body it has to be shown.
    let (_, took) = check(limiter(10.0, 5), |status| {
        response(status, &AFTER).map(|_| 7_u8).observe()
    })
    .await;
    assert_eq!(took, 7000);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_becomes_the_own_error_where_that_has_room() {
    let limiter = limiter(10.0, 5);
    limiter.close();
    let call = || limiter.call(|| async { Err::<(), _>(client_error()) });
    let error: reqwest::Error = call().await.unwrap_err().into_error();
    assert!(paced::Error::find(&error).unwrap().is_closed());
    let erased = anyhow::Error::from(call().await.unwrap_err());
    assert!(paced::Error::find(&erased).unwrap().is_closed());
    assert_eq!(
        format!("{erased:#}").matches("closed").count(),
        1,
        "{erased:#}"
    );
}
