use paced::rate_limited;

#[rate_limited(limits = 10/s)]
async fn call() -> Result<(), Failed> {
    Ok(())
}

struct Failed;

fn main() {}
