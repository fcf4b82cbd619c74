use paced::rate_limited;

const NONE: usize = 0;

#[rate_limited(rate = 5, key = tenant, max_keys = NONE)]
async fn fetch(tenant: u64) -> std::io::Result<u64> {
    Ok(tenant)
}

fn main() {
    drop(fetch(7));
}
