use paced::rate_limited;

#[rate_limited(rate = 5, cost = -1)]
async fn call() -> Result<(), Failed> {
    Ok(())
}

struct Failed;

fn main() {}
