//! A small HTTP API with a real limit, such as the ones that the examples call.
//!
//! `GET /user?id=7` answers `{"id":7,"name":"user 7","tokens":20}` as long as there are tokens, else `429 Too Many Requests`. One
//! request of the whole run is answered `503 Service Unavailable`. Both refusals carry `Retry-After`.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// Limits of the server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests per second.
    pub rate: f64,
    /// Requests at once after a quiet time.
    pub burst: u32,
    /// The number of the one request within the limit that is answered 503, counted from 1; 0 for none.
    pub outage_at: u32,
}

/// Body of a response, for the server and the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The `id` of the request.
    pub id: u64,
    /// Any name.
    pub name: String,
    /// Tokens that the request took: [`MOST_TOKENS`] at most.
    pub tokens: u64,
}

/// The most tokens that a request takes. On average it takes 80.
pub const MOST_TOKENS: u64 = 140;

/// Starts the server on a free port of the loopback interface. It runs until the runtime ends.
///
/// # Errors
///
/// When no port can be had.
pub async fn start(limits: Limits) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let api = Router::new()
        .route("/user", get(user))
        .with_state(Arc::new(Mutex::new(Gate::new(limits))));
    tokio::spawn(async move { axum::serve(listener, api).await });
    Ok(address)
}

async fn user(State(gate): State<Arc<Mutex<Gate>>>, Query(asked): Query<Asked>) -> Response {
    let answer = gate
        .lock()
        .expect("no handler panics while it holds the gate")
        .pass(Instant::now());
    match answer {
        Answer::Served => Json(User {
            id: asked.id,
            name: format!("user {}", asked.id),
            tokens: 20 + asked.id % 7 * 20,
        })
        .into_response(),
        Answer::Limited(wait) => refusal(StatusCode::TOO_MANY_REQUESTS, wait),
        Answer::Down(wait) => refusal(StatusCode::SERVICE_UNAVAILABLE, wait),
    }
}

fn refusal(status: StatusCode, wait: Duration) -> Response {
    // The header holds whole seconds: rounded down, it would invite the client too early.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    (status, [(RETRY_AFTER, seconds.to_string())]).into_response()
}

#[derive(Deserialize)]
struct Asked {
    id: u64,
}

enum Answer {
    Served,
    Limited(Duration),
    Down(Duration),
}

/// A token bucket of its own, so that the limit does not rest on the code that it is there to test.
struct Gate {
    limits: Limits,
    tokens: f64,
    filled: Option<Instant>,
    passed: u32,
}

impl Gate {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            tokens: f64::from(limits.burst),
            filled: None,
            passed: 0,
        }
    }

    fn pass(&mut self, now: Instant) -> Answer {
        let idle = self.filled.map_or(Duration::ZERO, |filled| now - filled);
        self.filled = Some(now);
        self.tokens += idle.as_secs_f64() * self.limits.rate;
        self.tokens = self.tokens.min(f64::from(self.limits.burst));

        if self.tokens < 1.0 {
            let missing = (1.0 - self.tokens) / self.limits.rate;
            return Answer::Limited(Duration::from_secs_f64(missing));
        }
        self.tokens -= 1.0;
        self.passed += 1;
        if self.passed == self.limits.outage_at {
            return Answer::Down(Duration::from_secs(1));
        }
        Answer::Served
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Answer, Gate, Limits};

    const LIMITS: Limits = Limits {
        rate: 5.0,
        burst: 2,
        outage_at: 3,
    };

    #[test]
    fn the_burst_passes_and_the_next_one_waits_for_a_token() {
        let mut gate = Gate::new(LIMITS);
        let now = Instant::now();

        assert!(matches!(gate.pass(now), Answer::Served));
        assert!(matches!(gate.pass(now), Answer::Served));
        assert!(
            matches!(gate.pass(now), Answer::Limited(wait) if wait == Duration::from_millis(200))
        );
    }

    #[test]
    fn one_request_finds_the_service_down() {
        let mut gate = Gate::new(LIMITS);
        let start = Instant::now();
        let down = (0..20)
            .filter(|n| {
                matches!(
                    gate.pass(start + Duration::from_millis(300) * *n),
                    Answer::Down(_)
                )
            })
            .count();

        assert_eq!(down, 1);
    }
}
