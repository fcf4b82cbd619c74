//! Rate-limited functions with bounds of different lengths, and one whose response tells of the
//! server's limits.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;

use http::Response;
use paced::Failure;
use paced::Limiter;
use paced::Signal;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::server::Live;

/// Milliseconds until a call that fails is tried again.
pub(crate) const BACKOFF: u64 = 40;

/// Bound of a call: one of [`BOUNDS`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound(pub(crate) usize);

impl Bound {
    /// No bound.
    pub(crate) const NONE: Self = Self(0);

    /// A deadline of 3 s and a longest wait of 2.5 s.
    pub(crate) const BOTH: Self = Self(Self::COUNT - 1);

    pub(crate) const COUNT: usize = BOUNDS.len();

    /// Deadline of so many milliseconds and nothing else. Panics if no function has it.
    pub(crate) fn of_deadline(millis: u64) -> Self {
        Self::that(|&(deadline, wait)| micros(deadline) == millis * 1000 && wait == FAR)
    }

    /// Longest wait of so many milliseconds and nothing else. Panics if no function has it.
    pub(crate) fn of_max_wait(millis: u64) -> Self {
        Self::that(|&(deadline, wait)| micros(wait) == millis * 1000 && deadline == FAR)
    }

    fn that(is_it: impl Fn(&(&str, &str)) -> bool) -> Self {
        let found = BOUNDS.iter().position(is_it);
        Self(found.expect("there is such a function"))
    }

    /// Microseconds from the first poll to the deadline.
    pub(crate) fn deadline(self) -> u64 {
        micros(BOUNDS[self.0].0)
    }

    /// Microseconds that each wait may take.
    pub(crate) fn max_wait(self) -> u64 {
        micros(BOUNDS[self.0].1)
    }
}

fn micros(text: &str) -> u64 {
    let millis = text.trim_end_matches("ms").parse::<u64>();
    millis.expect("milliseconds") * 1000
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (deadline, max_wait) = BOUNDS[self.0];
        match (deadline != FAR, max_wait != FAR) {
            (false, false) => f.write_str("unbounded"),
            (true, false) => write!(f, "deadline {deadline}"),
            (false, true) => write!(f, "max_wait {max_wait}"),
            (true, true) => write!(f, "deadline {deadline}, max_wait {max_wait}"),
        }
    }
}

/// Longer than any world lasts.
const FAR: &str = "3600000000ms";

type Called<'a> = Pin<Box<dyn Future<Output = Result<(), Failed>> + Send + 'a>>;

macro_rules! bounded {
    ($($name:ident: $deadline:tt, $max_wait:tt;)*) => {
        $(
            #[rate_limited(limiter = limiter, deadline = $deadline, max_wait = $max_wait, backoff(base = "40ms", jitter = "none"))]
            async fn $name(limiter: &Limiter, body: &Body) -> Result<(), Failed> {
                body.run(limiter).await
            }
        )*

        /// Deadline and `max_wait` of each function.
        const BOUNDS: &[(&str, &str)] = &[$(($deadline, $max_wait),)*];

        const CALLS: &[for<'a> fn(&'a Limiter, &'a Body) -> Called<'a>] =
            &[$(|limiter, body| Box::pin($name(limiter, body)),)*];
    };
}

bounded! {
    unbounded: "3600000000ms", "3600000000ms";
    deadline_5: "5ms", "3600000000ms";
    deadline_40: "40ms", "3600000000ms";
    deadline_300: "300ms", "3600000000ms";
    deadline_2000: "2000ms", "3600000000ms";
    deadline_15000: "15000ms", "3600000000ms";
    max_wait_15: "3600000000ms", "15ms";
    max_wait_150: "3600000000ms", "150ms";
    max_wait_1000: "3600000000ms", "1000ms";
    max_wait_6000: "3600000000ms", "6000ms";
    both_700_and_100: "700ms", "100ms";
    both_3000_and_2500: "3000ms", "2500ms";
}

/// Calls within `bound`, and yields why the call was refused, if so.
pub(crate) async fn call(bound: Bound, limiter: &Limiter, body: &Body) -> Option<paced::Error> {
    match CALLS[bound.0](limiter, body).await {
        Err(Failed::Refused(error)) => Some(error),
        Ok(()) | Err(Failed::Connect) => None,
    }
}

/// Passes on what the server tells.
#[rate_limited(limiter = limiter, max_retries = 0)]
pub(crate) async fn inform(limiter: &Limiter, body: &Body) -> io::Result<Response<()>> {
    body.sent(limiter);
    body.wait().await;
    Ok(body.told())
}

#[derive(Debug)]
enum Failed {
    Connect,
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
            Self::Connect => Failure::Connect,
            Self::Refused(_) => Failure::Other,
        }
    }
}

/// One attempt, in microseconds since the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub(crate) sent: u64,
    /// `None` if the deadline ended it.
    pub(crate) answered: Option<u64>,
    /// Interval of the rate in force when it was sent.
    pub(crate) interval: u64,
}

/// Hint of a response: when it was received, and the instants that it names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) at: u64,
    pub(crate) until: [u64; 2],
}

/// Body of a call: what it does, and what it notes.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) start: Instant,
    pub(crate) takes: Duration,
    /// The first attempt fails.
    pub(crate) fails: bool,
    /// It is the last call of the history.
    pub(crate) last: bool,
    pub(crate) server: Arc<Live>,
    pub(crate) attempts: Mutex<Vec<Attempt>>,
    pub(crate) told: Mutex<Option<Told>>,
}

impl Body {
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).expect("a short test")
    }

    async fn run(&self, limiter: &Limiter) -> Result<(), Failed> {
        self.sent(limiter);
        self.wait().await;
        let _ = self.server.answer(self.now() / 1000, false);
        self.answered();
        if self.fails && paced::attempt().number() == 1 {
            return Err(Failed::Connect);
        }
        Ok(())
    }

    async fn wait(&self) {
        // Even no time at all would be rounded up to a timer's next tick.
        if !self.takes.is_zero() {
            sleep(self.takes).await;
        }
    }

    fn sent(&self, limiter: &Limiter) {
        self.attempts
            .lock()
            .expect("no panic under the lock")
            .push(Attempt {
                sent: self.now(),
                answered: None,
                interval: interval(limiter),
            });
    }

    fn answered(&self) {
        let mut attempts = self.attempts.lock().expect("no panic under the lock");
        attempts.last_mut().expect("it was sent").answered = Some(self.now());
    }

    fn told(&self) -> Response<()> {
        let answer = self.server.answer(self.now() / 1000, self.last);
        self.answered();
        let at = self.now();
        *self.told.lock().expect("no panic under the lock") = Some(Told {
            at,
            until: answer.waits.map(|wait| at + wait * 1000),
        });
        answer.response
    }
}

/// Microseconds between tokens at the rate in force.
pub(crate) fn interval(limiter: &Limiter) -> u64 {
    let interval = limiter.snapshot().rate.interval();
    u64::try_from(interval.as_micros()).unwrap_or(u64::MAX)
}
