use core::num::NonZeroU32;
use paced::{Keyed, Quota, rate_limited};

static TENANTS: Keyed<u64> = Keyed::new(Quota::per_second(NonZeroU32::MIN));

#[rate_limited(limiter = TENANTS, key = tenant, max_keys = 1000)]
async fn fetch(tenant: u64) -> std::io::Result<u64> {
    Ok(tenant)
}

fn main() {
    drop(fetch(7));
}
