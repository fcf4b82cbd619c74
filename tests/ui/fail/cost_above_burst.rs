use paced::rate_limited;

#[rate_limited(rate = 5, burst = 10, cost = 11)]
async fn call() -> Result<(), Failed> {
    Ok(())
}

struct Failed;

fn main() {}
