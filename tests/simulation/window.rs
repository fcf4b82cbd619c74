//! A server with fixed windows that tells how much is left of them, in its headers.

use core::time::Duration;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use http::HeaderValue;
use http::Response;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use test_support::limit::Answer;
use test_support::limit::Limit;
use test_support::limit::Rule;
use test_support::limit::whole_seconds;
use tokio::time::Instant;
use tokio::time::sleep;

/// How the server says when a window ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resets {
    /// Seconds from now, with decimals.
    Decimals,
    /// Seconds from now, rounded up.
    Seconds,
    /// Seconds since 1970, rounded up, with a `Date` that is rounded down.
    Epoch,
}

/// How long requests and their answers take.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ways {
    /// Up to 6.3 ms there and 4.5 ms back, in an order that this number varies.
    Varying(u32),
    /// No time there, and so long back.
    Back(Duration),
}

impl Ways {
    /// The time there and the time back of this request.
    fn of(self, number: u32) -> (Duration, Duration) {
        match self {
            Self::Back(back) => (Duration::ZERO, back),
            Self::Varying(first) => {
                let way = u64::from((first + 7 * number) % 10);
                let micros = |micros| Duration::from_micros(way * micros);
                (micros(700), micros(500))
            }
        }
    }
}

/// Windows of one length, each begun by the first request after the last one ended.
#[derive(Debug)]
pub(crate) struct Windows {
    limit: Mutex<Limit>,
    resets: Resets,
    ways: Ways,
    start: Instant,
    /// The server's wall clock at the start, since 1970.
    epoch: Duration,
    requests: AtomicU32,
}

impl Windows {
    /// `limit` requests in each `length`; the wall clock is `phase` after a full second at the start.
    pub(crate) fn new(
        (limit, length): (u32, Duration),
        resets: Resets,
        ways: Ways,
        phase: Duration,
    ) -> Self {
        Self {
            limit: Mutex::new(Limit::new(Rule::Fixed { limit, length }, false)),
            resets,
            ways,
            start: Instant::now(),
            epoch: Duration::from_secs(1_700_000_000) + phase,
            requests: AtomicU32::new(0),
        }
    }

    /// Requests that were refused.
    pub(crate) fn refused(&self) -> u32 {
        self.limit.lock().unwrap().refused()
    }

    pub(crate) async fn request(&self) -> Response<()> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let (there, back) = self.ways.of(number);
        sleep(there).await;
        let answer = self.limit.lock().unwrap().ask(self.start.elapsed());
        let response = self.response(&answer);
        sleep(back).await;
        response
    }

    fn response(&self, answer: &Answer) -> Response<()> {
        let mut response = Response::new(());
        let mut add = |name, value: String| {
            let value = HeaderValue::from_str(&value).expect("digits");
            response.headers_mut().insert(name, value);
        };
        let clock = self.epoch + self.start.elapsed();
        let (reset, wait) = match self.resets {
            Resets::Decimals => (decimals(answer.reset), decimals(answer.reset)),
            Resets::Seconds => (whole(answer.reset), whole(answer.reset)),
            Resets::Epoch => (whole(clock + answer.reset), whole(answer.reset)),
        };
        add("date", date(clock));
        add("x-ratelimit-limit", answer.limit.to_string());
        add("x-ratelimit-remaining", answer.remaining.to_string());
        add("x-ratelimit-reset", reset);
        if !answer.passes() {
            add("retry-after", wait);
        }
        *response.status_mut() = answer.status();
        response
    }
}

/// Seconds, with as many decimals as there are.
fn decimals(time: Duration) -> String {
    format!("{}.{:09}", time.as_secs(), time.subsec_nanos())
}

/// Seconds, rounded up.
fn whole(time: Duration) -> String {
    whole_seconds(time).to_string()
}

/// An HTTP date, which knows no fractions.
fn date(clock: Duration) -> String {
    let seconds = i64::try_from(clock.as_secs()).expect("a year with four digits");
    let clock = Timestamp::from_second(seconds).expect("a year with four digits");
    let printer = DateTimePrinter::new();
    let date = printer.timestamp_to_rfc9110_string(&clock);
    date.expect("a year with four digits")
}
