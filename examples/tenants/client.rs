//! The client of the CRM, whose limits are each tenant's own, and one that all tenants have together.

use std::num::NonZeroU32;
use std::time::Duration;

use paced::{Keyed, Limiter, Quota, ResponseExt as _, rate_limited};
use reqwest::Client;
use serde::{Deserialize, Serialize};

/// Requests per second that the CRM grants a tenant, and at once.
pub(crate) const LIMIT: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// The limiters of the tenants: nine tenths of the limit, and a burst that fits into the rest of a second.
static TENANTS: Keyed<u32> = Keyed::new(
    Quota::per_second(NonZeroU32::new(LIMIT.get() - 1).unwrap()).with_burst(NonZeroU32::MIN),
);

/// Of a request, or a refusal by `paced`.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

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
    /// For all tenants together, and changed by the configuration.
    all: Limiter,
}

/// One limiter for each tenant, in all functions of the block. `left`: time that the call may take.
#[rate_limited(limiter = TENANTS, key = tenant, deadline = left, max_retries = 2)]
impl Crm {
    /// `all`: what all tenants take together.
    pub(crate) fn new(base: String, all: Limiter) -> Self {
        Self {
            http: Client::new(),
            base,
            all,
        }
    }

    #[rate_limited(inherit, idempotent)]
    pub(crate) async fn customer(
        &self,
        tenant: u32,
        left: Duration,
        id: u64,
    ) -> Result<Customer, Error> {
        // A refusal by the CRM is about the tenant, so this permit is not told. It is held until the answer is read.
        let _in_flight = self.all.acquire().await?;
        let url = format!("{}/tenants/{tenant}/customers/{id}", self.base);
        let response = self.http.get(url).send().await?;
        Ok(response.observe().error_for_status()?.json().await?)
    }

    pub(crate) async fn rename(
        &self,
        tenant: u32,
        left: Duration,
        id: u64,
        name: &str,
    ) -> Result<Customer, Error> {
        let _in_flight = self.all.acquire().await?;
        let url = format!("{}/tenants/{tenant}/customers/{id}", self.base);
        let request = self.http.put(url).json(name);
        let response = request.send().await?;
        Ok(response.observe().error_for_status()?.json().await?)
    }
}

/// Returns for how long a tenant's limiter is closed.
pub(crate) fn cooldown(tenant: u32) -> Duration {
    TENANTS.snapshot(&tenant).cooldown.unwrap_or_default()
}
