use paced::rate_limited;

#[rate_limited(limits(requests = "0/s", tokens(burst = 0), points = 5), cost(tokns = -1), settle(requests))]
async fn call() -> Result<(), Failed> {
    Ok(())
}

struct Failed;

fn main() {}
