use paced::rate_limited;

#[rate_limited(rate = 5, store = "sqlite:quota.db", max_concurrency = "auto")]
async fn call() -> Result<(), std::io::Error> {
    Ok(())
}

fn main() {
    drop(call());
}
