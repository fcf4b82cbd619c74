use paced::rate_limited;

#[rate_limited(limits(requests(rate = "10/s", per_key = tenant), requests(rate = "100/s", shared)))]
async fn fetch(tenant: u64) -> Result<u64, paced::Error> {
    Ok(tenant)
}

fn main() {
    drop(fetch(7));
}
