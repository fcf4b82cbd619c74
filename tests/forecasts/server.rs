//! A model server that counts requests and tells what is left with each response, consistently.

use std::sync::Mutex;

use http::HeaderValue;
use http::Response;
use http::StatusCode;

/// Limit that a server enforces and tells. Times are milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Server {
    /// Tells nothing.
    Silent,
    /// Tells nothing, and refuses the last call of the history.
    Refuses { wait: u64 },
    /// Fixed windows, with the time to the reset in whole seconds.
    Window {
        limit: u64,
        length: u64,
        used: u64,
        elapsed: u64,
    },
    /// Bucket that gains a token each `interval`, with the time until it is full as its reset.
    Bucket {
        limit: u64,
        interval: u64,
        used: u64,
    },
}

/// A response and the waits that it names, in milliseconds: until a reset, and for a retry.
pub(crate) struct Answer {
    pub(crate) response: Response<()>,
    pub(crate) waits: [u64; 2],
}

/// A [`Server`] at work.
#[derive(Debug)]
pub(crate) struct Live {
    server: Server,
    /// Of windows the current one's number and requests, of buckets when it is full.
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
            Server::Refuses { wait } if last => {
                Answer::of(false, &[("retry-after-ms", wait.to_string())], [0, wait])
            }
            Server::Silent | Server::Refuses { .. } => Answer::of(true, &[], [0; 2]),
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
        Answer::of(passes, &headers, [reset * 1000; 2])
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
        Answer::of(over == 0, &headers, [reset, over])
    }
}

impl Answer {
    fn of(passes: bool, headers: &[(&'static str, String)], waits: [u64; 2]) -> Self {
        let mut response = Response::new(());
        if !passes {
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        }
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a number");
            response.headers_mut().insert(*name, value);
        }
        Self { response, waits }
    }
}
