//! The CRM: a server on loopback that grants each tenant so many requests in any second.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::http::{StatusCode, header::RETRY_AFTER};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;

use crate::client::{Customer, LIMIT};

/// Requests that the CRM has answered and refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) answered: u64,
    pub(crate) refused: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Gate {
    counts: Counts,
    /// Times of the requests of the last second.
    tenants: HashMap<u32, VecDeque<Instant>>,
}

impl Gate {
    /// Returns whether a request of the tenant is within its limit.
    fn admits(&mut self, tenant: u32, now: Instant) -> bool {
        let times = self.tenants.entry(tenant).or_default();
        while times
            .front()
            .is_some_and(|time| now.duration_since(*time) >= Duration::from_secs(1))
        {
            times.pop_front();
        }
        let is_admitted = times.len() < LIMIT.get() as usize;
        if is_admitted {
            times.push_back(now);
            self.counts.answered += 1;
        } else {
            self.counts.refused += 1;
        }
        is_admitted
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }
}

pub(crate) type Shared = Arc<Mutex<Gate>>;

/// Starts the server on a free port. It runs until the runtime ends.
///
/// # Errors
///
/// When no port can be had.
pub(crate) async fn start(gate: Shared) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let routes = Router::new()
        .route(
            "/tenants/{tenant}/customers/{id}",
            get(customer).put(rename),
        )
        .with_state(gate);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(address)
}

async fn customer(State(gate): State<Shared>, Path((tenant, id)): Path<(u32, u64)>) -> Response {
    let name = format!("customer {id} of tenant {tenant}");
    answer(&gate, tenant, Customer { id, name })
}

async fn rename(
    State(gate): State<Shared>,
    Path((tenant, id)): Path<(u32, u64)>,
    Json(name): Json<String>,
) -> Response {
    answer(&gate, tenant, Customer { id, name })
}

fn answer(gate: &Shared, tenant: u32, customer: Customer) -> Response {
    let mut gate = gate.lock().unwrap_or_else(PoisonError::into_inner);
    if gate.admits(tenant, Instant::now()) {
        Json(customer).into_response()
    } else {
        (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "1")]).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_its_limit_in_any_second() {
        let (mut gate, now) = (Gate::default(), Instant::now());
        for _ in 0..LIMIT.get() {
            assert!(gate.admits(1, now));
        }
        assert!(!gate.admits(1, now + Duration::from_millis(999)));
        assert!(gate.admits(2, now));
        assert!(gate.admits(1, now + Duration::from_secs(1)));
        let counts = Counts {
            answered: u64::from(LIMIT.get()) + 2,
            refused: 1,
        };
        assert_eq!(gate.counts(), counts);
    }
}
