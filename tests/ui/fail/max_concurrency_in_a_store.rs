use paced::rate_limited;

#[rate_limited(rate = 5, store = "sqlite:quota.db", max_concurrency = 8)]
async fn call() -> Result<(), std::io::Error> {
    Ok(())
}

fn main() {
    drop(call());
}
