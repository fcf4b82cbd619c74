//! Small things that most tests need.

use core::future::Future;
use core::pin::Pin;
use core::task::Context;
use core::task::Poll;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::task::Wake;
use std::task::Waker;

use http::HeaderValue;
use http::Response;
use http::StatusCode;
pub(crate) use test_support::short::limiter;
pub(crate) use test_support::short::ms;
pub(crate) use test_support::short::quota;
pub(crate) use test_support::short::secs;
pub(crate) use test_support::short::since;
use tokio::time::Instant;

/// Polls once with a waker that does nothing.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Notes in which order things happen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T: Clone> Log<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Vec::new())))
    }

    pub(crate) fn add(&self, entry: T) {
        self.0
            .lock()
            .expect("no test panics while it logs")
            .push(entry);
    }

    pub(crate) fn entries(&self) -> Vec<T> {
        self.0.lock().expect("no test panics while it logs").clone()
    }
}

/// A waker that counts.
#[derive(Debug, Default)]
pub(crate) struct Counter(std::sync::atomic::AtomicUsize);

impl Counter {
    pub(crate) fn count(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

/// An error that says what an HTTP client's would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) failure: paced::Failure,
    pub(crate) retry_after: Option<Duration>,
}

impl ApiError {
    pub(crate) const fn of(failure: paced::Failure) -> Self {
        Self {
            failure,
            retry_after: None,
        }
    }

    pub(crate) const fn status(status: u16) -> Self {
        Self::of(paced::Failure::Status(status))
    }

    pub(crate) const fn after(status: u16, wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..Self::status(status)
        }
    }
}

impl paced::Signal for ApiError {
    fn failure(&self) -> paced::Failure {
        self.failure
    }

    fn hint(&self) -> Option<paced::Hint> {
        self.retry_after
            .map(|wait| paced::Hint::new().with_retry_after(wait))
    }
}

/// An error that can also say that a call was refused.
#[derive(Debug)]
pub(crate) enum Failed {
    Api(ApiError),
    Refused(paced::Error),
}

impl From<paced::Error> for Failed {
    fn from(error: paced::Error) -> Self {
        Self::Refused(error)
    }
}

impl paced::Signal for Failed {
    fn failure(&self) -> paced::Failure {
        match self {
            Self::Api(error) => error.failure,
            Self::Refused(_) => paced::Failure::Other,
        }
    }

    fn hint(&self) -> Option<paced::Hint> {
        match self {
            Self::Api(error) => paced::Signal::hint(error),
            Self::Refused(_) => None,
        }
    }
}

pub(crate) fn refusal<T: core::fmt::Debug>(out: Result<T, Failed>) -> paced::Error {
    match out {
        Err(Failed::Refused(error)) => error,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn api_error<T: core::fmt::Debug>(out: Result<T, Failed>) -> ApiError {
    match out {
        Err(Failed::Api(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// A response with this status and these headers.
pub(crate) fn response(status: u16, headers: &[(&'static str, &str)]) -> Response<String> {
    let mut response = Response::new(r#"{"error": true}"#.to_owned());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response
            .headers_mut()
            .append(*name, HeaderValue::from_str(value).unwrap());
    }
    response
}

/// A server that answers from a script, and notes when it was called.
#[derive(Debug)]
pub(crate) struct Server {
    script: Mutex<Vec<Result<u8, ApiError>>>,
    start: Instant,
    calls: Log<u64>,
}

impl Server {
    /// Answers in this order, then always with `Ok(200)`.
    pub(crate) fn new(script: impl IntoIterator<Item = Result<u8, ApiError>>) -> Arc<Self> {
        let mut script: Vec<_> = script.into_iter().collect();
        script.reverse();
        Arc::new(Self {
            script: Mutex::new(script),
            start: Instant::now(),
            calls: Log::new(),
        })
    }

    /// Fails with these, then always answers `Ok(200)`.
    pub(crate) fn failing(errors: impl IntoIterator<Item = ApiError>) -> Arc<Self> {
        Self::new(errors.into_iter().map(Err))
    }

    pub(crate) fn answer(&self) -> Result<u8, ApiError> {
        self.calls.add(since(self.start));
        self.script
            .lock()
            .expect("no test panics while it answers")
            .pop()
            .unwrap_or(Ok(200))
    }

    /// When it was called, in milliseconds since it was made.
    pub(crate) fn calls(&self) -> Vec<u64> {
        self.calls.entries()
    }
}

/// Place where the body of a call leaves something.
pub(crate) struct Kept<T>(Mutex<Option<T>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Kept<T> {
    pub(crate) fn keep(&self, value: T) {
        let earlier = self.lock().replace(value);
        assert!(earlier.is_none(), "one at a time");
    }

    pub(crate) fn take(&self) -> T {
        self.lock().take().expect("the body has left something")
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<T>> {
        self.0.lock().expect("no test panics while it keeps")
    }
}
