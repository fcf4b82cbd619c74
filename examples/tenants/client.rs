//! The client of the CRM, whose limit is each tenant's own.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use paced::{Limiter, Quota, Rate, ResponseExt as _, rate_limited};
use reqwest::Client;
use serde::{Deserialize, Serialize};

/// Requests per second that the CRM grants a tenant, and at once.
pub(crate) const LIMIT: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// A customer of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Customer {
    pub(crate) id: u64,
    pub(crate) name: String,
}

#[derive(Debug)]
pub(crate) struct Crm {
    http: Client,
    base: String,
    tenants: Mutex<HashMap<u32, Limiter>>,
}

/// One limiter for all functions of the block, that of the tenant. `left`: time that the call may take.
#[rate_limited(limiter = self.limiter(tenant), deadline = left, max_retries = 2)]
impl Crm {
    pub(crate) fn new(base: String) -> Self {
        Self {
            http: Client::new(),
            base,
            tenants: Mutex::default(),
        }
    }

    #[rate_limited(inherit, idempotent)]
    pub(crate) async fn customer(
        &self,
        tenant: u32,
        left: Duration,
        id: u64,
    ) -> reqwest::Result<Customer> {
        let url = format!("{}/tenants/{tenant}/customers/{id}", self.base);
        let response = self.http.get(url).send().await?;
        response.observe().error_for_status()?.json().await
    }

    pub(crate) async fn rename(
        &self,
        tenant: u32,
        left: Duration,
        id: u64,
        name: &str,
    ) -> reqwest::Result<Customer> {
        let url = format!("{}/tenants/{tenant}/customers/{id}", self.base);
        let request = self.http.put(url).json(name);
        let response = request.send().await?;
        response.observe().error_for_status()?.json().await
    }

    /// Returns the limiter of a tenant.
    pub(crate) fn limiter(&self, tenant: u32) -> Limiter {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let limiter = tenants.entry(tenant).or_insert_with(|| {
            // Nine tenths of the limit, and a burst that fits into the rest of a second.
            let rate = Rate::parse("9/s").expect("a rate");
            Limiter::new(Quota::new(rate).with_burst(NonZeroU32::MIN))
        });
        limiter.clone()
    }
}
