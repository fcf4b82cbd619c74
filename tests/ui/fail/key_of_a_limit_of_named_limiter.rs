use paced::rate_limited;

#[rate_limited(limiter = "github", limits(requests(rate = "10/s", key = tenant), requests = "100/s"))]
async fn fetch(tenant: u64) -> Result<u64, paced::Error> {
    Ok(tenant)
}

fn main() {
    drop(fetch(7));
}
