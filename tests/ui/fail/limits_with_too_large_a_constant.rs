use paced::rate_limited;

#[rate_limited(limits(requests(rate = "60/min", burst = BURST, window = "strict")))]
async fn call() -> Result<(), Failed> {
    Ok(())
}

struct Failed;

const BURST: u32 = 60;

fn main() {}
