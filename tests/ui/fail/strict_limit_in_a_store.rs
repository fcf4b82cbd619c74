use paced::rate_limited;

#[rate_limited(
    limits(requests(rate = "10/s", window = "strict"), hourly(rate = "1000/h")),
    cost(hourly = 1),
    store = "sqlite:quota.db"
)]
async fn call() -> Result<(), paced::Error> {
    Ok(())
}

fn main() {}
