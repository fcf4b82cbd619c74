use paced::rate_limited;

#[rate_limited(limiter = "github", cost = 1)]
async fn call() -> Result<(), Failed> {
    Ok(())
}

struct Failed;

fn main() {}
