use paced::rate_limited;

#[rate_limited(rate = 5, burst = 10, cost = n)]
async fn call(n: u32) -> Result<(), Failed> {
    Ok(())
}

struct Failed;

fn main() {}
