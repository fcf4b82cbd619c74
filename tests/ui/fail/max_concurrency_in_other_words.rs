use paced::rate_limited;

#[rate_limited(rate = 5, max_concurrency = "adaptive")]
async fn call() -> Result<(), std::io::Error> {
    Ok(())
}

fn main() {
    drop(call());
}
