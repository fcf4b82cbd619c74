//! A model server that counts requests and tells what is left with each response, consistently.

use core::time::Duration;
use std::sync::Mutex;

use http::HeaderValue;
use http::Response;
use http::StatusCode;
use test_support::limit;
use test_support::limit::Limit;
use test_support::limit::Rule;
use test_support::limit::whole_seconds;
use test_support::short::ms;

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
    limit: Option<Mutex<Limit>>,
}

impl Live {
    pub(crate) fn new(server: Server) -> Self {
        let limit = server.limit();
        Self {
            server,
            limit: limit.map(Mutex::new),
        }
    }

    /// Answers a request `now` milliseconds after the start.
    pub(crate) fn answer(&self, now: u64, last: bool) -> Answer {
        let ask = |now| {
            let limit = self.limit.as_ref().expect("a server with a limit");
            let mut limit = limit.lock().expect("no panic under the lock");
            limit.ask(ms(now))
        };
        match self.server {
            Server::Refuses { wait } if last => {
                Answer::of(false, &[("retry-after-ms", wait.to_string())], [0, wait])
            }
            Server::Silent | Server::Refuses { .. } => Answer::of(true, &[], [0; 2]),
            Server::Window { elapsed, .. } => window(&ask(now + elapsed)),
            Server::Bucket { .. } => bucket(&ask(now)),
        }
    }
}

impl Server {
    fn limit(self) -> Option<Limit> {
        let few = |count| u32::try_from(count).expect("few requests");
        match self {
            Self::Silent | Self::Refuses { .. } => None,
            Self::Window {
                limit,
                length,
                used,
                ..
            } => {
                let (limit, length) = (few(limit), ms(length));
                Some(Limit::used(Rule::Aligned { limit, length }, few(used)))
            }
            Self::Bucket {
                limit,
                interval,
                used,
            } => {
                let (limit, token) = (few(limit), ms(interval));
                let rule = Rule::Bucket {
                    limit,
                    token,
                    capacity: token * limit,
                };
                Some(Limit::used(rule, few(used)))
            }
        }
    }
}

fn window(count: &limit::Answer) -> Answer {
    let reset = whole_seconds(count.reset);
    let mut headers = vec![
        ("x-ratelimit-limit", count.limit.to_string()),
        ("x-ratelimit-remaining", count.remaining.to_string()),
        ("x-ratelimit-reset", reset.to_string()),
    ];
    if !count.passes() {
        headers.push(("retry-after", reset.to_string()));
    }
    Answer::of(count.passes(), &headers, [reset * 1000; 2])
}

fn bucket(count: &limit::Answer) -> Answer {
    let millis = |time: Duration| u64::try_from(time.as_millis()).expect("a short time");
    let reset = millis(count.reset);
    let over = count.verdict.err().map_or(0, millis);
    let mut headers = vec![
        ("x-ratelimit-limit-requests", count.limit.to_string()),
        (
            "x-ratelimit-remaining-requests",
            count.remaining.to_string(),
        ),
        ("x-ratelimit-reset-requests", format!("{reset}ms")),
    ];
    if over > 0 {
        headers.push(("retry-after-ms", over.to_string()));
    }
    Answer::of(count.passes(), &headers, [reset, over])
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
