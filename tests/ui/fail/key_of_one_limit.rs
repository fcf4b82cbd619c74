use paced::rate_limited;

#[rate_limited(limits(requests(rate = "10/s", key = tenant), total(rate = "100/s", key = ())), cost(total = 1))]
async fn fetch(tenant: u64) -> std::io::Result<u64> {
    Ok(tenant)
}

fn main() {
    drop(fetch(7));
}
