use std::collections::HashMap;
use std::io;

use ::tonic::metadata::MetadataMap;
use tonic_types::ErrorDetails;
use tonic_types::StatusExt as _;

use super::*;

const ALL: [Code; 16] = [
    Code::Cancelled,
    Code::Unknown,
    Code::InvalidArgument,
    Code::DeadlineExceeded,
    Code::NotFound,
    Code::AlreadyExists,
    Code::PermissionDenied,
    Code::ResourceExhausted,
    Code::FailedPrecondition,
    Code::Aborted,
    Code::OutOfRange,
    Code::Unimplemented,
    Code::Internal,
    Code::Unavailable,
    Code::DataLoss,
    Code::Unauthenticated,
];

fn read(status: &Status) -> Reading {
    reading(status, ResetUnit::Guess)
}

fn with_metadata(code: Code, lines: &[(&'static str, &str)]) -> Status {
    let lines: HashMap<_, _> = lines
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let headers = ::http::HeaderMap::try_from(&lines).unwrap();
    Status::with_metadata(code, "", MetadataMap::from_headers(headers))
}

fn with_retry_info(code: Code, delay: Duration) -> Status {
    Status::with_error_details(code, "", ErrorDetails::with_retry_info(Some(delay)))
}

#[test]
fn a_code_is_the_status_of_http_that_stands_for_it() {
    let statuses: Vec<_> = ALL
        .map(|code| read(&Status::new(code, "")).failure)
        .to_vec();
    let status = |status| Some(Failure::Status(status));
    let wanted = [
        status(499),
        status(500),
        status(400),
        Some(Failure::Timeout),
        status(404),
        status(409),
        status(403),
        status(429),
        status(400),
        status(409),
        status(400),
        status(501),
        status(500),
        status(503),
        Some(Failure::Other),
        status(401),
    ];
    assert_eq!(statuses, wanted);
}

#[test]
fn a_text_tells_the_same_as_the_status_that_it_is_of() {
    for code in ALL {
        let status = Status::new(code, "a 'quoted' word");
        assert_eq!(
            failure_told(&status.to_string()),
            read(&status).failure,
            "{code:?}"
        );
    }
    assert_eq!(failure_told("code: 'no such'"), None);
}

#[test]
fn failures_before_a_server_answers_are_told_apart() {
    let of = |error: Box<dyn StdError + Send + Sync>| read(&Status::from_error(error)).failure;
    let connecting = |text: &str| Box::new(ConnectError(text.into()));
    assert_eq!(of(connecting("tcp connect error")), Some(Failure::Connect));
    let untrusted = connecting("invalid peer certificate: UnknownIssuer");
    assert_eq!(of(untrusted), Some(Failure::Other));
    assert_eq!(of(Box::new(TimeoutExpired(()))), Some(Failure::Timeout));
    assert_eq!(of("something".into()), Some(Failure::Reset));
    let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
    assert_eq!(of(Box::new(refused)), Some(Failure::Connect));
    let inner = io::Error::other(Status::not_found(""));
    assert_eq!(of(Box::new(inner)), Some(Failure::Status(404)));
}

#[test]
fn the_longest_delay_counts_and_makes_a_refusal_only_of_what_refuses() {
    let hint = |status: &Status| read(status).hint.unwrap_or_default();
    let told = with_retry_info(Code::ResourceExhausted, Duration::from_millis(1500));
    assert!(hint(&told).limited());
    assert_eq!(hint(&told).retry_after(), Some(Duration::from_millis(1500)));
    let fault = with_retry_info(Code::Internal, Duration::from_secs(2));
    assert!(!hint(&fault).limited());
    assert_eq!(hint(&fault).retry_after(), Some(Duration::from_secs(2)));
    let denied = with_metadata(
        Code::PermissionDenied,
        &[("retry-after", "3"), ("x-ratelimit-remaining", "0")],
    );
    assert!(!hint(&denied).limited());
    let both = [("retry-after", "3"), ("grpc-retry-pushback-ms", "250")];
    let both = hint(&with_metadata(Code::Unavailable, &both));
    assert!(both.limited());
    assert_eq!(both.retry_after(), Some(Duration::from_secs(3)));
}

#[test]
fn a_pushback_is_a_delay_or_the_end() {
    let says = |value| {
        let line = [("grpc-retry-pushback-ms", value)];
        let hint = read(&with_metadata(Code::Unavailable, &line)).hint.unwrap();
        (hint.retry_after(), hint.server_says_retry())
    };
    assert_eq!(says("250"), (Some(Duration::from_millis(250)), None));
    assert_eq!(says("-1"), (None, Some(false)));
    assert_eq!(says("soon"), (None, Some(false)));
    assert!(
        read(&Status::unavailable(""))
            .hint
            .is_none_or(|hint| hint.retry_after().is_none())
    );
}

#[test]
fn details_that_are_none_say_nothing() {
    let status = Status::with_details(Code::Unavailable, "", vec![0xff; 64].into());
    assert_eq!(read(&status).failure, Some(Failure::Status(503)));
    assert_eq!(retry_info(&status), None);
}

#[test]
fn a_refusal_is_found_in_the_status_that_it_became() {
    let status = refused(Error::invalid("no"));
    assert!(Error::find(&status).unwrap().is_invalid());
    assert_eq!(status.code(), Code::Unavailable);
}

/// A field of a message whose value is bytes, of less than 128.
fn field(number: u8, value: &[u8]) -> Vec<u8> {
    let head = [number << 3 | 2, u8::try_from(value.len()).unwrap()];
    [&head, value].concat()
}

#[test]
fn delays_that_are_no_durations_say_nothing() {
    // The least number of seconds that the field can hold, which has no positive counterpart.
    let seconds = [
        0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01,
    ];
    let info = field(1, &seconds);
    let detail = [field(1, RETRY_INFO.as_bytes()), field(2, &info)].concat();
    let hostile = Status::with_details(Code::Unavailable, "", field(3, &detail).into());
    assert_eq!(retry_info(&hostile), None);
}

#[test]
fn a_status_that_is_its_own_source_is_read() {
    #[derive(Debug)]
    struct Loop;
    static LOOP: std::sync::OnceLock<Status> = std::sync::OnceLock::new();
    impl std::fmt::Display for Loop {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            Ok(())
        }
    }
    impl StdError for Loop {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            LOOP.get().map(|status| status as &(dyn StdError + 'static))
        }
    }
    let mut status = Status::unknown("");
    status.set_source(std::sync::Arc::new(Loop));
    LOOP.set(status).unwrap();
    let status = LOOP.get().unwrap();
    assert_eq!(read(status).failure, Some(Failure::Reset));
}
