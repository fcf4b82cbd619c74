use paced::rate_limited;

#[rate_limited(rate = 5, cost(tokens = 5))]
async fn call() -> Result<(), Failed> {
    Ok(())
}

struct Failed;

fn main() {}
