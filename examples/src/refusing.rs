//! An API on loopback that serves 5 requests, refuses the next 15 and serves the others, and a trial of 20 calls to it.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const CALLS: u32 = 20;

/// Requests that are served before any is refused.
const SERVED: u32 = 5;

/// Wait that every third refusal asks for. The others ask for nothing.
const PAUSE: Duration = Duration::from_secs(1);

/// A refusal in the words of `OpenAI` and of GitHub.
const REFUSAL: &str =
    r#"{"error":{"message":"slow down","type":"requests"},"message":"slow down"}"#;

/// A server that runs until the runtime ends.
#[derive(Clone, Debug)]
pub struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    requests: u32,
    refused: u32,
    early: u32,
    /// When each call was asked to wait, by its path.
    asked: HashMap<String, Instant>,
}

/// Outcomes of 20 calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Calls that returned an error.
    pub failed: u32,
    /// Requests that the server got.
    pub requests: u32,
    /// Requests that it refused.
    pub refused: u32,
    /// Requests that came before their call had waited for the `Retry-After` that it was told.
    pub early: u32,
}

impl Server {
    /// Starts a server that answers `body`, which is JSON, whatever it is asked for. Each call has to have a path of its
    /// own.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(body: &'static str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let server = Self {
            address,
            seen: Arc::default(),
        };
        let state = (server.clone(), body);
        let api = Router::new().fallback(answer).with_state(state);
        tokio::spawn(async move { axum::serve(listener, api).await });
        Ok(server)
    }

    /// Returns its URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes 20 calls at once, numbered from 0, each of which returns whether it succeeded.
    ///
    /// # Panics
    ///
    /// When a call does.
    pub async fn trial<F>(&self, call: impl Fn(u32) -> F) -> Trial
    where
        F: Future<Output = bool> + Send + 'static,
    {
        let mut calls = JoinSet::new();
        for id in 0..CALLS {
            calls.spawn(call(id));
        }
        let outcomes = calls.join_all().await;
        let failed = outcomes.into_iter().map(|succeeded| u32::from(!succeeded));
        let failed = failed.sum();
        let seen = self.seen.lock().expect("no handler panics");
        Trial {
            failed,
            requests: seen.requests,
            refused: seen.refused,
            early: seen.early,
        }
    }
}

impl Seen {
    /// Takes note of a request for `path`.
    fn next(&mut self, path: &str, now: Instant) -> Answer {
        let asked = self.asked.remove(path);
        self.early += u32::from(asked.is_some_and(|asked| now < asked + PAUSE));
        self.requests += 1;
        if self.requests <= SERVED || self.requests > CALLS {
            return Answer::Served;
        }
        self.refused += 1;
        let asks = self.refused % 3 == 0;
        if asks {
            self.asked.insert(path.to_owned(), now);
        }
        Answer::Refused(asks.then_some(PAUSE))
    }
}

enum Answer {
    Served,
    /// Asked to wait for so long.
    Refused(Option<Duration>),
}

async fn answer(State((server, body)): State<(Server, &'static str)>, uri: Uri) -> Response {
    let next = {
        let mut seen = server.seen.lock().expect("no handler panics");
        seen.next(uri.path(), Instant::now())
    };
    let json = [(CONTENT_TYPE, "application/json")];
    match next {
        Answer::Served => (json, body).into_response(),
        Answer::Refused(None) => (StatusCode::TOO_MANY_REQUESTS, json, REFUSAL).into_response(),
        Answer::Refused(Some(wait)) => {
            let wait = [(RETRY_AFTER, wait.as_secs().to_string())];
            (StatusCode::TOO_MANY_REQUESTS, json, wait, REFUSAL).into_response()
        }
    }
}

/// Prints trials as a table.
pub fn print(client: &str, trials: &[(&str, Trial)]) {
    println!("{client:36} calls  failed  requests  too early");
    for (name, trial) in trials {
        let Trial {
            failed,
            requests,
            early,
            ..
        } = trial;
        println!("{name:36} {CALLS:5}  {failed:6}  {requests:8}  {early:9}");
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Seen;

    #[test]
    fn fifteen_of_the_first_twenty_requests_are_refused() {
        let (mut seen, start) = (Seen::default(), Instant::now());
        for n in 0..100 {
            seen.next("/", start + Duration::from_secs(n));
        }
        assert_eq!((seen.requests, seen.refused, seen.early), (100, 15, 0));
    }

    #[test]
    fn a_call_that_does_not_wait_is_too_early_and_others_are_not() {
        let (mut seen, start) = (Seen::default(), Instant::now());
        for path in ["/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8"] {
            seen.next(path, start);
        }
        seen.next("/7", start);
        assert_eq!(seen.early, 0);
        seen.next("/8", start + Duration::from_millis(999));
        assert_eq!(seen.early, 1);
    }
}
