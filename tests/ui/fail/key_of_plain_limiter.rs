use core::num::NonZeroU32;
use paced::{Limiter, Quota, rate_limited};

static GITHUB: Limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));

#[rate_limited(limiter = GITHUB, key = tenant)]
async fn fetch(tenant: u64) -> std::io::Result<u64> {
    Ok(tenant)
}

fn main() {
    drop(fetch(7));
}
