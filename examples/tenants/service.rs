//! The service: it calls the CRM for its tenants, within the time that a request has.

use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;

use crate::client;
use crate::client::Crm;

/// Header of a request with the time that its caller waits, in milliseconds. Envoy sets it.
pub(crate) const TIME_LEFT: &str = "x-envoy-expected-rq-timeout-ms";

/// Time for a request without the header.
const DEFAULT: Duration = Duration::from_secs(5);

/// Time that the service takes for an answer, beside the call of the CRM.
const OWN_TIME: Duration = Duration::from_millis(20);

/// Starts the service on a free port. It runs until the runtime ends.
///
/// # Errors
///
/// When no port can be had.
pub(crate) async fn start(crm: Arc<Crm>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let routes = Router::new()
        .route("/{tenant}/customers/{id}", get(customer).put(rename))
        .with_state(crm);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(address)
}

async fn customer(
    State(crm): State<Arc<Crm>>,
    Path((tenant, id)): Path<(u32, u64)>,
    headers: HeaderMap,
) -> Response {
    match crm.customer(tenant, time_left(&headers), id).await {
        Ok(customer) => Json(customer).into_response(),
        Err(error) => failed(tenant, &*error),
    }
}

async fn rename(
    State(crm): State<Arc<Crm>>,
    Path((tenant, id)): Path<(u32, u64)>,
    headers: HeaderMap,
    Json(name): Json<String>,
) -> Response {
    match crm.rename(tenant, time_left(&headers), id, &name).await {
        Ok(customer) => Json(customer).into_response(),
        Err(error) => failed(tenant, &*error),
    }
}

/// Returns the time that the call of the CRM may take.
fn time_left(headers: &HeaderMap) -> Duration {
    let millis = headers.get(TIME_LEFT).and_then(|value| value.to_str().ok());
    let time = millis
        .and_then(|millis| millis.parse().ok())
        .map_or(DEFAULT, Duration::from_millis);
    time.saturating_sub(OWN_TIME)
}

/// Returns 503 with `Retry-After` for a call that comes too late, and 502 for another failure.
fn failed(tenant: u32, error: &(dyn Error + Send + Sync + 'static)) -> Response {
    let status = error
        .downcast_ref()
        .and_then(|error: &reqwest::Error| error.status());
    let is_throttled = status.is_some_and(|status| matches!(status.as_u16(), 429 | 503));
    let wait = match paced::Error::find(error) {
        // `None`: an attempt was under way when the time was up.
        Some(refusal) => refusal.retry_after().unwrap_or_default(),
        // The answer of the CRM itself. The limiter knows for how long it is closed.
        None if is_throttled => client::cooldown(tenant),
        None => return StatusCode::BAD_GATEWAY.into_response(),
    };
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let retry_after = [(RETRY_AFTER, seconds.max(1).to_string())];
    (StatusCode::SERVICE_UNAVAILABLE, retry_after).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_that_of_the_header_less_the_services_own() {
        let mut headers = HeaderMap::new();
        assert_eq!(time_left(&headers), DEFAULT.saturating_sub(OWN_TIME));
        for (value, millis) in [("120", 100), ("20", 0), ("5", 0)] {
            headers.insert(TIME_LEFT, value.parse().expect("a header"));
            assert_eq!(time_left(&headers), Duration::from_millis(millis));
        }
    }
}
