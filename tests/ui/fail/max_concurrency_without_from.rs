use paced::rate_limited;

fn slots() -> usize {
    8
}

#[rate_limited(rate = 5, max_concurrency = slots())]
async fn call() -> Result<(), std::fmt::Error> {
    Ok(())
}

fn main() {
    drop(call());
}
