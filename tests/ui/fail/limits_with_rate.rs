use paced::rate_limited;

#[rate_limited(rate = 5, burst = 10, limits = ["10/s", "1000/h"])]
async fn call() -> Result<(), Failed> {
    Ok(())
}

struct Failed;

fn main() {}
