//! A server that counts requests and says so with each response, in a way that agrees with itself.

use std::sync::Mutex;

use http::HeaderValue;
use http::Response;
use http::StatusCode;

/// What a server enforces and tells. Times are milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Server {
    /// Tells nothing.
    Silent,
    /// Tells nothing but a refusal of the last call of the history.
    Refuses { wait: u64 },
    /// Counts in windows, with whole seconds to the reset.
    Window {
        limit: u64,
        length: u64,
        used: u64,
        elapsed: u64,
    },
    /// Gains a token each `interval`, and tells how long it takes until it is full.
    Bucket {
        limit: u64,
        interval: u64,
        used: u64,
    },
}

/// What a response says of the time to come, in milliseconds from now.
pub(crate) struct Answer {
    pub(crate) response: Response<()>,
    pub(crate) reset: Option<u64>,
}

/// A [`Server`] at work.
#[derive(Debug)]
pub(crate) struct Live {
    server: Server,
    /// Windows: their number and the requests in it. Buckets: when it is full, and nothing.
    state: Mutex<(u64, u64)>,
}

impl Live {
    pub(crate) fn new(server: Server) -> Self {
        let state = match server {
            Server::Silent | Server::Refuses { .. } => (0, 0),
            Server::Window { used, .. } => (0, used),
            Server::Bucket { interval, used, .. } => (used * interval, 0),
        };
        Self {
            server,
            state: Mutex::new(state),
        }
    }

    /// Answers a request `now` milliseconds after the start.
    pub(crate) fn answer(&self, now: u64, last: bool) -> Answer {
        match self.server {
            Server::Silent => Answer::of(true, &[], None),
            Server::Refuses { wait } if last => {
                Answer::of(false, &[("retry-after-ms", wait.to_string())], Some(wait))
            }
            Server::Refuses { .. } => Answer::of(true, &[], None),
            Server::Window {
                limit,
                length,
                elapsed,
                ..
            } => self.window(limit, length, now + elapsed),
            Server::Bucket {
                limit, interval, ..
            } => self.bucket(limit, interval, now),
        }
    }

    fn window(&self, limit: u64, length: u64, now: u64) -> Answer {
        let mut state = self.state.lock().expect("no panic under the lock");
        if state.0 != now / length {
            *state = (now / length, 0);
        }
        let passes = state.1 < limit;
        state.1 += u64::from(passes);
        let reset = (length - now % length).div_ceil(1000);
        let mut headers = vec![
            ("x-ratelimit-limit", limit.to_string()),
            ("x-ratelimit-remaining", (limit - state.1).to_string()),
            ("x-ratelimit-reset", reset.to_string()),
        ];
        if !passes {
            headers.push(("retry-after", reset.to_string()));
        }
        Answer::of(passes, &headers, Some(reset * 1000))
    }

    fn bucket(&self, limit: u64, interval: u64, now: u64) -> Answer {
        let mut state = self.state.lock().expect("no panic under the lock");
        let full = state.0.max(now) + interval;
        let over = (full - now).saturating_sub(limit * interval);
        if over == 0 {
            state.0 = full;
        }
        let reset = state.0 - now;
        let mut headers = vec![
            ("x-ratelimit-limit-requests", limit.to_string()),
            (
                "x-ratelimit-remaining-requests",
                (limit - reset.div_ceil(interval)).to_string(),
            ),
            ("x-ratelimit-reset-requests", format!("{reset}ms")),
        ];
        if over > 0 {
            headers.push(("retry-after-ms", over.to_string()));
        }
        Answer::of(over == 0, &headers, Some(reset.max(over)))
    }
}

impl Answer {
    fn of(passes: bool, headers: &[(&'static str, String)], reset: Option<u64>) -> Self {
        let mut response = Response::new(());
        if !passes {
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        }
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a number");
            response.headers_mut().insert(*name, value);
        }
        Self { response, reset }
    }
}
