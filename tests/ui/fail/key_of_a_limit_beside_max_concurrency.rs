use paced::rate_limited;

#[rate_limited(limits(requests(rate = "10/s", key = tenant), requests = "100/s"), max_concurrency = 8)]
async fn fetch(tenant: u64) -> Result<u64, paced::Error> {
    Ok(tenant)
}

fn main() {
    drop(fetch(7));
}
