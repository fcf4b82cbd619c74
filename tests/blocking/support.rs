//! An error that can carry a refusal, and runtimes.

use std::time::Duration;

use paced::{Failure, Hint, Signal};
use tokio::runtime::{Builder, Runtime};

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[derive(Debug)]
pub(crate) enum Failed {
    Api(u16, Option<Duration>),
    Refused(paced::Error),
}

impl From<paced::Error> for Failed {
    fn from(error: paced::Error) -> Self {
        Self::Refused(error)
    }
}

impl Signal for Failed {
    fn failure(&self) -> Failure {
        match self {
            Self::Api(status, _) => Failure::Status(*status),
            Self::Refused(_) => Failure::Other,
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::Api(_, wait) => wait.map(|wait| Hint::new().with_retry_after(wait)),
            Self::Refused(_) => None,
        }
    }
}

pub(crate) fn refusal<T: std::fmt::Debug>(out: Result<T, Failed>) -> paced::Error {
    match out {
        Err(Failed::Refused(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// An error that cannot say that a call was refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plain;

pub(crate) fn single() -> Runtime {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime")
}

pub(crate) fn several() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build();
    runtime.expect("a runtime")
}
