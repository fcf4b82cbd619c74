use paced::rate_limited;

const SLOTS: usize = 0;

#[rate_limited(rate = 5, max_concurrency = SLOTS)]
async fn call() -> Result<(), std::io::Error> {
    Ok(())
}

fn main() {
    drop(call());
}
