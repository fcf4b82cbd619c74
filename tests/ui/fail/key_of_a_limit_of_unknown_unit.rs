use paced::rate_limited;

#[rate_limited(limits(requests(rate = "10/s", key = tenant), tokens(rate = "60/s", key = ())), cost(token = 5))]
async fn fetch(tenant: u64) -> Result<u64, paced::Error> {
    Ok(tenant)
}

fn main() {
    drop(fetch(7));
}
