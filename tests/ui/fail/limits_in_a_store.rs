use paced::rate_limited;

#[rate_limited(limits = ["10/s", "1000/h"], store = "sqlite:quota.db")]
async fn call() -> Result<(), Failed> {
    Ok(())
}

struct Failed;

fn main() {}
