use paced::rate_limited;

#[rate_limited(rate = 5, key = tenant, store = "sqlite:quota.db")]
async fn fetch(tenant: u64) -> std::io::Result<u64> {
    Ok(tenant)
}

fn main() {
    drop(fetch(7));
}
