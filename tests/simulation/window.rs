//! A server with fixed windows that tells how much is left of them, in its headers.

use core::time::Duration;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use http::HeaderValue;
use http::Response;
use http::StatusCode;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
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
    limit: u32,
    length: Duration,
    resets: Resets,
    ways: Ways,
    start: Instant,
    /// The server's wall clock at the start, since 1970.
    epoch: Duration,
    requests: AtomicU32,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    used: u32,
    ends: Option<Instant>,
    refused: u32,
}

/// Facts that the server knows of a request.
#[derive(Clone, Copy, Debug)]
struct Count {
    passes: bool,
    remaining: u32,
    ends: Duration,
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
            limit,
            length,
            resets,
            ways,
            start: Instant::now(),
            epoch: Duration::from_secs(1_700_000_000) + phase,
            requests: AtomicU32::new(0),
            counted: Mutex::default(),
        }
    }

    /// Requests that were refused.
    pub(crate) fn refused(&self) -> u32 {
        self.counted.lock().unwrap().refused
    }

    pub(crate) async fn request(&self) -> Response<()> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let (there, back) = self.ways.of(number);
        sleep(there).await;
        let count = self.count(Instant::now());
        let response = self.response(count);
        sleep(back).await;
        response
    }

    fn count(&self, now: Instant) -> Count {
        let mut counted = self.counted.lock().unwrap();
        let running = counted.ends.filter(|ends| now < *ends);
        if running.is_none() {
            counted.used = 0;
        }
        let ends = running.unwrap_or(now + self.length);
        counted.ends = Some(ends);
        let passes = counted.used < self.limit;
        if passes {
            counted.used += 1;
        } else {
            counted.refused += 1;
        }
        Count {
            passes,
            remaining: self.limit - counted.used,
            ends: ends - now,
        }
    }

    fn response(&self, count: Count) -> Response<()> {
        let mut response = Response::new(());
        let mut add = |name, value: String| {
            let value = HeaderValue::from_str(&value).expect("digits");
            response.headers_mut().insert(name, value);
        };
        let clock = self.epoch + self.start.elapsed();
        let (reset, wait) = match self.resets {
            Resets::Decimals => (decimals(count.ends), decimals(count.ends)),
            Resets::Seconds => (whole(count.ends), whole(count.ends)),
            Resets::Epoch => (whole(clock + count.ends), whole(count.ends)),
        };
        add("date", date(clock));
        add("x-ratelimit-limit", self.limit.to_string());
        add("x-ratelimit-remaining", count.remaining.to_string());
        add("x-ratelimit-reset", reset);
        if !count.passes {
            add("retry-after", wait);
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        }
        response
    }
}

/// Seconds, with as many decimals as there are.
fn decimals(time: Duration) -> String {
    format!("{}.{:09}", time.as_secs(), time.subsec_nanos())
}

/// Seconds, rounded up.
fn whole(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    seconds.to_string()
}

/// An HTTP date, which knows no fractions.
fn date(clock: Duration) -> String {
    let seconds = i64::try_from(clock.as_secs()).expect("a year with four digits");
    let clock = Timestamp::from_second(seconds).expect("a year with four digits");
    let printer = DateTimePrinter::new();
    let date = printer.timestamp_to_rfc9110_string(&clock);
    date.expect("a year with four digits")
}
