use paced::rate_limited;

#[rate_limited(limits(requests = "500/min", tokens = "30000/min"))]
async fn call() -> Result<(), Failed> {
    Ok(())
}

struct Failed;

fn main() {}
