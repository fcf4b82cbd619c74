//! The client: what is called, and through what.

use std::sync::atomic::{AtomicU32, Ordering};

use examples::server::User;
use paced::{Limiter, Quota, ResponseExt as _, rate_limited};
use ureq::{Agent, Body, Error, http::Response};

/// One user. This is all there is to write: an ordinary function, and one attribute.
#[rate_limited(limiter = api.limiter, max_retries = 5)]
pub(crate) fn user(api: &Api, id: u64) -> Result<User, Error> {
    read(api.send(id)?.observe())
}

/// The same without the attribute.
pub(crate) fn plain_user(api: &Api, id: u64) -> Result<User, Error> {
    read(api.send(id)?)
}

fn read(mut response: Response<Body>) -> Result<User, Error> {
    match response.status().as_u16() {
        200 => {
            let text = response.body_mut().read_to_string()?;
            serde_json::from_str(&text).map_err(|error| Error::Other(error.into()))
        }
        status => Err(Error::StatusCode(status)),
    }
}

/// An API, and the limiter that all calls of it share.
pub(crate) struct Api {
    agent: Agent,
    url: String,
    pub(crate) limiter: Limiter,
    requests: AtomicU32,
    refused: AtomicU32,
}

impl Api {
    pub(crate) fn new(url: String, quota: Quota) -> Self {
        // The status and the headers of a refusal are in its response.
        let config = Agent::config_builder().http_status_as_error(false);
        Self {
            agent: config.build().new_agent(),
            url,
            limiter: Limiter::new(quota),
            requests: AtomicU32::new(0),
            refused: AtomicU32::new(0),
        }
    }

    /// Requests sent, and those that the server refused.
    pub(crate) fn requests(&self) -> (u32, u32) {
        let [requests, refused] = [&self.requests, &self.refused];
        (
            requests.load(Ordering::Relaxed),
            refused.load(Ordering::Relaxed),
        )
    }

    fn send(&self, id: u64) -> Result<Response<Body>, Error> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let request = self.agent.get(&self.url).query("id", id.to_string());
        let response = request.call()?;
        let refused = u32::from(!response.status().is_success());
        self.refused.fetch_add(refused, Ordering::Relaxed);
        Ok(response)
    }
}
